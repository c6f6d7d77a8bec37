"""One change for all branches and labels: concentric in µm, in phase, reproducible."""

from __future__ import annotations

import colorsys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from hookpath.geometry import BranchSpec
from hookpath.sampling import Augmentation, AugmentationConfig, Batch
from hookpath.sampling.augmentation.color_augmentation import Colouring
from hookpath.sampling.augmentation.spatial_augmentation import Warp
from hookpath.sampling.augmentation.stain_augmentation import StainChange
from support.annotated import BRANCHES, coloured_slide
from support.streams import stream_of

SPATIAL = AugmentationConfig.light().model_copy(
    update={"scale": 0.15, "rotation_deg": 25.0, "elastic_um": 1.5, "spatial_chance": 1.0}
)
COLOUR = AugmentationConfig.off().model_copy(
    update={"hue": 0.1, "saturation": 0.3, "brightness": 0.2, "contrast": 0.2, "stain": 0.1}
)


def batch_from(slide_path: Path, n: int = 16) -> Batch:
    """Patches of a slide whose colour tells the class."""
    with stream_of([coloured_slide(slide_path)], batch_size=n) as stream:
        return next(stream)


def smooth_batch(n: int, seed: int = 0) -> Batch:
    """Patches of a function of position that varies slowly (waves of 60 to 120 µm)."""
    rng = np.random.default_rng(seed)
    waves = [
        (2 * np.pi / rng.uniform(60, 120), rng.uniform(0, 2 * np.pi), rng.uniform(0, 2 * np.pi))
        for _ in range(3 * n)
    ]
    images = []
    for branch in BRANCHES:
        axis = (np.arange(branch.input_size) + 0.5 - branch.input_size / 2) * branch.spacing_um
        y, x = np.meshgrid(axis, axis, indexing="ij")
        values = [0.5 + 0.4 * np.sin(k * (x * np.cos(a) + y * np.sin(a)) + p) for k, a, p in waves]
        shape = (n, 3, branch.input_size, branch.input_size)
        images.append(torch.tensor(np.round(np.array(values) * 255), dtype=torch.uint8).view(shape))
    labels = [torch.ones((n, b.output_size, b.output_size), dtype=torch.uint8) for b in BRANCHES]
    return Batch(images, labels, torch.zeros(n, dtype=torch.int64), BRANCHES)


def centre(image: Tensor, size: int) -> Tensor:
    """The central square of the last two axes."""
    margin = (image.shape[-1] - size) // 2
    return image[..., margin : margin + size, margin : margin + size]


def seen_by_both(images: list[Tensor]) -> tuple[Tensor, Tensor]:
    """Target shrunk to the context's spacing, and the context's centre: the same 48 µm."""
    return torch.nn.functional.avg_pool2d(images[0], 4), centre(images[1], 12)


def test_off_only_converts() -> None:
    batch = smooth_batch(2)
    images, labels = Augmentation(AugmentationConfig.off(), 0)(batch, "cpu", 5)
    assert torch.equal(images[1], batch.images[1].float() / 255)
    assert torch.equal(labels[0], batch.labels[0].long())


@pytest.mark.parametrize("elastic_um", [0.0, 1.5])
def test_branches_stay_concentric_in_micrometres(elastic_um: float) -> None:
    """Target and context are warped on their own and must still show the same tissue."""
    batch = smooth_batch(16)
    config = SPATIAL.model_copy(update={"elastic_um": elastic_um})
    before = seen_by_both(Augmentation(AugmentationConfig.off(), 0)(batch, "cpu", 0)[0])
    target, context = seen_by_both(Augmentation(config, 1)(batch, "cpu", 0)[0])
    # The outer ring of the target may mirror what lies beyond its edge; the context sees it.
    target, context = centre(target, 8), centre(context, 8)
    assert (target - context).abs().max() < 0.04  # linear interpolation between 4 µm pixels
    moved = (target - centre(before[1], 8)).abs().amax((1, 2, 3))
    assert moved.median() > 0.2  # what one branch left behind would look like


@pytest.mark.parametrize("config", [AugmentationConfig.light(), SPATIAL], ids=["light", "spatial"])
def test_labels_stay_in_phase_with_images(tmp_path: Path, config: AugmentationConfig) -> None:
    """Where a pixel is of one class's pure colour, so is its label; in all branches."""
    batch = batch_from(tmp_path / "s.tif")
    images, labels = Augmentation(config, 2)(batch, "cpu", 3)
    for image, label, before in zip(images, labels, batch.labels, strict=True):
        shown = centre(image, label.shape[-1])
        red, green = (
            (shown - torch.tensor(c)[:, None, None] / 255).abs().amax(1) < 0.02
            for c in ((210, 30, 60), (30, 190, 60))
        )
        pure, is_tumour = (red | green) & (label > 0), red
        assert (label[pure] == torch.where(is_tumour[pure], 1, 2)).all()
        assert pure.sum() > 0.6 * (label > 0).sum()
        shifted = label.roll(2, dims=1)
        assert (shifted[pure & (shifted > 0)] != label[pure & (shifted > 0)]).any()
        assert not torch.equal(label, before.long())


def test_turns_are_exact_the_same_for_all_and_all_eight_occur() -> None:
    batch = smooth_batch(64)
    for label in batch.labels:
        label.copy_(torch.randint(3, label.shape, generator=torch.Generator().manual_seed(0)))
    images, labels = Augmentation(AugmentationConfig.light(), 0)(batch, "cpu", 0)
    pairs = list(zip(images, [i / 255 for i in batch.images], strict=True))
    pairs += list(zip(labels, batch.labels, strict=True))
    found = [{_turn_of(after[i], before[i]) for after, before in pairs} for i in range(64)]
    assert all(len(turns) == 1 for turns in found)
    assert set.union(*found) == set(range(8))


def _turn_of(after: Tensor, before: Tensor) -> int:
    """Which of the eight turns (by numpy) was made."""
    for turn in range(8):
        turned = np.rot90(before.flip(-1) if turn >= 4 else before, turn % 4, (-2, -1))
        if np.array_equal(turned, after):
            return turn
    raise AssertionError("not one of the eight turns")


def test_what_comes_from_beyond_the_labels_is_ignored() -> None:
    """Labels filled with 1, turned by up to 25° about their centre: only corners are lost."""
    config = SPATIAL.model_copy(update={"scale": 0.0, "elastic_um": 0.0})
    _, labels = Augmentation(config, 0)(smooth_batch(16), "cpu", 0)
    for label in labels:
        assert set(label.unique().tolist()) == {0, 1}
        y, x = torch.meshgrid(*[torch.arange(16) - 7.5] * 2, indexing="ij")
        lost = (label == 0).any(0)
        assert (torch.hypot(x, y)[lost] > 8).all()


def test_all_branches_get_the_same_colours(tmp_path: Path) -> None:
    """Each class has one colour in the slide and so one in all branches afterwards."""
    batch = batch_from(tmp_path / "s.tif", n=8)
    images, _ = Augmentation(COLOUR, 4)(batch, "cpu", 1)
    changed = 0
    for i in range(len(batch)):
        for colour in ((210, 30, 60), (30, 190, 60)):
            want = torch.tensor(colour, dtype=torch.uint8)[:, None, None]
            after = [
                image[i][:, (before[i] == want).all(0)]
                for image, before in zip(images, batch.images, strict=True)
            ]
            seen = torch.cat(after, dim=1)
            if all(a.shape[1] for a in after):
                assert (seen - seen[:, :1]).abs().max() < 1e-5
                changed += bool((seen[:, 0] - want[:, 0, 0] / 255).abs().max() > 0.01)
    assert changed > len(batch)


def test_stain_change_scales_and_shifts_optical_density() -> None:
    """A pixel of haematoxylin alone, density 0.8: 1.1 times that plus 0.05."""
    haematoxylin = torch.tensor([0.65, 0.70, 0.29])
    haematoxylin = haematoxylin / haematoxylin.norm()
    pixel = torch.exp(-0.8 * haematoxylin).view(1, 3, 1, 1)
    change = StainChange(torch.tensor([[0.1, 0, 0]]), torch.tensor([[0.05, 0, 0]]))
    (after,) = Colouring(change, None, None).apply([pixel])
    assert torch.allclose(after, torch.exp(-(0.8 * 1.1 + 0.05) * haematoxylin).view(1, 3, 1, 1))


def test_hue_turns_saturation_is_shifted_and_brightness_multiplied() -> None:
    """Against matplotlib's HSV; ±20 of OpenCV's 180 and of 255, and a factor, as in H2G-Net."""
    from matplotlib.colors import hsv_to_rgb, rgb_to_hsv

    before = np.random.default_rng(0).uniform(0.2, 0.8, (1, 5, 7, 3))
    turn, shift, factor = 20 / 180, -20 / 255, 1.2
    hsv = rgb_to_hsv(before)
    hsv[..., 0] = (hsv[..., 0] + turn) % 1
    hsv[..., 1] = np.clip(hsv[..., 1] + shift, 0, 1)
    expected = np.clip(hsv_to_rgb(hsv) * factor, 0, 1)
    change = Colouring(
        None, torch.tensor([[2 * np.pi * turn], [1], [shift]]), torch.tensor([[factor], [1]])
    )
    (after,) = change.apply([torch.tensor(before).permute(0, 3, 1, 2).float()])
    assert np.allclose(after.permute(0, 2, 3, 1), expected, atol=1e-5)


def test_each_kind_of_colour_change_has_its_own_chance() -> None:
    config = COLOUR.model_copy(
        update={
            "saturation_shift": 0.1,
            "stain_chance": 0.5,
            "colour_chance": 0.25,
            "brightness_chance": 0.75,
        }
    )
    drawn = Colouring.drawn(config, 1600, torch.Generator().manual_seed(0))
    assert drawn.stain is not None
    assert drawn.hue_saturation is not None
    assert drawn.brightness_contrast is not None
    kept = torch.tensor([[0.0], [1.0], [0.0]])
    changed = (
        ((drawn.stain.scales != 0) & (drawn.stain.shifts != 0)).all(1),
        (drawn.hue_saturation != kept).all(0),
        (drawn.brightness_contrast != 1).all(0),
    )
    for which, chance in zip(changed, (0.5, 0.25, 0.75), strict=True):
        spread = (1600 * chance * (1 - chance)) ** 0.5
        assert abs(int(which.sum()) - 1600 * chance) < 4 * spread
    assert (drawn.hue_saturation[2].abs() <= 0.1).all()
    unchanged = ~changed[0] & ~changed[1] & ~changed[2]
    assert 0 < int(unchanged.sum()) < 400


def test_grain_touches_only_the_samples_that_chance_picks() -> None:
    config = AugmentationConfig.off().model_copy(
        update={"noise": 0.1, "noise_chance": 0.5, "blur_sigma_px": 1.5, "blur_chance": 0.5}
    )
    batch = smooth_batch(64)
    images, _ = Augmentation(config, 0)(batch, "cpu", 0)
    same = [
        (after - before.float() / 255).abs().amax((1, 2, 3)) == 0
        for after, before in zip(images, batch.images, strict=True)
    ]
    assert torch.equal(same[0], same[1])  # one draw for both branches
    assert abs(int(same[0].sum()) - 16) <= 14  # a quarter of 64, 4 σ


def test_follows_from_seed_and_step_alone() -> None:
    batch, config = smooth_batch(8), AugmentationConfig()
    torch.manual_seed(1)
    first = Augmentation(config, 7)(batch, "cpu", 3)
    torch.manual_seed(2)
    state = torch.get_rng_state()
    again = Augmentation(config, 7)
    again(batch, "cpu", 0)
    second = again(batch, "cpu", 3)
    assert torch.equal(torch.get_rng_state(), state)  # nobody else's draws are disturbed
    for a, b in zip(first, second, strict=True):
        assert all(torch.equal(x, y) for x, y in zip(a, b, strict=True))
    for seed, step in ((7, 4), (8, 3)):
        other = Augmentation(config, seed)(batch, "cpu", step)[0]
        assert not torch.equal(first[0][0], other[0])


def test_everything_at_once_keeps_shapes_range_and_input(tmp_path: Path) -> None:
    batch = batch_from(tmp_path / "s.tif", n=8)
    kept = [t.clone() for t in batch.images + batch.labels]
    images, labels = Augmentation(AugmentationConfig(), 0)(batch, "cpu", 0)
    assert [i.shape for i in images] == [i.shape for i in batch.images]
    assert [x.shape for x in labels] == [x.shape for x in batch.labels]
    assert {i.dtype for i in images} == {torch.float32}
    assert {x.dtype for x in labels} == {torch.int64}
    assert all(i.min() >= 0 and i.max() <= 1 for i in images)
    assert all(torch.equal(a, b) for a, b in zip(kept, batch.images + batch.labels, strict=True))


def test_odd_margins_and_three_branches_stay_in_phase() -> None:
    """Output sizes of other parity than the input: half a pixel would show as a wrong label."""
    branches = (BranchSpec(1.0, 40, 13), BranchSpec(2.0, 40, 15), BranchSpec(4.0, 40, 9))
    images: list[Any] = []
    labels: list[Any] = []
    for branch in branches:
        for size, kind in ((branch.input_size, images), (branch.output_size, labels)):
            axis = (torch.arange(size) + 0.5 - size / 2) * branch.spacing_um
            y, x = torch.meshgrid(axis, axis, indexing="ij")
            kind.append(((x * 3 + y > 1.7).to(torch.uint8))[None].repeat(8, 1, 1))
    images = [(i * 255)[:, None].repeat(1, 3, 1, 1) for i in images]
    batch = Batch(images, [x + 1 for x in labels], torch.zeros(8, dtype=torch.int64), branches)
    after, found = Augmentation(SPATIAL, 0)(batch, "cpu", 0)
    for image, label, branch in zip(after, found, branches, strict=True):
        # The image at the label grid's pixel centres.
        axis = (torch.arange(branch.output_size) + 0.5 - branch.output_size / 2) * 2
        grid = torch.stack(torch.meshgrid(axis, axis, indexing="xy"), -1) / branch.input_size
        shown = torch.nn.functional.grid_sample(
            image[:, :1], grid.expand(8, -1, -1, -1), align_corners=False
        )[:, 0]
        sure = ((shown < 0.001) | (shown > 0.999)) & (label > 0)
        assert torch.equal(label[sure] - 1, shown[sure].round().long())
        assert sure.float().mean() > 0.5


def test_maps_are_a_zoom_and_a_rotation_within_the_limits() -> None:
    """Columns at right angles and of equal length; both limits are nearly reached."""
    draw = torch.Generator().manual_seed(0)
    matrix = Warp.drawn(SPATIAL, BRANCHES, 2000, draw).matrix
    square = matrix.transpose(1, 2) @ matrix
    zoom = square[:, 0, 0].rsqrt()
    assert torch.allclose(square, torch.eye(2) / zoom[:, None, None] ** 2, atol=1e-5)
    assert (torch.linalg.det(matrix) > 0).all()  # no mirrors here
    assert zoom.min() == pytest.approx(0.85, abs=0.005)
    assert zoom.max() == pytest.approx(1.15, abs=0.005)
    angle = torch.rad2deg(torch.atan2(matrix[:, 1, 0], matrix[:, 0, 0]))
    assert angle.min() == pytest.approx(-25, abs=0.2)
    assert angle.max() == pytest.approx(25, abs=0.2)


def test_a_heatmap_moves_with_the_tissue_and_keeps_its_values() -> None:
    """Spatial changes only, then all of them: the heatmap comes out the same."""
    batch = smooth_batch(8)
    maps = [torch.cat([x, x[:, :1]], dim=1) for x in batch.images]
    mapped = Batch(maps, batch.labels, batch.slide_index, batch.branches)
    everything = SPATIAL.model_copy(update={"hue": 0.1, "stain": 0.1, "noise": 0.1})
    moved, _ = Augmentation(SPATIAL, seed=3)(mapped, "cpu", step=1)
    changed, _ = Augmentation(everything, seed=3)(mapped, "cpu", step=1)
    for only_moved, both in zip(moved, changed, strict=True):
        torch.testing.assert_close(only_moved[:, 3], only_moved[:, 0])
        torch.testing.assert_close(both[:, 3], only_moved[:, 3])
        assert not torch.allclose(both[:, :3], only_moved[:, :3], atol=0.01)


def test_a_magnification_grows_with_the_zoom() -> None:
    config = SPATIAL.model_copy(update={"elastic_um": 0.0, "rotation_deg": 0.0})
    batch = smooth_batch(64)
    values = [torch.full((64, 1, 1), 10.0) for _ in batch.branches]
    scaled = Batch(batch.images, values, batch.slide_index, batch.branches)
    _, (found, again) = Augmentation(config, seed=0)(scaled, "cpu", step=0)
    assert found.dtype == torch.float32
    assert torch.equal(found, again), "one zoom for all branches"
    assert 8.5 <= found.min() < 9
    assert 11 < found.max() <= 11.5
    warp = Warp.drawn(config, BRANCHES, 4, torch.Generator().manual_seed(0))
    torch.testing.assert_close(warp.matrix[:, 0, 0], 1 / warp.zoom)
    assert torch.equal(warp.known(torch.ones(4, 1, 1), 1.0)[:, 0, 0], warp.zoom)


def test_off_leaves_magnifications_as_they_are() -> None:
    batch = smooth_batch(2)
    values = [torch.tensor([5.0, 40.0]).reshape(2, 1, 1) for _ in batch.branches]
    plain = Batch(batch.images, values, batch.slide_index, batch.branches)
    _, found = Augmentation(AugmentationConfig.off(), seed=0)(plain, "cpu", step=0)
    assert found[0].flatten().tolist() == [5.0, 40.0]


def test_h2g_net_s_colours_are_within_its_limits() -> None:
    """Half of the patches: hue ±40°, saturation ±20 of 255 and no factor; brightness ±20 %."""
    drawn = Colouring.drawn(
        AugmentationConfig.h2g_patches(), 4000, torch.Generator().manual_seed(0)
    )
    assert drawn.stain is None
    assert drawn.hue_saturation is not None
    assert drawn.brightness_contrast is not None
    turn, factor, shift = drawn.hue_saturation
    assert float(torch.rad2deg(turn).abs().max()) == pytest.approx(40, abs=0.2)
    assert (factor == 1).all()
    assert float(shift.abs().max()) == pytest.approx(20 / 255, rel=0.01)
    brightness, contrast = drawn.brightness_contrast
    assert float(brightness.min()) == pytest.approx(0.8, abs=0.002)
    assert float(brightness.max()) == pytest.approx(1.2, abs=0.002)
    assert (contrast == 1).all()


def test_hue_and_saturation_change_as_in_hsv() -> None:
    """Against Python's own conversion; grey, black and the pure colours among the pixels."""
    rng = np.random.default_rng(0)
    special = [(0, 0, 0), (9, 9, 9), (255, 0, 0), (0, 255, 0), (0, 0, 255), (255, 255, 0)]
    pixels = np.concatenate([special, rng.integers(0, 256, (58, 3))]).astype(np.float32) / 255
    hue, factor, shift = 0.3, 0.7, 0.1
    changed = []
    for h, s, v in (colorsys.rgb_to_hsv(*map(float, rgb)) for rgb in pixels):
        changed.append(colorsys.hsv_to_rgb((h + hue) % 1, min(s * factor + shift, 1), v))
    amounts = torch.tensor([[hue * 2 * np.pi], [factor], [shift]])
    image = torch.tensor(pixels.T.reshape(1, 3, 8, 8))
    (found,) = Colouring(None, amounts, None).apply([image])
    assert np.allclose(found.numpy().reshape(3, 64).T, changed, atol=2e-6)


def test_augmentation_by_name() -> None:
    strong = AugmentationConfig.model_validate("strong")
    assert strong == AugmentationConfig.strong()
    assert (strong.stain, strong.hue, strong.elastic_um, strong.flips) == (0.2, 0.05, 0.0, True)
    with pytest.raises(ValueError, match="there are: off, light, mixed, moderate, strong, paper"):
        AugmentationConfig.model_validate("weak")

"""Prediction patch by patch: the reference here takes patches from the slide on its own."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
import torch
from shapely import box

from hookpath.errors import ModelDesignError, PredictionError
from hookpath.geometry import BranchSpec, Region
from hookpath.inference import PredictConfig, TorchRunner
from hookpath.inference.aligned_tile_grids import Box
from hookpath.inference.dense.dense_predictor import DenseSlides
from hookpath.inference.engines.patch_runners import TorchPatches
from hookpath.inference.engines.torch_device import TileTooLargeError
from hookpath.inference.patchwise.patch_grid import layout_of
from hookpath.inference.patchwise.patchwise_predictor import PatchSlides
from hookpath.models import Network
from hookpath.slides import Slide, open_slide
from hookpath.slides.slide_base import RGBArray
from support.arrays import ArraySlide
from support.networks import random_network
from support.patch_networks import RedPatches
from support.reporting import Notes
from support.slides import write_pyramid

FloatMap = npt.NDArray[np.float32]


def noise(width: int, height: int) -> RGBArray:
    """Noise on blobs of all sizes."""
    rng = np.random.default_rng(7)
    image = rng.uniform(0, 80, (height, width, 3))
    for size in (4, 16, 64):
        coarse = rng.uniform(0, 58, (height // size + 1, width // size + 1, 3))
        image += coarse.repeat(size, axis=0).repeat(size, axis=1)[:height, :width]
    return image.clip(0, 255).astype(np.uint8)


def noise_slide(path: Path, width: int, height: int) -> Slide:
    return open_slide(write_pyramid(path, noise(width, height), 0.5, levels=4))


def patchwise(model: Network, slide: Slide | list[Slide], **config: Any) -> FloatMap:
    """``(C, H, W)`` probabilities of the whole slide."""
    slides = [slide] if isinstance(slide, Slide) else slide
    of = PatchSlides(TorchPatches(model, "cpu"), PredictConfig(**config))
    rows = of.job(slides[0], tissue=False).rows(slides, lambda _: None, as_uint8=False)
    return np.concatenate([row.probabilities(model.n_classes) for row in rows], axis=1)


def dense(model: Any, slide: Slide) -> FloatMap:
    job = DenseSlides(TorchRunner(model, "cpu")).job(slide, tissue=False)
    tiles = job.part([slide], Box(0, 0, job.grid.width, job.grid.height), lambda _: None, False)
    out = np.zeros((model.n_classes, job.grid.height, job.grid.width), np.float32)
    for tile in tiles:
        b = tile.window
        out[:, b.y : b.y + b.height, b.x : b.x + b.width] = tile.probabilities
    return out


def patch(model: Network, slide: Slide, centre_x_um: float, centre_y_um: float) -> FloatMap:
    """``(C, h, w)`` probabilities of the concentric patches about a point."""
    images = []
    for b in model.branches:
        down = slide.calibration.downsample(b.spacing_um)
        mpp = slide.calibration.mpp
        region = Region.centred(
            centre_x_um / mpp, centre_y_um / mpp, b.input_size, b.input_size, down
        )
        pixels = slide.read(region).copy()
        images.append(torch.from_numpy(pixels).permute(2, 0, 1)[None].float() / 255)
    with torch.inference_mode():
        return model(images)[0].softmax(dim=1)[0].numpy()


@pytest.mark.parametrize(
    "config",
    [
        {"family": "unet", "spacings": (0.5,), "input_size": 76, "depth": 2},
        {"family": "hooknet", "spacings": (0.5, 1.0), "input_size": 92, "depth": 2},
        {"family": "hooknet", "spacings": (0.5, 2.0), "input_size": 92, "depth": 2},
        {"family": "hooknet", "spacings": (0.5, 1.0, 2.0), "input_size": 92, "depth": 2},
    ],
    ids=["one branch", "0.5 and 1", "0.5 and 2", "three branches"],
)
def test_networks_of_valid_convolutions_give_the_dense_numbers(
    tmp_path: Path, config: dict[str, Any]
) -> None:
    model = random_network(n_classes=3, filters=3, **config)
    with noise_slide(tmp_path / "s.tif", 328, 264) as slide:
        expected = dense(model, slide)
        assert expected.std() > 0.01
        assert np.abs(patchwise(model, slide) - expected).max() < 1e-5


@pytest.mark.parametrize(("input_size", "same"), [(124, True), (116, False)])
def test_at_other_input_sizes_too_where_poolings_fall_alike(
    tmp_path: Path, input_size: int, same: bool
) -> None:
    """Larger by 2^(D+1)·r = 32 px than the trained 92, or not."""
    design: dict[str, Any] = {"n_classes": 3, "filters": 3, "spacings": (0.5, 2.0), "depth": 2}
    trained = random_network("hooknet", **design, input_size=92)
    larger = random_network("hooknet", **design, input_size=input_size)
    larger.load_state_dict(trained.state_dict())
    with noise_slide(tmp_path / "s.tif", 328, 264) as slide:
        difference = np.abs(patchwise(larger, slide) - dense(trained, slide)).max()
    assert bool(difference < 1e-5) is same


@pytest.mark.parametrize("spacings", [(0.5,), (0.5, 1.0), (0.5, 2.0)])
def test_padded_networks_keep_the_centre_of_overlapping_patches(
    tmp_path: Path, spacings: tuple[float, ...]
) -> None:
    model = random_network("mrn", n_classes=3, spacings=spacings, input_size=64, depth=2, filters=3)
    with noise_slide(tmp_path / "s.tif", 200, 168) as slide:
        found = patchwise(model, slide)
        assert found.shape == (3, 168, 200)
        for x, y in ((0, 0), (96, 64), (192, 160)):
            whole = patch(model, slide, (x + 16) * 0.5, (y + 16) * 0.5)
            there = found[:, y : y + 32, x : x + 32]
            kept = whole[:, 16 : 16 + there.shape[1], 16 : 16 + there.shape[2]]
            assert np.abs(there - kept).max() < 1e-6


def test_every_patch_is_a_step(tmp_path: Path) -> None:
    with noise_slide(tmp_path / "s.tif", 200, 168) as slide:
        job = PatchSlides(TorchPatches(RedPatches(16), "cpu")).job(slide, tissue=False)
        steps: list[int] = []
        list(job.rows([slide], steps.append))
    assert len(steps) == job.count() == 7 * 6


def test_without_overlap_every_pixel_of_a_patch_is_kept(tmp_path: Path) -> None:
    model = random_network("mrn", n_classes=2, spacings=(0.5,), input_size=64, depth=2, filters=3)
    with noise_slide(tmp_path / "s.tif", 128, 64) as slide:
        found = patchwise(model, slide, overlap=0.0)
        for x in (0, 64):
            expected = patch(model, slide, (x + 32) * 0.5, 16)
            assert np.abs(found[:, :, x : x + 64] - expected).max() < 1e-6


@pytest.mark.parametrize("spacings", [(1.0,), (1.0, 2.0), (1.0, 4.0)])
def test_one_class_per_patch_makes_a_map_of_patches(
    tmp_path: Path, spacings: tuple[float, ...]
) -> None:
    model = RedPatches(32, spacings).eval()
    with noise_slide(tmp_path / "s.tif", 328, 264) as slide:
        found = patchwise(model, slide)
        assert found.shape == (2, math.ceil(264 / 64), math.ceil(328 / 64))
        for row, column in np.ndindex(found.shape[1:]):
            expected = patch(model, slide, 32 * column + 16, 32 * row + 16)
            assert np.abs(found[:, row, column] - expected[:, 0, 0]).max() < 1e-6
        assert found.std() > 0.01


def test_overlapping_patches_make_a_finer_map(tmp_path: Path) -> None:
    model = RedPatches(32).eval()
    with noise_slide(tmp_path / "s.tif", 256, 256) as slide:
        found = patchwise(model, slide, overlap=0.75)
        assert found.shape == (2, 16, 16)
        assert PatchSlides(TorchPatches(model, "cpu"), PredictConfig(overlap=0.75)).spacing_um(
            slide
        ) == pytest.approx(8.0)
        for row, column in ((0, 0), (7, 5), (15, 15)):
            expected = patch(model, slide, 8 * column + 4, 8 * row + 4)
            assert np.abs(found[:, row, column] - expected[:, 0, 0]).max() < 1e-6


def test_neither_batch_nor_readers_nor_blocks_show_in_the_result(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = random_network(
        "mrn", n_classes=3, spacings=(0.5, 1.0), input_size=32, depth=2, filters=3
    )
    with noise_slide(tmp_path / "s.tif", 200, 168) as slide:
        expected = patchwise(model, slide, batch=1)
        with open_slide(tmp_path / "s.tif") as second:
            found = [patchwise(model, slide, batch=7), patchwise(model, [slide, second], batch=64)]
        for block in (16, 48):
            monkeypatch.setattr("hookpath.inference.patchwise.patchwise_predictor.BLOCK", block)
            found.append(patchwise(model, slide))
    assert expected.std() > 0.01
    for other in found:
        assert np.abs(other - expected).max() < 1e-6


class SmallDevice(TorchPatches):
    """Has no memory for more than a number of patches at once."""

    def __init__(self, model: Network, most: int) -> None:
        super().__init__(model, "cpu")
        self.most = most

    def _run(self, images: Any) -> torch.Tensor:
        if len(images[0]) > self.most:
            raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate")
        return super()._run(images)


def test_a_batch_that_does_not_fit_is_halved_and_gives_the_same(tmp_path: Path) -> None:
    model, notes = RedPatches(32).eval(), Notes()
    with noise_slide(tmp_path / "s.tif", 328, 264) as slide:
        of = PatchSlides(SmallDevice(model, 3), PredictConfig(batch=20), notes)
        rows = list(of.job(slide, tissue=False).rows([slide], lambda _: None, as_uint8=False))
        found = np.concatenate([row.probabilities(2) for row in rows], axis=1)
        assert max(model.batches) == 2 == of.batch  # 20, 10, 5, 2
        assert np.abs(found - patchwise(model, slide)).max() < 1e-6
    assert "going on with 2 (the result stays the same)" in str(notes.warnings)


def test_a_device_too_small_for_one_patch_is_one_clear_error(tmp_path: Path) -> None:
    with noise_slide(tmp_path / "s.tif", 64, 64) as slide:
        of = PatchSlides(SmallDevice(RedPatches(32), 0))
        with pytest.raises(PredictionError, match="one patch of 32×32 px"):
            list(of.job(slide, tissue=False).rows([slide], lambda _: None))


def test_scores_that_do_not_fit_halve_the_batch_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from hookpath.inference.patchwise import patchwise_predictor as module

    classify = module.classify  # type: ignore[attr-defined]

    def tight(logits: Any, *rest: Any) -> Any:
        if len(logits) > 2:
            raise TileTooLargeError("pretended")
        return classify(logits, *rest)

    model = RedPatches(32).eval()
    with noise_slide(tmp_path / "s.tif", 200, 200) as slide:
        expected = patchwise(model, slide)
        monkeypatch.setattr(module, "classify", tight)
        assert np.abs(patchwise(model, slide) - expected).max() < 1e-6


@pytest.mark.parametrize("family", ["mrn", "patches"])
def test_a_part_has_the_numbers_of_the_whole_and_costs_no_more(tmp_path: Path, family: str) -> None:
    model: Network = RedPatches(32).eval()
    if family == "mrn":
        model = random_network(
            "mrn", n_classes=2, spacings=(0.5, 1.0), input_size=32, depth=2, filters=3
        )
    with noise_slide(tmp_path / "s.tif", 328, 264) as slide:
        whole = patchwise(model, slide)
        of = PatchSlides(TorchPatches(model, "cpu"))
        job = of.job(slide, tissue=False)
        window = Box(1, 2, 3, 2)
        tiles = list(job.part([slide], window, lambda _: None, as_uint8=False))
    found = np.zeros_like(whole)
    for tile in tiles:
        b = tile.window
        found[:, b.y : b.y + b.height, b.x : b.x + b.width] = tile.probabilities
    here = (slice(None), slice(2, 4), slice(1, 4))
    assert np.abs(found[here] - whole[here]).max() < 1e-6
    assert (found.sum(axis=0) > 0).sum() <= max(window.area, of.layout.kept**2)


def dark_and_glass(width: int, height: int, dark: tuple[int, int, int, int]) -> ArraySlide:
    """Glass with a dark rectangle (x0, y0, x1, y1), 1 µm/px."""
    image = np.full((height, width, 3), 245, np.uint8)
    x0, y0, x1, y1 = dark
    image[y0:y1, x0:x1] = (90, 50, 120)
    return ArraySlide(image, 1.0)


def wanted_of(slide: Slide, **more: Any) -> npt.NDArray[np.bool_]:
    of = PatchSlides(TorchPatches(RedPatches(256), "cpu"))
    rows = of.job(slide, **more).rows([slide], lambda _: None)
    return np.concatenate([row.labels() for row in rows]) > 0


def test_a_patch_needs_a_quarter_of_tissue() -> None:
    """Tissue from column 0.65 to 2.35 (in patches), rows 1 whole and 0.15 of row 2."""
    slide = dark_and_glass(1024, 1024, (166, 256, 602, 294 + 256))
    found = wanted_of(slide)
    assert found[1].tolist() == [True, True, True, False]
    assert not found[0].any()
    assert not found[2].any()  # 38 µm and the mask's margin: below a quarter
    assert not found[3].any()


def test_a_drawn_region_smaller_than_a_patch_gets_that_patch() -> None:
    slide = dark_and_glass(1024, 1024, (0, 0, 1024, 1024))
    found = wanted_of(slide, inside=[box(300, 530, 340, 560), box(700, 100, 900, 110)])
    expected = np.zeros((4, 4), bool)
    expected[2, 1] = expected[0, 2] = expected[0, 3] = True
    assert np.array_equal(found, expected)


def test_layouts() -> None:
    """Steps that keep poolings in phase, and what of a patch is kept."""
    valid = [BranchSpec(0.5, 284, 70), BranchSpec(2.0, 284, 70)]
    far = [BranchSpec(0.5, 284, 70), BranchSpec(8.0, 284, 70)]
    padded = [BranchSpec(s, 512, 512) for s in (0.5, 1.0, 2.0, 4.0)]
    patches = [BranchSpec(1.0, 256, 256)]
    assert (layout_of(valid, "pixels", None, 4).step, layout_of(far, "pixels", None, 4).step) == (
        64,
        64,
    )
    mrn = layout_of(padded, "pixels", None, 4)
    assert (mrn.step, mrn.crop, mrn.kept, mrn.joinable) == (256, 128, 256, True)
    one = layout_of(patches, "patches")
    assert (one.step, one.kept, one.unit, one.origins) == (256, 1, 256, (0.0,))
    with pytest.raises(ModelDesignError, match="no classes"):
        layout_of(patches, "magnification")

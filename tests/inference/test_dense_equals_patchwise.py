"""The dense result is the patch-wise one; the reference here knows nothing of the dense code."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
import torch
from shapely import box

from hookpath.errors import PredictionError
from hookpath.geometry import Region
from hookpath.inference import DensePredictor
from hookpath.inference.dense.tile_loop import Memory
from hookpath.inference.engines.tile_runner import TorchRunner
from hookpath.inference.engines.torch_device import TileTooLargeError
from hookpath.inference.roi.tissue_tiles import OutputGrid, cover_of
from hookpath.models import BranchOutput, SegmentationModel
from hookpath.slides import Slide, SlideRef, open_slide
from hookpath.slides.channels import ChannelScale
from hookpath.slides.slide_base import RGBArray
from support.arrays import ArraySlide
from support.multiplex import write_ome
from support.networks import random_network
from support.slides import write_pyramid

TOLERANCE = 1e-4
FloatMap = npt.NDArray[np.float32]


def noise(width: int, height: int) -> RGBArray:
    """Noise on blobs of all sizes: every level and every position differs."""
    rng = np.random.default_rng(7)
    image = rng.uniform(0, 80, (height, width, 3))
    for size in (4, 16, 64, 256):
        coarse = rng.uniform(0, 45, (height // size + 1, width // size + 1, 3))
        image += coarse.repeat(size, axis=0).repeat(size, axis=1)[:height, :width]
    return image.clip(0, 255).astype(np.uint8)


def noise_slide(path: Path, width: int, height: int, mpp: float = 0.5, levels: int = 4) -> Slide:
    """A slide file of noise.

    With several levels the sides should be multiples of the coarsest downsample: OpenSlide reads
    a level of truncated size with a sub-pixel shift that depends on where the region starts.
    """
    return open_slide(write_pyramid(path, noise(width, height), mpp, levels=levels))


def dense(
    model: SegmentationModel, slide: Slide, tile: int, memory: Memory | None = None
) -> FloatMap:
    """``(C, H, W)`` probabilities of the whole output grid."""
    grid = OutputGrid.of_slide(slide, model.branches[0].spacing_um)
    predictor = DensePredictor(TorchRunner(model, "cpu"), tile, memory, as_uint8=False)
    plan = predictor.plan(cover_of(slide, grid, tissue=False))
    rows = [row.probabilities(model.n_classes) for row in predictor.rows(slide, plan)]
    return np.concatenate(rows, axis=1)


def patch(model: SegmentationModel, slide: Slide, x_out: int, y_out: int) -> FloatMap:
    """``(C, h, w)`` probabilities of the concentric patches whose output starts there."""
    target = model.branches[0]
    dx, dy = slide.calibration.downsample(target.spacing_um)
    centre = (x_out + target.output_size / 2) * dx, (y_out + target.output_size / 2) * dy
    images = []
    for branch in model.branches:
        size, down = branch.input_size, slide.calibration.downsample(branch.spacing_um)
        pixels = slide.read(Region.centred(*centre, size, size, down)).copy()
        images.append(torch.from_numpy(pixels).permute(2, 0, 1)[None].float() / 255)
    with torch.inference_mode():
        return model(images)[0].softmax(dim=1)[0].numpy()


def largest_difference(model: SegmentationModel, slide: Slide, found: FloatMap) -> float:
    """Over patches all over the slide whose origins lie on the common pooling grid."""
    coarsest = model.branches[-1].spacing_um / model.branches[0].spacing_um
    step = round(math.lcm(*(s.phase for s in model.shapes)) * coarsest)
    size = model.branches[0].output_size
    height, width = found.shape[1:]
    xs, ys = range(0, width - size + 1, step), range(0, height - size + 1, step)
    assert len(xs) * len(ys) >= 4
    picked = {(x, y) for x in {xs[0], xs[len(xs) // 2], xs[-1]} for y in {ys[0], ys[-1]}}
    worst = 0.0
    for x, y in picked:
        expected = patch(model, slide, x, y)
        assert expected.std() > 0.01, "the network does not depend on its input"
        worst = max(worst, float(np.abs(found[:, y : y + size, x : x + size] - expected).max()))
    return worst


@pytest.mark.parametrize(
    ("depth", "input_size", "ratio"),
    [(4, 284, 2), (4, 284, 4), (4, 284, 8), (4, 284, 16), (3, 156, 2), (3, 156, 8), (2, 76, 4)],
)
def test_every_hook_depth_gives_the_patchwise_numbers(
    tmp_path: Path, depth: int, input_size: int, ratio: int
) -> None:
    model = random_network(
        "hooknet",
        n_classes=3,
        spacings=(0.5, 0.5 * ratio),
        input_size=input_size,
        depth=depth,
        filters=2,
    )
    with noise_slide(tmp_path / "s.tif", 700, 640) as slide:
        found = dense(model, slide, tile=192)
        assert found.shape == (3, 640, 700)
        assert largest_difference(model, slide, found) < TOLERANCE


@pytest.mark.parametrize(
    "config",
    [
        {"family": "unet", "spacings": (0.5,), "input_size": 156, "depth": 3},
        {"family": "hooknet", "spacings": (0.5, 1.0, 4.0), "input_size": 156, "depth": 3},
        {"family": "hooknet", "spacings": (0.5, 2.0, 8.0), "input_size": 284, "depth": 4},
        {
            "family": "hooknet",
            "spacings": (0.5, 2.0),
            "input_size": 156,
            "depth": 3,
            "hook_to_depth": 2,
            "context_heads": True,
        },
    ],
    ids=["one branch", "three branches", "three branches, depth 4", "hook into depth 2"],
)
def test_any_number_of_branches_gives_the_patchwise_numbers(
    tmp_path: Path, config: dict[str, Any]
) -> None:
    model = random_network(n_classes=2, filters=2, **config)
    with noise_slide(tmp_path / "s.tif", 536, 472) as slide:
        assert largest_difference(model, slide, dense(model, slide, tile=128)) < TOLERANCE


@pytest.mark.parametrize(
    "config",
    [
        {"family": "unet", "spacings": (0.5,), "input_size": 256, "encoder": "resnet10t"},
        {
            "family": "hooknet",
            "spacings": (0.5, 2.0),
            "input_size": 192,
            "encoder": "tf_efficientnet_lite0",
        },
        {"family": "unet", "spacings": (0.5,), "input_size": 384, "encoder": "regnety_002"},
        {
            "family": "hooknet",
            "spacings": (0.5, 1.0),
            "input_size": 160,
            "context_depth": 4,
            "encoder": "tf_efficientnet_lite0",
        },
    ],
    ids=["one branch", "two branches", "a lattice of windows", "a deeper context"],
)
def test_pretrained_encoders_give_the_patchwise_numbers(
    tmp_path: Path, config: dict[str, Any]
) -> None:
    model = random_network(n_classes=2, filters=2, depth=3, **config)
    with noise_slide(tmp_path / "s.tif", 536, 472) as slide:
        assert largest_difference(model, slide, dense(model, slide, tile=128)) < TOLERANCE


@pytest.mark.parametrize(
    "config",
    [
        {"spacings": (0.5,), "depth": 3, "input_size": 160},
        {"spacings": (0.5, 2.0), "depth": 3, "input_size": 160, "hidden": 8},
        {"spacings": (0.5, 1.0, 2.0), "depth": 3, "input_size": 160, "working_depth": 1},
        {"spacings": (0.5, 4.0), "depth": 3, "input_size": 192, "encoder": "resnet10t"},
    ],
    ids=["one view", "two views", "three views, cells of 2 px", "a wide view, another encoder"],
)
def test_probes_of_features_give_the_patchwise_numbers(
    tmp_path: Path, config: dict[str, Any]
) -> None:
    model = random_network("probe", n_classes=2, **config)
    with noise_slide(tmp_path / "s.tif", 536, 472) as slide:
        assert largest_difference(model, slide, dense(model, slide, tile=128)) < TOLERANCE


@pytest.mark.parametrize(
    ("mpp", "levels", "width", "height"),
    [(0.37, 4, 808, 680), (0.23, 1, 1303, 997), (0.5, 1, 383, 331)],
    ids=["spacing between levels", "one level only", "odd sides"],
)
def test_slide_files_of_any_size_and_spacing_give_the_patchwise_numbers(
    tmp_path: Path, mpp: float, levels: int, width: int, height: int
) -> None:
    model = hooknet_of_depth_2()
    with noise_slide(tmp_path / "s.tif", width, height, mpp, levels) as slide:
        found = dense(model, slide, tile=128)
        # The grid reaches over the slide's right and lower border by less than one pixel.
        assert found.shape[1:] == (math.ceil(height * mpp / 0.5), math.ceil(width * mpp / 0.5))
        assert largest_difference(model, slide, found) < TOLERANCE


@pytest.mark.parametrize(("width", "height"), [(389, 333), (517, 263), (301, 641)])
def test_pyramids_with_truncated_levels_give_the_patchwise_numbers(width: int, height: int) -> None:
    model = hooknet_of_depth_2()
    slide = ArraySlide(noise(width, height), 0.5)
    assert largest_difference(model, slide, dense(model, slide, tile=128)) < TOLERANCE


def hooknet_of_depth_2() -> SegmentationModel:
    return random_network(
        "hooknet", n_classes=3, spacings=(0.5, 2.0), input_size=92, depth=2, filters=3
    )


def test_neither_tile_size_nor_memory_shows_in_the_result(tmp_path: Path) -> None:
    model = hooknet_of_depth_2()
    with noise_slide(tmp_path / "s.tif", 700, 600) as slide:
        expected = dense(model, slide, tile=704)
        for tile, memory in [(64, None), (192, Memory(hooks=0)), (256, Memory(row=1))]:
            found = dense(model, slide, tile, memory)
            assert np.abs(found - expected).max() < 1e-6


class SmallDevice(TorchRunner):
    """Has no memory for inputs above a number of px."""

    def __init__(self, model: SegmentationModel, most_px: int) -> None:
        super().__init__(model, "cpu")
        self.most_px, self.largest_seen = most_px, 0

    def _run(self, branch: int, image: RGBArray, hook: FloatMap | None) -> BranchOutput:
        if image.shape[0] * image.shape[1] > self.most_px:
            raise TileTooLargeError("pretended")
        self.largest_seen = max(self.largest_seen, image.shape[0] * image.shape[1])
        return super()._run(branch, image, hook)


def test_a_device_too_small_for_the_tile_gets_halves_and_gives_the_same_numbers(
    tmp_path: Path,
) -> None:
    model = hooknet_of_depth_2()
    with noise_slide(tmp_path / "s.tif", 500, 400) as slide:
        grid = OutputGrid.of_slide(slide, 0.5)
        runner = SmallDevice(model, 160 * 160)
        predictor = DensePredictor(runner, tile=384, as_uint8=False)
        plan = predictor.plan(cover_of(slide, grid, tissue=False))
        found = [row.probabilities(3) for row in predictor.rows(slide, plan)]
        assert np.abs(np.concatenate(found, axis=1) - dense(model, slide, 384)).max() < 1e-6
        assert 0 < runner.largest_seen <= 160 * 160


def test_scores_that_do_not_fit_halve_the_tile_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from hookpath.inference.dense import tile_loop as module

    classify, sizes = module.classify, []  # type: ignore[attr-defined]

    def tight(logits: Any, *rest: Any) -> Any:
        if logits[0].numel() > 160 * 160:
            raise torch.OutOfMemoryError("CUDA out of memory")
        sizes.append(logits[0].numel())
        return classify(logits, *rest)

    model = hooknet_of_depth_2()
    with noise_slide(tmp_path / "s.tif", 500, 400) as slide:
        expected = dense(model, slide, 384)
        monkeypatch.setattr(module, "classify", tight)
        assert np.abs(dense(model, slide, 384) - expected).max() < 1e-6
    assert sizes


def test_a_device_too_small_for_any_tile_is_one_clear_error(tmp_path: Path) -> None:
    model = hooknet_of_depth_2()
    with noise_slide(tmp_path / "s.tif", 100, 100) as slide:
        predictor = DensePredictor(SmallDevice(model, 10), tile=64)
        plan = predictor.plan(cover_of(slide, OutputGrid.of_slide(slide, 0.5), tissue=False))
        with pytest.raises(PredictionError, match="not enough memory for a tile of 4×4 px"):
            list(predictor.rows(slide, plan))


def test_only_the_wanted_squares_are_computed_and_they_keep_the_patchwise_numbers(
    tmp_path: Path,
) -> None:
    model = hooknet_of_depth_2()
    with noise_slide(tmp_path / "s.tif", 700, 600) as slide:
        whole = dense(model, slide, tile=128)
        grid = OutputGrid.of_slide(slide, 0.5)
        annotated = [box(100, 90, 150, 200), box(600, 560, 900, 900)]
        predictor = DensePredictor(TorchRunner(model, "cpu"), tile=128, as_uint8=False)
        plan = predictor.plan(cover_of(slide, grid, annotated, tissue=False))
        rows = list(predictor.rows(slide, plan))
        found = np.concatenate([row.probabilities(3) for row in rows], axis=1)
        labels = np.concatenate([row.labels() for row in rows])
        computed = sum(tile.window.width * tile.window.height for row in rows for tile in row.tiles)
    inside = np.zeros((600, 700), bool)
    inside[90:200, 100:150] = inside[560:, 600:] = True
    assert np.array_equal(labels > 0, inside)
    assert np.abs(found - whole * inside).max() < 1e-6
    assert computed < 700 * 600 / 8


def test_dense_equals_patchwise_with_any_number_of_channels(tmp_path: Path) -> None:
    rng = np.random.default_rng(3)
    pixels = rng.integers(0, 60000, (5, 512, 512)).astype(np.uint16)
    path = write_ome(tmp_path / "a.ome.tif", pixels, names=["a", "b", "c", "d", "e"], levels=3)
    scales = tuple(ChannelScale(name=n, low=0, high=60000) for n in "dbeac")
    design: dict[str, Any] = {"spacings": (0.5, 2.0), "input_size": 76, "depth": 2, "filters": 2}
    model = random_network("hooknet", n_classes=3, in_channels=5, **design)
    with SlideRef(path, channels=scales).open() as slide:
        found = dense(model, slide, tile=128)
        assert largest_difference(model, slide, found) < TOLERANCE

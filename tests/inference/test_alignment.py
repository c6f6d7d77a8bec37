"""Dense prediction reads context where training patches do: on the level's own pixel grid."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from hookpath.inference import DensePredictor, TorchRunner
from hookpath.inference.aligned_tile_grids import Box, aligned_start, branch_grids
from hookpath.inference.dense.tile_rows import PredictedRow, PredictedTile
from hookpath.inference.roi.tissue_tiles import OutputGrid, cover_of
from hookpath.inference.tile_order import RowEnd
from hookpath.sampling import SlideFacts
from hookpath.sampling.patch_alignment import common_snap
from hookpath.slides import Slide, open_slide
from support.networks import random_network
from support.slides import write_pyramid

SPACINGS = [(0.5, 2.0), (0.5, 1.0, 2.0), (1.0, 2.0)]


@pytest.fixture
def slide(tmp_path: Path) -> Slide:
    pixels = np.random.default_rng(0).integers(0, 255, (384, 448, 3), np.uint8)
    return open_slide(write_pyramid(tmp_path / "s.tif", pixels, 0.5, levels=4))


def network(spacings: tuple[float, ...]):
    return random_network(
        "hooknet", n_classes=3, filters=2, depth=2, input_size=52, spacings=spacings
    )


@pytest.mark.parametrize("spacings", SPACINGS)
def test_every_region_starts_on_a_pixel_of_its_level(
    slide: Slide, spacings: tuple[float, ...]
) -> None:
    model = network(spacings)
    grid = OutputGrid.of_slide(slide, spacings[0])
    start = aligned_start(branch_grids(model), slide, grid.downsample)
    plan = DensePredictor(TorchRunner(model, "cpu"), tile=64).plan(
        cover_of(slide, grid.starting_at(start), tissue=False)
    )
    regions = [step.region for step in plan.steps() if not isinstance(step, RowEnd)]
    assert len({r.downsample_x for r in regions}) == len(spacings)
    for region in regions:
        assert region.x_l0 % region.downsample_x == 0
        assert region.y_l0 % region.downsample_y == 0


@pytest.mark.parametrize("spacings", SPACINGS)
def test_it_starts_less_than_a_context_pixel_before_the_slide(
    slide: Slide, spacings: tuple[float, ...]
) -> None:
    grid = OutputGrid.of_slide(slide, spacings[0])
    start = aligned_start(branch_grids(network(spacings)), slide, grid.downsample)
    assert all(-spacings[-1] / spacings[0] < s <= 0 for s in start)


def test_training_may_draw_the_patches_that_tiles_stand_for(slide: Slide) -> None:
    """The centre of the first tile's patch is on the lattice of the sampler's centres."""
    model = network((0.5, 2.0))
    grid = OutputGrid.of_slide(slide, 0.5)
    start = aligned_start(branch_grids(model), slide, grid.downsample)
    snap = common_snap(SlideFacts.of(slide), model.branches)
    assert snap is not None
    half = model.branches[0].output_size / 2
    centre = tuple((s + half) * d for s, d in zip(start, grid.downsample, strict=True))
    assert snap(*centre) == pytest.approx(centre)


def test_a_unet_starts_at_the_slides_origin(slide: Slide) -> None:
    model = random_network("unet", n_classes=2, filters=2, depth=2, input_size=52, spacings=(0.5,))
    assert aligned_start(branch_grids(model), slide, (1.0, 1.0)) == (0, 0)


def test_results_lie_on_the_slides_grid_wherever_computing_starts(slide: Slide) -> None:
    """Started a whole context pixel and phase earlier (4 · 2² px), the same numbers come out."""
    model = network((0.5, 2.0))
    grid = OutputGrid.of_slide(slide, 0.5)
    whole = [_probabilities(model, slide, grid.starting_at(s)) for s in ((0, 0), (-16, -16))]
    assert whole[0].shape == whole[1].shape == (3, 384, 448)
    assert np.abs(whole[0] - whole[1]).max() < 1e-5


def _probabilities(model, slide: Slide, grid: OutputGrid) -> np.ndarray:
    predictor = DensePredictor(TorchRunner(model, "cpu"), tile=64, as_uint8=False)
    plan = predictor.plan(cover_of(slide, grid, tissue=False))
    rows = list(predictor.rows(slide, plan))
    assert [row.y_out for row in rows] == np.cumsum([0, *(r.height for r in rows[:-1])]).tolist()
    return np.concatenate([row.probabilities(3) for row in rows], axis=1)


def test_a_moved_row_loses_what_lies_before_the_slide() -> None:
    labels = np.arange(20, dtype=np.uint8).reshape(4, 5)
    tile = PredictedTile(Box(0, 0, 5, 4), labels, labels[None])
    moved = PredictedRow(0, 4, 10, (tile,)).moved((-2, -1))
    assert moved is not None
    assert (moved.y_out, moved.height, moved.width) == (0, 3, 8)
    assert np.array_equal(moved.labels()[:, :3], labels[1:, 2:])
    assert not moved.labels()[:, 3:].any()
    assert PredictedRow(0, 4, 10, (tile,)).moved((0, -4)) is None

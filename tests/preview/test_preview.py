"""The preview of a view is the crop of the dense prediction of the whole slide."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from hookpath.errors import MissingSpacingError, PredictionError
from hookpath.inference import DensePredictor, TorchRunner
from hookpath.inference.aligned_tile_grids import aligned_start, branch_grids
from hookpath.inference.dense.dense_predictor import DenseSlides
from hookpath.inference.engines.patch_runners import TorchPatches
from hookpath.inference.patchwise.patchwise_predictor import PatchSlides
from hookpath.inference.roi.tissue_tiles import OutputGrid, cover_of
from hookpath.models import Network, SegmentationModel
from hookpath.qupath import CancelledError, Preview, View
from hookpath.slides import Slide, open_slide
from support.networks import random_network
from support.patch_networks import RedPatches
from support.slides import write_pyramid

# Multiples of the coarsest downsample: OpenSlide reads truncated levels with a sub-pixel shift.
WIDTH, HEIGHT = 2048, 1104
FloatMap = npt.NDArray[np.float32]


def blobs(width: int = WIDTH, height: int = HEIGHT) -> npt.NDArray[np.uint8]:
    """Coloured noise of all sizes on the left, glass on the right."""
    rng = np.random.default_rng(3)
    image = rng.uniform(0, 60, (height, width, 3))
    for size in (4, 16, 64, 256):
        coarse = rng.uniform(0, 40, (height // size + 1, width // size + 1, 3))
        image += coarse.repeat(size, axis=0).repeat(size, axis=1)[:height, :width]
    image[..., 1] *= 0.4
    image[:, width // 2 :] = 250
    return image.clip(0, 255).astype(np.uint8)


@pytest.fixture(scope="module")
def slide_path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("preview")
    return write_pyramid(folder / "slide ü.tif", blobs(), 0.25, levels=4)


def network() -> SegmentationModel:
    return random_network(
        "hooknet", n_classes=3, spacings=(0.5, 2.0), input_size=92, depth=2, filters=3
    )


def dense(model: SegmentationModel, slide: Slide, tissue: bool = True) -> FloatMap:
    """``(C, H, W)`` probabilities as predicting the whole slide gives them."""
    runner = TorchRunner(model, "cpu")
    grid = OutputGrid.of_slide(slide, 0.5)
    start = aligned_start(branch_grids(runner), slide, grid.downsample)
    predictor = DensePredictor(runner, 320, as_uint8=False)
    plan = predictor.plan(cover_of(slide, grid.starting_at(start), tissue=tissue))
    out = np.zeros((3, grid.height, grid.width), np.float32)
    for row in predictor.rows(slide, plan):
        out[:, row.y_out : row.y_out + row.height] = row.probabilities(3)
    return out


def preview(path: Path, model: SegmentationModel, tissue: bool = True) -> Preview:
    slides = [open_slide(path), open_slide(path)]
    return Preview(DenseSlides(TorchRunner(model, "cpu")), slides, tissue)


@pytest.mark.parametrize(
    ("x", "y", "width", "height"),
    [(0, 0, 256, 256), (131, 77, 64, 200), (500, 300, 600, 256), (450, 500, 50, 60)],
    ids=["corner", "off every grid", "to the border", "bottom"],
)
def test_a_view_is_the_crop_of_the_whole_slides_prediction(
    slide_path: Path, x: int, y: int, width: int, height: int
) -> None:
    model = network()
    with open_slide(slide_path) as slide, preview(slide_path, model) as live:
        whole = dense(model, slide)
        found = live.classify(View(2 * x, 2 * y, width, height, 2.0), as_uint8=False)
    expected = np.zeros((3, height, width), np.float32)
    crop = whole[:, y : y + height, x : x + width]
    expected[:, : crop.shape[1], : crop.shape[2]] = crop
    assert crop.max() > 0.5
    assert np.abs(found - expected).max() < 1e-5


def test_views_beside_each_other_have_no_seam(slide_path: Path) -> None:
    with preview(slide_path, network(), tissue=False) as live:
        whole = live.classify(View(100, 60, 300, 100, 2.0), as_uint8=False)
        halves = [live.classify(View(x, 60, 150, 100, 2.0), as_uint8=False) for x in (100, 400)]
    assert np.abs(np.concatenate(halves, axis=2) - whole).max() < 1e-5


def test_a_coarser_view_has_the_mean_of_what_it_covers(slide_path: Path) -> None:
    model = network()
    with open_slide(slide_path) as slide, preview(slide_path, model) as live:
        whole = dense(model, slide)
        found = live.classify(View(256, 128, 40, 30, 8.0), as_uint8=False)
    block = whole[:, 64 : 64 + 120, 128 : 128 + 160]
    expected = block.reshape(3, 30, 4, 40, 4).mean(axis=(2, 4))
    assert np.abs(found - expected).max() < 1e-5


def test_a_finer_view_repeats_what_it_lies_in(slide_path: Path) -> None:
    with preview(slide_path, network()) as live:
        coarse = live.classify(View(200, 200, 50, 50, 2.0))
        fine = live.classify(View(200, 200, 100, 100, 1.0))
    assert coarse.dtype == np.uint8
    assert (fine == coarse.repeat(2, axis=1).repeat(2, axis=2)).all()


def test_glass_and_what_is_off_the_slide_has_no_class(slide_path: Path) -> None:
    with preview(slide_path, network()) as live:
        assert live.classify(View(WIDTH - 256, 0, 128, 400, 2.0)).max() == 0
        assert live.classify(View(10 * WIDTH, 0, 32, 32, 2.0)).max() == 0
        assert live.classify(View(-640, -640, 400, 400, 2.0))[:, :320, :320].max() == 0


def test_a_view_of_too_much_is_refused_with_what_to_do(slide_path: Path) -> None:
    big = open_slide(slide_path)
    with preview(slide_path, network()) as live:
        live.grid = OutputGrid(10**5, 10**5, live.grid.downsample)
        with pytest.raises(PredictionError, match="zoom in"):
            live.classify(View(0, 0, 512, 512, 32.0))
    big.close()


@pytest.mark.parametrize(
    "wrong",
    [(float("nan"), 0, 9, 9, 1.0), (0, 0, 9, 9, 0.0), (0, 0, 0, 9, 1.0)],
)
def test_a_view_that_is_none_is_refused(wrong: tuple[float, float, int, int, float]) -> None:
    with pytest.raises(PredictionError, match="cannot preview"):
        View(*wrong)


def test_a_view_that_nobody_waits_for_ends_between_two_pieces(slide_path: Path) -> None:
    asked = []

    def cancelled() -> bool:
        asked.append(True)
        return len(asked) > 1

    with preview(slide_path, network()) as live, pytest.raises(CancelledError):
        live.classify(View(0, 0, 750, 550, 2.0), cancelled)
    assert len(asked) == 2


def test_a_slide_without_spacing_is_refused(tmp_path: Path) -> None:
    path = write_pyramid(tmp_path / "s.tif", blobs(300, 200), None)
    with pytest.raises(MissingSpacingError, match="µm/px is unknown"):
        preview(path, network())


def patch_preview(path: Path, model: Network) -> Preview:
    return Preview(PatchSlides(TorchPatches(model, "cpu")), [open_slide(path)])


@pytest.mark.parametrize("kind", ["mrn", "patches"])
def test_networks_that_go_patch_by_patch_are_previewed_with_the_numbers_of_the_slide(
    slide_path: Path, kind: str
) -> None:
    mrn: dict[str, Any] = {"spacings": (0.5, 1.0), "input_size": 64, "depth": 2, "filters": 3}
    model = random_network("mrn", n_classes=2, **mrn) if kind == "mrn" else RedPatches(16).eval()
    of = PatchSlides(TorchPatches(model, "cpu"))
    with open_slide(slide_path) as slide, patch_preview(slide_path, model) as live:
        job = of.job(slide)
        rows = list(job.rows([slide], lambda _: None, as_uint8=False))
        whole = np.concatenate([row.probabilities(2) for row in rows], axis=1)
        side = round(job.grid.downsample[0])
        found = live.classify(View(3 * side, 2 * side, 4, 5, side), as_uint8=False)
        assert live.spacing_um == of.spacing_um(slide)
    assert whole.std() > 0.01
    assert np.abs(found - whole[:, 2:7, 3:7]).max() < 1e-5


def test_a_view_of_too_many_patches_is_refused(slide_path: Path) -> None:
    with patch_preview(slide_path, RedPatches(64)) as live:
        live.grid = OutputGrid(100, 100, live.grid.downsample)
        with pytest.raises(PredictionError, match="39 million px for the model; zoom in"):
            live.classify(View(0, 0, 512, 512, 64.0))


def test_a_model_of_whole_slides_has_no_preview(slide_path: Path) -> None:
    predictor = PatchSlides(TorchPatches(RedPatches(64)))
    predictor.local = False
    with open_slide(slide_path) as slide, pytest.raises(PredictionError, match="whole slides"):
        Preview(predictor, [slide])

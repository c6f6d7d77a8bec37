"""Class maps that QuPath left on disk, as predictions of ours."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from hookpath.baselines import qupath_maps
from hookpath.baselines.qupath_maps import LabelMap, MappedSlides
from hookpath.errors import PredictionError
from hookpath.inference import Predictor
from hookpath.inference.aligned_tile_grids import Box
from hookpath.inference.roi.tissue_tiles import OutputGrid
from hookpath.projects import open_project
from support.evaluation import RED, write_slide


def written(path: Path, labels: np.ndarray) -> Path:
    """As the script leaves it."""
    path.write_bytes(labels.astype(np.uint8).tobytes())
    height, width = labels.shape
    path.with_name(path.name + ".size").write_text(f"{width} {height}")
    return path


def test_px_of_the_same_size_are_taken_one_by_one_and_a_missing_edge_is_repeated(
    tmp_path: Path,
) -> None:
    labels = np.arange(12).reshape(3, 4)
    found = LabelMap.load(written(tmp_path / "map", labels), downsample=4.0)
    grid = OutputGrid(5, 4, (4.0, 4.0))  # ours covers the slivers that QuPath leaves out
    assert found.window(grid, Box(0, 0, 5, 4)).tolist() == [
        [0, 1, 2, 3, 3],
        [4, 5, 6, 7, 7],
        [8, 9, 10, 11, 11],
        [8, 9, 10, 11, 11],
    ]
    assert found.window(grid, Box(1, 2, 2, 1)).tolist() == [[9, 10]]


def test_px_that_are_not_square_take_what_lies_under_their_centres(tmp_path: Path) -> None:
    found = LabelMap.load(written(tmp_path / "map", np.array([[1, 2, 3, 4]])), downsample=2.0)
    # Centres at level-0 px 1.5 and 4.5 lie in QuPath's px 0 and 2.
    grid = OutputGrid(2, 1, (3.0, 2.0))
    assert found.window(grid, Box(0, 0, 2, 1)).tolist() == [[1, 3]]


def test_a_map_that_was_not_finished_is_refused(tmp_path: Path) -> None:
    path = written(tmp_path / "map", np.zeros((4, 4)))
    path.write_bytes(b"\0" * 15)
    with pytest.raises(PredictionError, match="map: QuPath's class map is not complete"):
        LabelMap.load(path, 4.0)
    (tmp_path / "map.size").unlink()
    with pytest.raises(PredictionError, match="not complete; predict again"):
        LabelMap.load(path, 4.0)


def test_a_slide_in_bands(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_slide(tmp_path, "s.tif", [(RED, 0, 0, 100, 100)])
    labels = np.ones((128, 128), np.uint8)
    labels[70:, 5:] = 2
    with next(iter(open_project(tmp_path).images)).slide.open() as slide:
        maps = {slide.path: LabelMap.load(written(tmp_path / "map", labels), 2.0)}
        predictor = MappedSlides(maps, n_classes=2, spacing_um=1.0)
        assert isinstance(predictor, Predictor)
        monkeypatch.setattr(qupath_maps, "TILE", 64)
        job = predictor.job(slide, tissue=False)
        steps: list[int] = []
        rows = list(job.rows([slide], steps.append))
        (tile,) = job.part([slide], Box(0, 80, 4, 4), steps.append, as_uint8=False)
        with pytest.raises(PredictionError, match=r"s\.tif: QuPath made no class map of it"):
            MappedSlides({}, 2, 1.0).job(slide)
    assert job.count() == 2
    assert steps == [64 * 128] * 3
    assert np.array_equal(np.concatenate([r.labels() for r in rows]), labels)
    certain = rows[1].probabilities(2)
    assert np.array_equal(certain[1] == 255, labels[64:] == 2)
    assert np.array_equal(certain.sum(axis=0), np.full((64, 128), 255))
    assert tile.window == Box(0, 64, 128, 64)
    assert tile.probabilities.dtype == np.float32

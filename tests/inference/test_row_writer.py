"""The files of a prediction: complete, or not there."""

from __future__ import annotations

import time
from pathlib import Path

import numpy as np
import pytest
import tifffile

from hookpath.errors import OutputError
from hookpath.geometry import Calibration
from hookpath.inference.aligned_tile_grids import Box
from hookpath.inference.dense.tile_rows import PredictedRow, PredictedTile
from hookpath.inference.prediction_config import PredictConfig
from hookpath.inference.roi.tissue_tiles import OutputGrid
from hookpath.inference.writing.row_writer import ResultWriter, Target
from support.predictors import CLASSES

WIDTH, HEIGHT = 32, 16


def target(folder: Path) -> Target:
    grid = OutputGrid(WIDTH, 2 * HEIGHT, (1.0, 1.0))
    return Target(folder, grid, Calibration(1.0, 1.0), CLASSES, 1.0, (WIDTH, 2 * HEIGHT))


def row(y: int, label: int) -> PredictedRow:
    labels = np.full((HEIGHT, WIDTH), label, np.uint8)
    probabilities = np.full((2, HEIGHT, WIDTH), 127, np.uint8)
    tile = PredictedTile(Box(0, y, WIDTH, HEIGHT), labels, probabilities)
    return PredictedRow(y, HEIGHT, WIDTH, (tile,))


def busy(writer: ResultWriter) -> None:
    """Its thread has not begun with the last row when the block ends."""
    writer._thread.submit(time.sleep, 0.1)


def test_the_last_row_is_written_whether_or_not_anybody_asks_for_the_objects(
    tmp_path: Path,
) -> None:
    with ResultWriter(target(tmp_path), PredictConfig(tissue=False)) as writer:
        writer.add(row(0, 1))
        busy(writer)
        writer.add(row(HEIGHT, 2))
    classes = tifffile.imread(tmp_path / "classes.tif")
    assert (classes[:HEIGHT] == 1).all()
    assert (classes[HEIGHT:] == 2).all()
    assert writer.areas_mm2() == pytest.approx({"Dark": 512e-6, "Pale": 512e-6})


@pytest.mark.parametrize("step", ["last row", "caller"])
def test_after_a_failure_there_is_no_file(tmp_path: Path, step: str) -> None:
    def failing() -> None:
        with ResultWriter(target(tmp_path), PredictConfig(tissue=False)) as writer:
            writer.add(row(0, 1))
            busy(writer)
            writer.add(row(HEIGHT if step == "caller" else 0, 2))  # the second comes too early
            if step == "caller":
                raise ValueError("rows")

    with pytest.raises(ValueError, match="rows"):
        failing()
    assert list(tmp_path.iterdir()) == []


def test_if_one_file_cannot_be_begun_there_is_none(tmp_path: Path) -> None:
    (tmp_path / "probabilities.tif").mkdir()
    writer = ResultWriter(target(tmp_path), PredictConfig(tissue=False))
    with pytest.raises(OutputError, match="cannot be written"):
        writer.__enter__()
    assert [p.name for p in tmp_path.iterdir()] == ["probabilities.tif"]

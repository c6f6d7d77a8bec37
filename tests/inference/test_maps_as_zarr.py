"""Maps as OME-Zarr: the zarr package reads what the TIFFs hold, our own reader the calibration."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
import tifffile

from hookpath.errors import PredictionError
from hookpath.inference import maps_as_zarr
from hookpath.inference.prediction_record import RECORD_NAME, ZARR_NAME, PredictionRecord
from hookpath.inference.writing.staged_folder import publish, stage_in
from hookpath.projects import open_project
from hookpath.slides import open_slide
from support.evaluation import BLUE, GREEN, RED, TABLE, write_prediction, write_slide

zarr = pytest.importorskip("zarr")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A prediction of 700 × 1100 px at 1 µm/px: more than one chunk, and levels."""
    root = tmp_path_factory.mktemp("zarr")
    write_slide(root / "slides", "a.tif", [])
    rng = np.random.default_rng(2)
    labels = rng.integers(0, 4, (700, 1100)).astype(np.uint8)
    labels[:, 600:] = 0
    chances = rng.integers(0, 256, (700, 1100, 3)).astype(np.uint8)
    entry = open_project(root / "slides").images[0]
    return write_prediction(root / "out", entry, labels, downsample=2, probabilities=chances)


@pytest.fixture(scope="module")
def written(folder: Path) -> Path:
    return maps_as_zarr(folder)


def test_every_level_is_that_of_the_tiffs(folder: Path, written: Path) -> None:
    assert written == folder / ZARR_NAME
    for name, inner in (
        ("probabilities.tif", written),
        ("classes.tif", written / "labels/classes"),
    ):
        with tifffile.TiffFile(folder / name) as tiff:
            levels = [level.asarray() for level in tiff.series[0].levels]
        assert len(levels) > 1
        group = zarr.open_group(inner, mode="r")
        for number, expected in enumerate(levels):
            np.testing.assert_array_equal(group[str(number)][:], expected.squeeze())


def test_it_says_where_pixels_lie_and_what_channels_are(written: Path) -> None:
    about = json.loads((written / ".zattrs").read_text(encoding="utf-8"))
    (scales,) = about["multiscales"]
    assert [a["name"] for a in scales["axes"]] == ["c", "y", "x"]
    second = scales["datasets"][1]["coordinateTransformations"]
    assert second == [
        {"type": "scale", "scale": [1.0, 2.0, 2.0]},
        {"type": "translation", "translation": [0.0, 0.5, 0.5]},
    ]
    shown = [(c["label"], c["color"]) for c in about["omero"]["channels"]]
    assert shown == [(c.name, "{:02X}{:02X}{:02X}".format(*c.color)) for c in (RED, BLUE, GREEN)
                     if c.color]  # fmt: skip
    inner = json.loads((written / "labels/classes/.zattrs").read_text(encoding="utf-8"))
    found = inner["image-label"]
    assert found["properties"][0] == {"label-value": 1, "class": "Tumor"}
    assert found["colors"][1]["rgba"] == [*TABLE.colors[1], 255]


def test_our_own_reader_opens_it(written: Path) -> None:
    with open_slide(written) as slide:
        assert (slide.width_l0, slide.height_l0) == (1100, 700)
        assert slide.calibration.mpp == pytest.approx(1.0)
        assert [c.name for c in slide.channels] == list(TABLE.names)


def test_maps_that_are_renewed_take_it_away(folder: Path, written: Path) -> None:
    record = PredictionRecord.load(folder)
    with stage_in(folder) as stage:
        publish(stage, folder, record, renewed=("objects.geojson",))
        assert written.is_dir()
        shutil.copy2(folder / "classes.tif", stage)
        publish(stage, folder, record, renewed=("classes.tif",))
        assert not written.exists()
    assert maps_as_zarr(folder).is_dir()
    assert maps_as_zarr(folder).is_dir(), "twice is once"
    assert not list(folder.glob(".maps*"))


def test_without_tiffs_it_is_one_line(tmp_path: Path, folder: Path) -> None:
    (tmp_path / RECORD_NAME).write_bytes((folder / RECORD_NAME).read_bytes())
    with pytest.raises(PredictionError, match=r"no classes\.tif here.*--tiff"):
        maps_as_zarr(tmp_path)

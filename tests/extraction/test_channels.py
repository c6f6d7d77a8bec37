"""Patches of images that are no RGB: TIFF with the channels as they are stored."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest

from hookpath.errors import UsageError
from hookpath.extraction import ExtractConfig, ExtractReport, Magnification, extract_projects
from hookpath.projects import PlaneChoice, open_project
from hookpath.slides import open_slide
from support.multiplex import coded, write_ome, write_strokes

AT = (Magnification.parse("10x"),)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "slides").mkdir()
    write_ome(tmp_path / "slides" / "a.ome.tif", coded(), levels=1, mpp=1.0)
    return tmp_path / "slides"


def extract(folder: Path, **settings: object) -> ExtractReport:
    config = ExtractConfig(AT, size=32, where="all", **settings)  # type: ignore[arg-type]
    return extract_projects([open_project(folder)], folder.parent / "out", config)


def test_chosen_channels_are_written_unscaled_with_their_names(folder: Path) -> None:
    report = extract(folder, image_format="tiff", channels=("CD20", "dapi"))
    assert report.problems == ()
    files = sorted(report.out_dir.rglob("*.tif"))
    assert len(files) == 15
    with open_slide(files[0]) as patch:
        assert [c.name for c in patch.channels] == ["CD20", "DAPI"]
        found = patch.read_level(0, 0, 0, 32, 32)
    x, y = int(found[0, 0, 1]) // 3, 0  # DAPI holds 3 x + y
    assert found.dtype == np.uint16
    wanted = np.moveaxis(coded()[[3, 0], y : y + 32, x : x + 32], 0, -1)
    assert (found == wanted).all()


def test_what_holds_rgb_only_says_so(folder: Path) -> None:
    (problem,) = extract(folder).problems
    assert "no 8-bit RGB image (4 channels of uint16: DAPI, CD8" in problem.message
    assert "--format tiff" in problem.message
    with pytest.raises(UsageError, match="--channels needs --format tiff"):
        extract(folder, channels=("DAPI",))


def stacked(folder: Path, drawn: tuple[int, int]) -> Path:
    """Three z-planes of one channel whose values tell the plane; a stroke on one of them."""
    (folder / "a.ome.tif").unlink()
    pixels = np.stack([coded(1, plane=z) for z in range(3)])
    write_ome(folder / "a.ome.tif", pixels, axes="ZCYX", levels=1, mpp=1.0, names=["DAPI"])
    write_strokes(folder / "a.geojson", {"A": [(0, 0, 64, 32)]}, plane=drawn)
    return folder


def planes_cut(report: ExtractReport) -> dict[str, set[int]]:
    """Image → planes that the values of its patches tell."""
    assert report.problems == ()
    assert report.table is not None
    found: dict[str, set[int]] = {}
    with report.table.open(newline="") as file:
        for row in csv.DictReader(file):
            with open_slide(report.out_dir / row["file"]) as patch:
                corner = int(patch.read_level(0, 0, 0, 1, 1)[0, 0, 0])
            place = 3 * round(float(row["x"])) + round(float(row["y"]))
            found.setdefault(row["image"], set()).add((corner - place) // 40)
    return found


def test_patches_of_what_is_drawn_come_from_its_plane(folder: Path) -> None:
    config = ExtractConfig(AT, size=32, where="labels", image_format="tiff")
    report = extract_projects(
        [open_project(stacked(folder, (2, 0)))], folder.parent / "out", config
    )
    assert planes_cut(report) == {"a.ome.tif (z 2, t 0)": {2}}
    assert sum(record.by_label["A"] for record in report.extracted) == 2


def test_planes_are_chosen_and_stand_in_one_table(folder: Path) -> None:
    stacked(folder, (2, 0))
    first = extract(folder, image_format="tiff")
    assert planes_cut(first) == {"a.ome.tif (z 1, t 0)": {1}}  # the one that QuPath shows first
    report = extract(folder, image_format="tiff", planes=PlaneChoice(z=(0, 2)))
    assert [record.image for record in report.extracted] == [
        "a.ome.tif (z 0, t 0)", "a.ome.tif (z 2, t 0)",
    ]  # fmt: skip
    assert planes_cut(report) == {f"a.ome.tif (z {z}, t 0)": {z} for z in range(3)}
    again = extract(folder, image_format="tiff", planes=PlaneChoice(z="all"))
    assert (len(again.extracted), len(again.resumed)) == (0, 3)
    one = extract(folder, image_format="tiff", images=("a.ome.tif (z 1, t 0)",))
    assert [record.image for record in one.resumed] == ["a.ome.tif (z 1, t 0)"]

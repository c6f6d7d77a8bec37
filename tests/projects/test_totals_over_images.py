"""Many slides at a glance: sums, missing slides in one line, folders that moved, tables."""

from __future__ import annotations

import csv
import dataclasses
import math
from pathlib import Path, PurePosixPath, PureWindowsPath

import pytest

from hookpath.errors import MissingSlideError, UsageError
from hookpath.projects import Remap, Totals, by_project, missing_lines, open_project, write_csv
from hookpath.projects.image_table import write_parquet
from hookpath.projects.path_remapping import common_folder, recorded_path
from hookpath.projects.project_summary import ImageSummary
from support.projects import write_project_file
from support.textures import texture_slide

IMAGES = [
    ImageSummary("a.svs", "1", 10, 20, 0.5, split="train", annotated_mm2={"T": 1.0, "S": 0.5},
                 project="A"),
    ImageSummary("b.svs", "2", 10, 20, 0.5, split="val", annotated_mm2={"T": 2.0}, project="B"),
    ImageSummary("=c.svs", "3", project="B", problem="gone", missing="/old/x/c.svs"),
    ImageSummary("d.svs", "4", project="B", problem="gone", missing="/old/y/d.svs"),
]  # fmt: skip


def test_images_are_summed_up_by_class_and_project() -> None:
    totals = Totals.of(IMAGES)
    assert (totals.images, totals.annotated, totals.unusable, totals.missing) == (4, 2, 2, 2)
    assert (totals.mm2, totals.slides) == ({"T": 3.0, "S": 0.5}, {"T": 2, "S": 1})
    assert totals.splits == {"train": 1, "val": 1, "": 2}
    assert [(name, t.images, t.mm2) for name, t in by_project(IMAGES).items()] == [
        ("A", 1, {"T": 1.0, "S": 0.5}),
        ("B", 3, {"T": 2.0}),
    ]


def test_an_area_that_nobody_can_measure_is_unknown() -> None:
    unknown = ImageSummary("e", "5", annotated_mm2={"T": math.nan})
    assert Totals.of([*IMAGES, unknown]).as_dict()["mm2"] == {"T": None, "S": 0.5}


def test_missing_slides_are_one_line_a_project_with_their_common_folder() -> None:
    alone = [dataclasses.replace(i, project="") for i in IMAGES]
    assert missing_lines(alone) == [
        "2 of 4 slides are not in /old; put them back, or say where that folder is now: "
        "--remap /old=NEW"
    ]
    other = ImageSummary("e", "5", project="C", problem="gone", missing="D:\\s\\e.svs")
    first, second = missing_lines([*IMAGES, other])
    assert first.startswith("B: 2 of 3 slides are not in /old; ")
    assert second.startswith("C: 1 of 1 slide is not in D:\\s; ")
    assert missing_lines(IMAGES[:2]) == []


def test_common_folders() -> None:
    assert common_folder([recorded_path("C:\\a\\b\\c.svs"), recorded_path("C:\\a\\d.svs")]) == (
        PureWindowsPath("C:\\a")
    )
    assert common_folder([PurePosixPath("/a/bc/x.svs"), PurePosixPath("/a/bd/x.svs")]) == (
        PurePosixPath("/a")
    )
    assert common_folder([recorded_path("C:\\a\\b.svs"), recorded_path("/a/b.svs")]) is None


@pytest.mark.parametrize(
    ("recorded", "old"),
    [("/data/old/x/s.tif", "/data/old"), ("D:\\Data\\x\\s.tif", "d:\\data"),
     ("D:\\Data\\x\\s.tif", "D:/Data/")],
)  # fmt: skip
def test_a_folder_that_moved(recorded: str, old: str, tmp_path: Path) -> None:
    remap = Remap.parsed([f"{old}={tmp_path}"])
    assert remap.places(recorded_path(recorded)) == [tmp_path / "x" / "s.tif"]
    assert remap.places(recorded_path("/data/older/x/s.tif")) == []


@pytest.mark.parametrize("given", ["/a", "=/b", "/a=", "/a=/no/such/folder"])
def test_a_wrong_remap_is_one_clear_error(given: str) -> None:
    with pytest.raises(UsageError, match="--remap"):
        Remap.parsed([given])


def test_a_qupath_project_whose_slides_moved(tmp_path: Path) -> None:
    (tmp_path / "now" / "deep").mkdir(parents=True)
    texture_slide(tmp_path / "now" / "deep" / "s.tif", seed=0, size=64)
    server = {"builderType": "uri", "uri": "file:///gone/away/deep/s.tif",
              "providerClassName": "qupath.lib.images.servers.bioformats.X"}  # fmt: skip
    made = write_project_file(tmp_path / "project", [("s.tif", server)])
    with pytest.raises(MissingSlideError, match="--remap OLD=NEW") as failed:
        _ = open_project(made).images[0].slide
    assert failed.value.recorded == "/gone/away/deep/s.tif"
    remap = Remap.parsed([f"/gone/away={tmp_path / 'now'}"])
    slide = open_project(made, remap=remap).images[0].slide
    assert slide.path == tmp_path / "now" / "deep" / "s.tif"


def test_the_table_has_one_line_an_image(tmp_path: Path) -> None:
    write_csv(IMAGES, tmp_path / "t.csv")
    with (tmp_path / "t.csv").open(encoding="utf-8", newline="") as file:
        header, *rows = csv.reader(file)
    assert header[-2:] == ["T mm²", "S mm²"]
    assert [row[-2:] for row in rows] == [["1.0", "0.5"], ["2.0", ""], ["", ""], ["", ""]]
    assert [row[1] for row in rows] == ["a.svs", "b.svs", "'=c.svs", "d.svs"]


def test_parquet_keeps_numbers_numbers(tmp_path: Path) -> None:
    parquet = pytest.importorskip("pyarrow.parquet")
    write_parquet(IMAGES, tmp_path / "t.parquet")
    found = parquet.read_table(tmp_path / "t.parquet").to_pydict()
    assert found["T mm²"] == [1.0, 2.0, None, None]
    assert found["width"] == [10, 10, 0, 0]

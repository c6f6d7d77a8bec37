"""Two files of one slide are reported: by their content, by name and size; others are not."""

from __future__ import annotations

import json
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hookpath.projects import open_project, twin_remarks
from hookpath.slides import SlideRef
from support.scanners import write_dicom, write_mirax
from support.servers import bioformats_server
from support.slides import position_image, write_pyramid
from support.zoo import place_code


def warnings_of(folder: Path) -> list[str]:
    return twin_remarks(open_project(folder).images)


def test_a_copy_under_another_name(tmp_path: Path) -> None:
    path = write_pyramid(tmp_path / "a.tif", place_code(), 0.5)
    shutil.copyfile(path, tmp_path / "b.tif")
    (tmp_path / "c.tif").symlink_to(path)
    write_pyramid(tmp_path / "d.tif", place_code()[::-1], 0.5)
    (line,) = warnings_of(tmp_path)
    assert line.startswith("a.tif, b.tif and c.tif are the same slide (equal files); leave all but")


def test_one_slide_in_two_formats(tmp_path: Path) -> None:
    write_pyramid(tmp_path / "a.tif", place_code(), 0.5)
    write_pyramid(tmp_path / "a.ome.tif", place_code(), 0.5, ome=True)
    write_pyramid(tmp_path / "b.tif", place_code(), None)
    write_pyramid(tmp_path / "b.png.tif", place_code(64, 64), 0.5)
    (line,) = warnings_of(tmp_path)
    assert line.startswith("a.ome.tif and a.tif look like one slide (same name and size); leave")


def test_slides_that_differ(tmp_path: Path) -> None:
    image = place_code()
    write_pyramid(tmp_path / "a.tif", image, 0.5, levels=1)
    other = image.copy()
    other[0, 0] += 1
    write_pyramid(tmp_path / "b.tif", other, 0.5, levels=1)
    assert warnings_of(tmp_path) == []


def test_mirax_slides_with_one_preview(tmp_path: Path) -> None:
    """Their .mrxs files may be the same; the folders say which slide it is."""
    image = position_image(512, 512)
    write_mirax(tmp_path / "a.mrxs", image, (2, 2))
    write_mirax(tmp_path / "b.mrxs", image, (2, 2), mpp=0.25)
    assert warnings_of(tmp_path) == []


@dataclass
class Entry:
    """As much of an image as is looked at."""

    name: str
    slide: SlideRef


def test_series_of_one_file_are_other_slides(tmp_path: Path) -> None:
    """As the scenes of a CZI, which QuPath lists one by one."""
    path = write_pyramid(tmp_path / "a.tif", place_code(), 0.5)
    series = [json.dumps(bioformats_server(path, n)) for n in (0, 1, 1)]
    entries: list[Any] = [
        Entry(f"{number}", SlideRef(path, server=how)) for number, how in enumerate(series)
    ]
    (line,) = twin_remarks(entries)
    assert line.startswith("1 and 2 are the same slide (equal files)")
    assert twin_remarks(entries[:2]) == []


def test_a_line_names_some_of_many(tmp_path: Path) -> None:
    """Two thousand names are no line."""
    path = write_pyramid(tmp_path / "a.tif", place_code(), 0.5)
    entries: list[Any] = [Entry(f"i{number}", SlideRef(path)) for number in range(100)]
    (line,) = twin_remarks(entries)
    assert ", i19 and 80 more are the same slide (" in line


def test_the_files_of_a_dicom_series_one_by_one(tmp_path: Path) -> None:
    """As a QuPath project may hold them; each opens the whole slide."""
    paths = write_dicom(tmp_path, position_image(300, 200), levels=2)
    entries: list[Any] = [Entry(path.name, SlideRef(path)) for path in paths]
    (line,) = twin_remarks(entries)
    assert line.startswith("1-level0.dcm, 1-level1.dcm and 1-label.dcm are the same slide (one")


def test_a_folder_of_dicom_series(tmp_path: Path) -> None:
    """One image each, named after its largest level; annotations beside any of its files."""
    write_dicom(tmp_path, position_image(300, 200), series="a")
    write_dicom(tmp_path, position_image(300, 200), series="b")
    (tmp_path / "b-level1.geojson").write_text('{"type": "FeatureCollection", "features": []}')
    project = open_project(tmp_path)
    assert [entry.name for entry in project.images] == ["a-level0.dcm", "b-level0.dcm"]
    assert [e.annotation_file.name for e in project.images] == [  # type: ignore[attr-defined]
        "a-level0.geojson",
        "b-level1.geojson",
    ]
    assert warnings_of(tmp_path) == []

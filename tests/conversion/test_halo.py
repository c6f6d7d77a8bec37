"""HALO's .annotations: vertices and types of its own."""

from __future__ import annotations

import math
from pathlib import Path

import pytest
from shapely.geometry import box

from hookpath.annotations import PathClass, read_geojson
from hookpath.conversion import ConvertConfig, convert_files, read_imagescope, source_format
from support.annotation_files import halo_file, halo_region


def test_every_type_of_region_is_read(tmp_path: Path) -> None:
    path = halo_file(
        tmp_path / "a.annotations",
        halo_region("Polygon", (0, 0), (100, 0), (100, 100), (0, 100), comment="first"),
        halo_region("Polygon", (10, 10), (20, 10), (20, 20), (10, 20), negative=1),
        halo_region("Rectangle", (200, 100), (300, 50)),
        halo_region("Ellipse", (400, 0), (440, 20)),
        halo_region("Ruler", (0, 0), (50, 0)),
        halo_region("Pin", (7, 8)),
    )
    assert source_format(path) == "imagescope"
    found = read_imagescope(path)
    area, upright, ellipse, ruler, pin = (o.geometry for o in found.objects)
    assert area.equals(box(0, 0, 100, 100).difference(box(10, 10, 20, 20)))
    assert upright.equals(box(200, 50, 300, 100))
    assert ellipse.area == pytest.approx(math.pi * 20 * 10)
    assert (ellipse.centroid.x, ellipse.centroid.y) == pytest.approx((420, 10))
    assert (ruler.length, pin.coords[0]) == (50, (7, 8))
    assert {o.path_class for o in found.objects} == {PathClass("Tumor", (255, 255, 0))}
    assert (found.objects[0].name, found.holes, found.notes) == ("first", 1, [])


def test_it_converts_like_the_other_formats(tmp_path: Path) -> None:
    path = halo_file(tmp_path / "a.annotations", halo_region("Rectangle", (1, 2), (3, 5)))
    (done,) = convert_files([path], tmp_path / "out").converted
    (obj,) = read_geojson(done.path)
    assert obj.geometry.equals(box(1, 2, 3, 5))


@pytest.mark.parametrize("rename", [(), ("Tumor=",)])
def test_a_conversion_that_keeps_nothing_fails_and_writes_nothing(
    tmp_path: Path, rename: tuple[str, ...]
) -> None:
    points = ((1, 2), (3, 5)) if rename else ((1, 1),)
    path = halo_file(tmp_path / "a.annotations", halo_region("Rectangle", *points))
    report = convert_files([path], tmp_path / "out.geojson", ConvertConfig(rename=rename))
    (problem,) = report.problems
    assert "no object is left of it, so nothing is written" in problem.message
    assert problem.code == "nothing_annotated"
    assert not (tmp_path / "out.geojson").exists()

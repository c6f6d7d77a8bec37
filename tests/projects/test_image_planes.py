"""Planes of a stack: what is annotated or predicted on one stays on it."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from shapely import box
from typer.testing import CliRunner

from hookpath.annotations import PathClass, PathObject, read_geojson
from hookpath.annotations.object_planes import on_plane, plane_of
from hookpath.cli.app import app
from hookpath.errors import SlideError, UsageError
from hookpath.projects import (
    ImageEntry,
    PlaneChoice,
    PlaneEntry,
    annotated_planes,
    chosen_planes,
    open_project,
    summarise,
)
from hookpath.projects.image_planes import ALL, parse_indices
from hookpath.projects.object_ownership import TISSUE_RUN
from support.czi import write_czi
from support.multiplex import write_ome, write_strokes
from support.ngff import write_ome_zarr
from support.slides import write_pyramid


@pytest.fixture
def stack(tmp_path: Path) -> Path:
    """Five z-planes of two time points of one channel; strokes on z = 4, t = 1."""
    pixels = np.zeros((2, 5, 1, 64, 64), np.uint16)
    path = write_ome(tmp_path / "a.ome.tif", pixels, axes="TZCYX", levels=1, names=["DAPI"])
    write_strokes(tmp_path / "a.ome.geojson", {"A": [(5, 5, 20, 20)]}, plane=(4, 1))
    return path


def test_objects_tell_their_plane_and_keep_it(stack: Path) -> None:
    (found,) = read_geojson(stack.with_suffix(".geojson"))
    assert plane_of(found) == (4, 1)
    assert plane_of(on_plane(found, (0, 0))) == (0, 0)
    moved = on_plane(PathObject(box(0, 0, 1, 1)), (2, 0))
    assert plane_of(moved) == (2, 0)
    assert on_plane(moved, (2, 0)) is moved


@pytest.mark.parametrize(
    ("z", "t", "planes"),
    [
        (None, None, [(2, 0)]),
        ((0, 3), None, [(0, 0), (3, 0)]),
        (ALL, (1,), [(0, 1), (1, 1), (2, 1), (3, 1), (4, 1)]),
        ((1,), ALL, [(1, 0), (1, 1)]),
    ],
)
def test_planes_are_chosen_by_their_numbers(
    stack: Path, z: tuple[int, ...] | str | None, t: tuple[int, ...] | str | None, planes: list
) -> None:
    (entry,) = open_project(stack).images
    found = chosen_planes(entry, PlaneChoice(z, t))
    assert [v.slide.plane for v in found] == planes
    assert len({v.id for v in found} | {v.name for v in found}) == 2 * len(planes)
    with found[0].slide.open() as slide:
        assert slide.plane == planes[0]


def test_a_plane_that_is_not_there_is_named(stack: Path) -> None:
    (entry,) = open_project(stack).images
    there, missing = chosen_planes(entry, PlaneChoice(t=(0, 2)))
    assert there.description.planes == (5, 2)
    with pytest.raises(SlideError, match=r"a\.ome\.tif: has no plane t = 2 \(0 to 1\)"):
        missing.slide.open()


@pytest.mark.parametrize(
    ("text", "found"),
    [("3", (3,)), ("0, 2-4", (0, 2, 3, 4)), ("2,2-3", (2, 3)), ("All", ALL)],
)
def test_numbers_and_stretches_are_understood(text: str, found: object) -> None:
    assert parse_indices(text, "--z") == found


@pytest.mark.parametrize("text", ["", "a", "-1", "3-1", "1-", "0-999999999", "1.5"])
def test_what_is_no_plane_is_refused(text: str) -> None:
    with pytest.raises(UsageError, match=r"--z .*from 0, as in 3 or 0,2-4, or all"):
        parse_indices(text, "--z")


def test_a_drawing_counts_on_its_plane(stack: Path) -> None:
    (entry,) = open_project(stack).images
    (plane,) = annotated_planes(entry, entry.objects())
    assert isinstance(plane, PlaneEntry)
    assert (plane.plane, plane.name) == ((4, 1), "a.ome.tif (z 4, t 1)")
    assert len(plane.objects()) == len(plane.read().objects) == 1
    assert PlaneEntry(entry, (0, 0)).objects() == []


def test_results_of_one_plane_leave_those_of_the_others(stack: Path) -> None:
    (entry,) = open_project(stack).images
    human = {o.id for o in entry.objects()}

    def write(plane: tuple[int, int], run: str) -> tuple[int, int]:
        found = PathObject(box(*plane, 30, 30), "detection", PathClass("A"))
        report = PlaneEntry(entry, plane).write([found], run)
        return report.added, report.removed

    assert write((0, 0), "run-1") == (1, 0)
    assert write((3, 1), "run-1") == (1, 0)
    assert write((3, 1), "run-1") == (1, 1)
    ours = {plane_of(o): o.geometry.bounds for o in entry.objects() if o.run == "run-1"}
    assert ours == {(0, 0): (0, 0, 30, 30), (3, 1): (3, 1, 30, 30)}
    assert write((2, 0), "run-2") == (1, 2)  # another run takes the place of the earlier one
    assert {plane_of(o) for o in entry.objects() if o.run} == {(2, 0)}
    assert human <= {o.id for o in entry.objects()}


def test_what_other_runs_wrote_on_other_planes_stays_theirs(stack: Path) -> None:
    """Also outlines of tissue, which no run replaces; another plane's are still removed by run."""

    def entry() -> ImageEntry:
        return open_project(stack).images[0]

    def write(plane: tuple[int, int], run: str, keeps: bool = True, beside: bool = False) -> str:
        found = PathObject(box(*plane, 30, 30), "annotation", PathClass("A"))
        PlaneEntry(entry(), plane, keeps=keeps).write([found], run, beside=beside)
        return run

    tissue = write((4, 0), f"{TISSUE_RUN}-1", beside=True)
    for plane, run in (((0, 0), "run-1"), ((3, 1), "run-2"), ((2, 0), "run-3"), ((2, 0), "run-4")):
        write(plane, run)
    runs = {plane_of(o): o.run for o in entry().objects() if o.run}
    assert runs == {(4, 0): tissue, (0, 0): "run-1", (3, 1): "run-2", (2, 0): "run-4"}
    assert entry().remove_results("run-1").removed == 1
    assert write((0, 0), "run-5", beside=True)
    runs = {plane_of(o): o.run for o in entry().objects() if o.run}
    assert runs == {(4, 0): tissue, (0, 0): "run-5", (3, 1): "run-2", (2, 0): "run-4"}


def test_info_tells_channels_and_planes(stack: Path) -> None:
    done = CliRunner().invoke(app, ["info", str(stack)])
    assert done.exit_code == 0, done.output
    assert "a.ome.tif: 1 channel of uint16: DAPI" in done.output
    assert "a.ome.tif: z-planes 0 to 4, time points 0 to 1" in done.output
    (image,) = summarise(open_project(stack))
    assert (image.channels, image.dtype, image.planes) == (("DAPI",), "uint16", (5, 2))


def test_areas_are_counted_plane_by_plane(stack: Path) -> None:
    """The same place on two planes is twice the area; what lies on none is reported."""
    drawing = stack.with_suffix(".geojson")
    features = []
    for plane in ((0, 0), (4, 1), (4, 1), (5, 0)):
        write_strokes(drawing, {"A": [(0, 0, 20, 20)]}, plane=plane)
        features += json.loads(drawing.read_text())["features"]
    drawing.write_text(json.dumps({"type": "FeatureCollection", "features": features}))
    (image,) = summarise(open_project(stack))
    px = (image.spacing_um or 0) ** 2 * 1e-6
    assert image.annotated_mm2["A"] == pytest.approx(800 * px)
    assert [dict(found) for found in image.left_out] == [
        {"class": "A", "count": 1, "mm2": pytest.approx(400 * px), "why": "no_plane"}
    ]
    assert any("that the image does not have" in note for note in image.notes)


def test_a_plane_of_an_image_without_planes_is_reported(tmp_path: Path) -> None:
    write_pyramid(tmp_path / "a.tif", np.zeros((64, 64, 3), np.uint8), 1.0, levels=1)
    write_strokes(tmp_path / "a.geojson", {"A": [(0, 0, 20, 20)]}, plane=(2, 0))
    (image,) = summarise(open_project(tmp_path))
    assert image.annotated_mm2.get("A", 0) == 0
    assert image.left_out[0]["why"] == "no_plane"


def test_stacks_of_every_reader_are_seen_plane_by_plane(tmp_path: Path) -> None:
    pixels = np.zeros((3, 1, 64, 64), np.uint16)
    write_czi(tmp_path / "a.czi", {(0, z, 0): pixels[z, 0] for z in range(3)})
    write_ome_zarr(tmp_path / "b.zarr", pixels, "zcyx", levels=1)
    for entry in open_project(tmp_path).images:
        views = chosen_planes(entry, PlaneChoice(z=ALL))
        assert [view.slide.plane for view in views] == [(0, 0), (1, 0), (2, 0)]
        assert chosen_planes(views[1], PlaneChoice()) == [views[1]]

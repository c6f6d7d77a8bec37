"""What the mouse draws in QuPath's own window, saved by its own menu."""

from __future__ import annotations

from pathlib import Path

import pytest
import shapely
from shapely import wkt

from hookpath.annotations import RUN_TAG, PathClass, PathObject
from hookpath.projects import QuPathProject
from support.qupath import run_in_window
from support.qupath_slides import dump_project, make_project

pytestmark = [pytest.mark.qupath, pytest.mark.timeout(600)]

IMAGE = "falsche µm.tif"


@pytest.fixture(scope="module")
def drawn(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project into one image of which somebody drew, and nothing else."""
    project = make_project(tmp_path_factory.mktemp("window"))
    run_in_window("draw_in_window.groovy", project / "project.qpproj", IMAGE)
    return project


def test_outlines_of_brush_and_wand_are_read_and_kept(drawn: Path) -> None:
    (entry,) = [e for e in QuPathProject(drawn).images if e.name == IMAGE]
    before = dump_project(drawn)
    (seen,) = [i for i in before["images"] if i["name"] == IMAGE]
    found = {o.id: o for o in entry.objects()}
    assert set(found) == {o["id"] for o in seen["objects"]}
    for theirs in seen["objects"]:
        geometry = found[theirs["id"]].geometry
        assert geometry.equals(wkt.loads(theirs["wkt"]))
        assert geometry.area == pytest.approx(theirs["area"], rel=1e-3)
    named = {o.path_class.name: o for o in found.values() if o.path_class}
    assert set(named) == {"Dark", "Pale", "Pale: Saum (größer)", "Ignore*", "Region*"}
    ring, part = sorted(shapely.get_parts(named["Dark"].geometry), key=shapely.area)[::-1]
    assert (len(ring.interiors), len(part.interiors)) == (1, 0)
    assert ring.centroid.distance(shapely.Point(60, 60)) < 1
    assert named["Dark"].locked
    assert len(named["Pale"].geometry.interiors) == 1  # type: ignore[attr-defined]
    assert len(shapely.get_parts(named["Pale: Saum (größer)"].geometry)) > 1
    assert [o["parent"] is not None for o in seen["objects"]].count(True) == 1
    with entry.slide.open() as slide:  # 0.5 in the file, set by hand
        assert slide.calibration.mpp == 1.0

    ours = PathObject(shapely.box(0, 0, 256, 256) - ring, "annotation", PathClass("Pale"))
    assert entry.write([ours], "run-1").added == 1
    after = dump_project(drawn)
    (now,) = [i for i in after["images"] if i["name"] == IMAGE]
    (added,) = [o for o in now["objects"] if RUN_TAG in o["metadata"]]
    assert added["area"] == pytest.approx(ours.geometry.area, rel=1e-3)
    now["objects"].remove(added)
    assert after == before

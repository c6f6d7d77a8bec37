"""The one rule of what teaches: what was drawn, confirmed, or added to a proposal."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import shapely
from shapely.geometry import box
from shapely.geometry.base import BaseGeometry

from hookpath.annotations import PathClass, PathObject, write_geojson
from hookpath.annotations.object_planes import Plane, on_plane
from hookpath.annotations.objects import RUN_TAG, UNCONFIRMED_KEY
from hookpath.errors import ProjectError
from hookpath.projects import CONFIRMED_KEY, EDITED_KEY, open_project, teaching_objects
from hookpath.projects.confirmed_annotations import CONFIRMED_CLASS, ProposedArea, teaching_parts
from hookpath.projects.image_planes import annotated_views
from hookpath.projects.loop_proposals import record_file
from hookpath.projects.object_ownership import tagged
from support.edited import remember
from support.multiplex import write_ome
from support.projects import image_part, write_request
from support.textures import DARK, PALE, texture_slide

PROPOSED = PathObject(box(0, 0, 100, 100), path_class=DARK, id="proposed")
WIDER = box(0, 0, 120, 100)
REGION = PathObject(box(50, 0, 200, 200), path_class=PathClass(CONFIRMED_CLASS))


def edited(geometry: BaseGeometry = WIDER, **other: object) -> PathObject:
    """The proposal after a person changed it, as it is read."""
    changed = replace(PROPOSED, geometry=geometry, metadata={EDITED_KEY: "run"})
    return replace(changed, **other)  # type: ignore[arg-type]


def taught(objects: list[PathObject], said: ProposedArea) -> dict[str, float]:
    """Area that teaches by class, px²."""
    found: dict[str, float] = {}
    for o in teaching_parts(objects, said):
        if o.run is None and UNCONFIRMED_KEY not in o.metadata and o.path_class:
            found[o.path_class.name] = found.get(o.path_class.name, 0.0) + o.geometry.area
    found.pop(CONFIRMED_CLASS, None)
    return found


LOOP = ProposedArea.of([PROPOSED], [])
NO_LOOP = ProposedArea()


def test_where_nothing_was_proposed_all_is_as_it_was() -> None:
    drawn = [PathObject(box(0, 0, 10, 10), path_class=DARK), PathObject(box(0, 0, 5, 5))]
    assert teaching_parts(drawn, NO_LOOP) == drawn


def test_of_a_proposal_that_was_reshaped_what_was_added_counts() -> None:
    assert taught([edited()], LOOP) == {"Dark": pytest.approx(19 * 100)}
    rest = [o for o in teaching_parts([edited()], LOOP) if UNCONFIRMED_KEY in o.metadata]
    assert [o.geometry.area for o in rest] == [pytest.approx(101 * 100)]


def test_what_was_only_made_smaller_teaches_nothing() -> None:
    assert taught([edited(box(0, 0, 60, 100))], LOOP) == {}


def test_a_proposal_of_another_class_now_counts_whole() -> None:
    assert taught([edited(PROPOSED.geometry, path_class=PALE)], LOOP) == {"Pale": 100 * 100}


def test_what_was_locked_or_accepted_counts_whole() -> None:
    assert taught([edited(locked=True)], LOOP) == {"Dark": 120 * 100}
    assert taught([edited(locked=True)], NO_LOOP) == {"Dark": 120 * 100}
    accepted = replace(PROPOSED, metadata={CONFIRMED_KEY: "round 1"})
    assert taught([accepted], LOOP) == {"Dark": 100 * 100}


def test_what_qupath_made_out_of_proposals_is_no_drawing() -> None:
    merged = PathObject(box(0, 0, 100, 130), path_class=DARK)
    assert taught([merged], LOOP) == {"Dark": pytest.approx(29 * 100)}
    assert taught([merged], ProposedArea.of([PROPOSED], [merged.id])) == {"Dark": 130 * 100}


def test_of_a_result_that_no_loop_remembers_only_the_confirmed_part_counts() -> None:
    assert taught([edited()], NO_LOOP) == {}
    assert taught([edited(), REGION], NO_LOOP) == {"Dark": pytest.approx(70 * 100)}


def test_results_in_a_confirmed_area_count_below_what_was_drawn() -> None:
    result = tagged([PROPOSED], "run")[0]
    drawn = PathObject(box(50, 0, 100, 50), path_class=PALE)
    assert taught([result, drawn, REGION], NO_LOOP) == {"Dark": 50 * 50, "Pale": 50 * 50}
    kept = [o for o in teaching_parts([result, REGION], NO_LOOP) if o.metadata.get(RUN_TAG)]
    assert kept == [result]


def test_lines_and_detections_pass() -> None:
    line = PathObject(shapely.LineString([(0, 0), (50, 50)]), path_class=DARK)
    cell = PathObject(box(0, 0, 9, 9), object_type="detection", path_class=DARK)
    assert teaching_parts([line, cell], LOOP) == [line, cell]


@pytest.mark.parametrize("kind", ["folder", "exchange"])
def test_the_projects_own_loop_is_found(kind: str, tmp_path: Path) -> None:
    texture_slide(tmp_path / "a.tif", seed=0)
    run = tagged([PROPOSED], "run")[0]
    annotations = tmp_path / "a.geojson"
    write_geojson(annotations, [replace(run, geometry=WIDER)])
    remember(tmp_path / "hookpath" / "loop", "a.tif", [PROPOSED])
    source = tmp_path
    if kind == "exchange":
        part = image_part("a.tif", tmp_path / "a.tif", annotations=str(annotations))
        project = {"name": "P", "images": [part], "loop": str(tmp_path / "hookpath" / "loop")}
        source = write_request(tmp_path / "job", "train", project)
    (entry,) = open_project(source).images
    parts = teaching_objects(entry)
    assert [UNCONFIRMED_KEY in o.metadata for o in parts] == [False, True]
    assert parts[0].geometry.area == pytest.approx(19 * 100)


@pytest.mark.parametrize(("plane", "teaches"), [((0, 0), 30 * 30 + 10 * 20), ((1, 0), 9 * 20)])
def test_what_was_proposed_on_one_plane_says_nothing_of_another(
    plane: Plane, teaches: float, tmp_path: Path
) -> None:
    """A loop without a choice of planes works on the one that QuPath shows first: the middle."""
    write_ome(tmp_path / "a.ome.tif", np.zeros((3, 1, 64, 64), np.uint16), axes="ZCYX", names=["x"])
    proposed = PathObject(box(0, 0, 30, 30), path_class=DARK, id="proposed")
    drawn = PathObject(box(0, 0, 30, 30).union(box(30, 0, 40, 20)), path_class=DARK, id="drawn")
    write_geojson(tmp_path / "a.ome.geojson", [on_plane(drawn, plane)])
    remember(tmp_path / "hookpath" / "loop", "a.ome.tif", [on_plane(proposed, (1, 0))])
    (entry,) = open_project(tmp_path).images
    (view,) = annotated_views(entry, entry.objects())
    area = sum(o.geometry.area for o in teaching_objects(view) if UNCONFIRMED_KEY not in o.metadata)
    assert area == pytest.approx(teaches)


def test_a_damaged_record_of_the_loop_is_an_error_not_a_guess(tmp_path: Path) -> None:
    texture_slide(tmp_path / "a.tif", seed=0)
    write_geojson(tmp_path / "a.geojson", [PROPOSED])
    remember(tmp_path / "hookpath" / "loop", "a.tif", [PROPOSED])
    record_file(tmp_path / "hookpath" / "loop", "a.tif").write_text("{")
    with pytest.raises(ProjectError, match="restore it from a copy of the loop"):
        teaching_objects(open_project(tmp_path).images[0])

"""Predictions beside a drawing: the file that a person drew in is not written to."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
import shapely
from shapely.geometry import box

from hookpath.annotations import (
    PathClass,
    PathObject,
    is_hand_drawn,
    read_geojson,
    write_geojson,
)
from hookpath.projects import (
    FolderEntry,
    FolderProject,
    open_project,
    summarise,
    teaching_objects,
)
from hookpath.projects.backups import backups_of
from hookpath.projects.confirmed_annotations import CONFIRMED_CLASS
from hookpath.projects.object_ownership import tagged
from support.textures import texture_slide
from support.viewer import export_from_qupath

TUMOR, STROMA = PathClass("Tumor"), PathClass("Stroma")
DRAWN = PathObject(box(0, 0, 10, 10), path_class=TUMOR, id="drawn")


def predicted(*sides: int, name: PathClass = STROMA) -> list[PathObject]:
    """Squares in a row, of these sides (px)."""
    return [PathObject(box(50 * i, 50, 50 * i + s, 50 + s), path_class=name) for i, s in
            enumerate(sides)]  # fmt: skip


@pytest.fixture
def slide(tmp_path: Path) -> Path:
    """A slide with one square annotated on it."""
    path = texture_slide(tmp_path / "a.tif", seed=0)
    write_geojson(tmp_path / "a.geojson", [DRAWN])
    return path


def entry_of(slide: Path) -> FolderEntry:
    (entry,) = FolderProject(slide.parent).images
    return entry


def runs(slide: Path) -> list[str | None]:
    return [o.run for o in entry_of(slide).objects()]


def test_a_prediction_leaves_the_drawing_s_file_byte_for_byte(slide: Path) -> None:
    drawing = slide.with_suffix(".geojson")
    before = (drawing.read_bytes(), drawing.stat().st_mtime_ns)
    for run in ("one", "two", "three"):
        entry_of(slide).write(predicted(20, 30), run)
    assert (drawing.read_bytes(), drawing.stat().st_mtime_ns) == before
    assert runs(slide) == [None, "three", "three"]
    names = {p.name for p in slide.parent.iterdir()}
    assert names == {"a.tif", "a.geojson", "a.tif.hookpath.geojson"}


def test_the_results_file_opens_in_qupath_as_any_other(slide: Path) -> None:
    entry_of(slide).write(predicted(20), "one")
    content = json.loads(entry_of(slide).results_file.read_text("utf-8"))
    assert content["type"] == "FeatureCollection"
    (feature,) = content["features"]
    assert feature["properties"]["classification"] in ("Stroma", {"name": "Stroma"})


def test_predictions_in_the_drawing_s_file_are_read_until_newer_ones_replace_them(
    slide: Path,
) -> None:
    drawing = slide.with_suffix(".geojson")
    write_geojson(drawing, [DRAWN, *tagged(predicted(20, 30, 40), "old")])
    kept = drawing.read_bytes()
    assert runs(slide) == [None, "old", "old", "old"]
    assert summarise(FolderProject(slide))[0].results == 3
    done = entry_of(slide).write(predicted(25), "new")
    assert (done.added, done.removed, done.backup) == (1, 3, None)
    assert done.note == (
        "a.tif: 3 earlier predictions stay in a.geojson, which is a person's file; those in "
        "a.tif.hookpath.geojson are shown in their place"
    )
    assert drawing.read_bytes() == kept
    assert runs(slide) == [None, "new"]
    assert entry_of(slide).write(predicted(25), "newer").note == ""


def test_a_run_that_predicts_nothing_replaces_what_was_there(slide: Path) -> None:
    drawing = slide.with_suffix(".geojson")
    write_geojson(drawing, [DRAWN, *tagged(predicted(20), "old")])
    assert entry_of(slide).write([], "new").removed == 1
    assert runs(slide) == [None]


def test_what_was_deleted_in_qupath_stays_deleted(slide: Path) -> None:
    entry_of(slide).write(predicted(20, 30, 40), "one")
    export_from_qupath(slide, lambda found: found[:-1])
    assert runs(slide) == [None, "one", "one"]
    entry_of(slide).write(predicted(20, 30, 40), "two")
    assert runs(slide) == [None, "two", "two", "two"]


def test_a_stroke_drawn_without_the_predictions_leaves_them(slide: Path) -> None:
    entry_of(slide).write(predicted(20, 30), "one")
    export_from_qupath(slide)
    entry_of(slide).write(predicted(21, 31), "two")
    drawing = slide.with_suffix(".geojson")
    write_geojson(drawing, [*read_geojson(drawing), replace(DRAWN, id="another")])
    assert runs(slide) == [None, None, "two", "two"]


def test_what_was_changed_in_qupath_is_the_person_s(slide: Path) -> None:
    entry_of(slide).write(predicted(20, 30), "one")

    def reclassify(found: list[PathObject]) -> list[PathObject]:
        return [o if o.run is None else replace(o, path_class=TUMOR) for o in found]

    export_from_qupath(slide, reclassify)
    assert runs(slide) == [None, None, None]
    entry_of(slide).write(predicted(5), "two")
    assert runs(slide) == [None, None, None, "two"]


def test_what_was_changed_in_the_results_file_stays_and_is_backed_up(slide: Path) -> None:
    entry_of(slide).write(predicted(20, 30), "one")
    path = entry_of(slide).results_file
    first, second = read_geojson(path)
    write_geojson(path, [replace(first, path_class=TUMOR), second])
    done = entry_of(slide).write(predicted(5), "two")
    assert (done.removed, backups_of(path)) == (1, [done.backup])
    assert runs(slide) == [None, None, "two"]


@pytest.mark.parametrize("imported", [True, False])
def test_only_what_a_person_saw_is_confirmed(slide: Path, imported: bool) -> None:
    """An area of the drawing cannot confirm predictions that the drawing never had."""
    entry_of(slide).write(predicted(20), "one")
    area = PathObject(box(0, 40, 200, 200), path_class=PathClass(CONFIRMED_CLASS))
    if imported:
        export_from_qupath(slide, lambda found: [*found, area])
    else:
        write_geojson(slide.with_suffix(".geojson"), [DRAWN, area])
    annotated = [o for o in teaching_objects(entry_of(slide)) if is_hand_drawn(o)]
    areas = {o.path_class.name: o.geometry.area for o in annotated if o.path_class}
    assert areas.get("Stroma") == (400 if imported else None)
    (image,) = summarise(open_project(slide))
    reported = [found["class"] for found in image.left_out if found["why"] == "unseen"]
    assert reported == ([] if imported else ["Stroma"])
    assert any("not in the file of the drawing" in n for n in image.notes) is not imported


def test_removing_takes_results_out_of_both_files(slide: Path) -> None:
    drawing = slide.with_suffix(".geojson")
    write_geojson(drawing, [DRAWN, *tagged(predicted(20, 30), "old")])
    entry_of(slide).write(predicted(25), "new")
    done = entry_of(slide).remove_results()
    assert (done.removed, runs(slide)) == (1, [None])
    assert backups_of(drawing) == [done.backup]
    assert shapely.equals(read_geojson(drawing)[0].geometry, DRAWN.geometry)


def test_a_record_that_is_none_says_nothing(slide: Path) -> None:
    path = entry_of(slide).results_file
    write_geojson(path, tagged(predicted(20), "one"))
    for record in ('"hookpath": 3', '"hookpath": {"replaced": 7, "known": {"a": 1}}'):
        text = path.read_text("utf-8")
        path.write_text(text.replace('"features"', f'{record}, "features"', 1), "utf-8")
        assert runs(slide) == [None, "one"]
        path.write_text(text, "utf-8")


@pytest.mark.parametrize("length", [200, 251])
def test_a_slide_of_a_very_long_name_has_its_files_beside_it(slide: Path, length: int) -> None:
    """What would follow the name is more than a file system takes."""
    for path in (slide, slide.with_suffix(".geojson")):
        if length < 251 or path == slide:
            path.rename(path.with_name("x" * length + path.suffix))
    assert len(runs(slide)) == (length < 251)
    for side in (5, 6):
        entry = entry_of(slide)
        entry.write(predicted(side), "run")
        assert [o.geometry.area for o in entry.objects() if o.run] == [side**2]
    kept = replace(DRAWN, geometry=box(0, 0, 3, 3), id="kept")
    entry = entry_of(slide)
    write_geojson(entry.results_file, [*read_geojson(entry.results_file), kept])
    entry = entry_of(slide)
    entry.objects()
    entry.write(predicted(7), "run")
    assert len(backups_of(entry.results_file)) == 1
    assert 9.0 in [o.geometry.area for o in entry_of(slide).objects() if o.run is None]
    assert not any("predictions" in said for said, _ in FolderProject(slide.parent).remarks())

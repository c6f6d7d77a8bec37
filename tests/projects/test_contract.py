"""What every store promises; runs on all of them."""

from __future__ import annotations

import dataclasses
import errno
import os
import shutil
from pathlib import Path
from typing import Any

import pytest
from shapely.geometry import MultiPolygon, Polygon, box

from hookpath.annotations import RUN_TAG, PathClass, PathObject, object_to_feature
from hookpath.errors import ProjectError, WriteRefusedError
from hookpath.projects import SPLIT_KEY, ImageEntry, Project
from hookpath.projects.backups import KEPT_BACKUPS, backups_of
from support.projects import (
    HEIGHT,
    HUMAN,
    MPP,
    OTHER_NAME,
    SLIDE_NAME,
    WIDTH,
    Store,
    snapshot,
    take_over,
    traced_outlines,
)
from support.viewer import export_from_qupath

PREDICTED = PathClass("Nekrose", (11, 22, 33))


def results(n: int = 2, object_type: str = "detection") -> list[PathObject]:
    """Squares with a hole, side 20 px."""
    shapes = [box(x := 40 * i, 400, x + 20, 420) - box(x + 5, 405, x + 10, 410) for i in range(n)]
    return [
        PathObject(s, object_type, PREDICTED, measurements={"Area µm^2": 93.75, "Probability": 0.5})
        for s in shapes
    ]


def first(store: Store) -> ImageEntry:
    return store.open().images[0]


def human(entry: ImageEntry) -> dict[str, PathObject]:
    return {o.id: o for o in entry.objects() if o.run is None}


def ours(entry: ImageEntry) -> list[PathObject]:
    return [o for o in entry.objects() if o.run is not None]


# --- reading


def test_is_a_project_with_its_images(store: Store) -> None:
    project = store.open()
    assert isinstance(project, Project)
    assert [e.name for e in project.images] == [SLIDE_NAME, OTHER_NAME]
    assert all(isinstance(e, ImageEntry) for e in project.images)
    assert len({e.id for e in project.images}) == 2
    assert [e.id for e in project.images] == [e.id for e in store.open().images]


def test_slide_opens_with_its_size_and_spacing(store: Store) -> None:
    with first(store).slide.open() as slide:
        assert (slide.width_l0, slide.height_l0) == (WIDTH, HEIGHT)
        assert slide.calibration.mpp == pytest.approx(MPP, rel=1e-4)


def test_reads_what_the_person_drew(store: Store) -> None:
    found = human(first(store))
    assert set(found) == {f["id"] for f in HUMAN}
    area, parts, plain, line, points, plane, cell = (found[f["id"]] for f in HUMAN)
    assert area.geometry.area == 100 * 80 - 20 * 10
    assert isinstance(area.geometry, Polygon)
    assert len(area.geometry.interiors) == 1
    assert area.path_class == PathClass("Tumor", (200, 10, 20))
    assert (area.name, area.locked) == ("größter Herd", True)
    assert isinstance(parts.geometry, MultiPolygon)
    assert parts.geometry.area == 50 * 50 + 20 * 50
    assert parts.metadata["reader"] == "A"
    assert (plain.path_class, plain.locked) == (None, False)
    assert line.geometry.length == 50
    assert len(points.geometry.geoms) == 2  # type: ignore[attr-defined]
    assert plane.extra["geometry"]["plane"]["z"] == 2
    assert plane.path_class == PathClass("Tumor: Positive", (90, 0, 90))
    assert cell.object_type == "detection"
    assert cell.measurements == {"Area µm^2": 25.0, "Mean": 0.125}


def test_image_nobody_annotated_has_no_objects(store: Store) -> None:
    assert store.open().images[1].objects() == []


def test_reading_writes_nothing(store: Store) -> None:
    before = snapshot(store.root)
    project = store.open()
    for entry in project.images:
        entry.objects()
        with entry.slide.open():
            assert isinstance(dict(entry.metadata), dict)
    assert project.classes is not None
    project.close()
    assert snapshot(store.root) == before


def test_wrong_paths_are_one_clear_error(store: Store, tmp_path: Path) -> None:
    from hookpath.projects import open_project

    (tmp_path / "empty").mkdir()
    (tmp_path / "notes.txt").write_text("hello")
    for source in ("missing", "empty", "notes.txt"):
        with pytest.raises(ProjectError, match=source):
            open_project(tmp_path / source)


def test_an_image_is_a_value(store: Store) -> None:
    project = store.open()
    entry = project.images[0]
    read = project.read(entry.id)
    assert (read.id, read.name, read.slide) == (entry.id, entry.name, entry.slide)
    assert {o.id for o in read.objects} == {f["id"] for f in HUMAN}
    assert read.crop == (0, 0, WIDTH, HEIGHT)
    assert read.calibration is not None
    assert read.calibration.mpp == pytest.approx(MPP, rel=1e-4)
    assert read.identity == entry.slide.identity()
    before = list(read.objects)
    entry.set_metadata({SPLIT_KEY: "val"})
    entry.write(results(), "run-1")
    assert (dict(read.metadata), list(read.objects)) == ({}, before)
    assert project.read(entry.id).metadata == {SPLIT_KEY: "val"}
    with pytest.raises(dataclasses.FrozenInstanceError):
        read.name = "another"  # type: ignore[misc]


def test_a_write_goes_by_what_was_read(store: Store) -> None:
    project = store.open()
    read = project.read(project.images[0].id)
    first(store).write(results(), "somebody-else")
    assert len(project.images[0].objects()) > len(read.objects)  # a later look
    with project.changes() as changes:
        with pytest.raises(WriteRefusedError, match="changed since it was read"):
            changes.write(read, results(), "run-1")
        assert changes.write(project.read(read.id), results(), "run-1").removed == 2
        assert changes.remove_results(read.id).removed == 2


def test_all_writes_of_a_command_have_one_backup(store: Store) -> None:
    if store.kind != "qupath":
        return  # what a person drew in is never written to
    path = store.data_file()
    before = path.read_bytes()
    project = store.open()
    with project.changes():
        for run in ("run-1", "run-2", "run-3"):
            backup = project.images[0].write(results(), run).backup
    assert backups_of(path) == [backup]
    assert backup is not None
    assert backup.read_bytes() == before
    listed = store.root / "classifiers" / "classes.json"
    assert len(backups_of(listed)) == 1
    assert PREDICTED.name in listed.read_text(encoding="utf-8")
    assert PREDICTED.name not in backups_of(listed)[0].read_text(encoding="utf-8")


# --- writing


@pytest.mark.parametrize("object_type", ["detection", "annotation"])
def test_results_come_back_as_written(store: Store, object_type: str) -> None:
    entry = first(store)
    written = results(object_type=object_type)
    report = entry.write(written, "run-1")
    assert (report.added, report.removed) == (2, 0)
    found = {o.id: o for o in ours(first(store))}
    assert set(found) == {o.id for o in written}
    for o in written:
        again = found[o.id]
        assert again.run == "run-1"
        assert again.object_type == object_type
        assert again.path_class == PREDICTED
        assert again.measurements == o.measurements
        assert again.geometry.equals(o.geometry)


@pytest.mark.parametrize("object_type", ["detection", "annotation"])
def test_jagged_outlines_keep_every_vertex(store: Store, object_type: str) -> None:
    """A re-run must know them again: what looks edited would stay for ever."""
    measured = {"Area µm^2": 12.5}
    written = [
        PathObject(p, object_type, PREDICTED, measurements=measured) for p in traced_outlines()
    ]
    first(store).write(written, "run-1")
    found = {o.id: o for o in ours(first(store))}
    assert [found[o.id].geometry.equals(o.geometry) for o in written] == [True] * len(written)
    assert [found[o.id].measurements for o in written] == [measured] * len(written)
    assert first(store).write([], "run-2").removed == len(written)


def test_removing_a_run_leaves_the_others(store: Store) -> None:
    first(store).write(results(2), "run-1")
    other = [dataclasses.replace(o, metadata={RUN_TAG: "run-2"}) for o in results(3)]
    store.import_features([object_to_feature(o) for o in other])
    assert first(store).remove_results("run-1").removed == 2
    assert {o.id for o in ours(first(store))} == {o.id for o in other}
    assert first(store).remove_results().removed == 3


def test_human_work_is_left_as_it_was(store: Store) -> None:
    before = human(first(store))
    first(store).write(results(), "run-1")
    first(store).write(results(), "run-2")
    first(store).remove_results()
    assert human(first(store)) == before


def test_a_new_run_replaces_the_old(store: Store) -> None:
    first(store).write(results(3), "run-1")
    report = first(store).write(results(2), "run-2")
    assert (report.added, report.removed) == (2, 3)
    assert {o.run for o in ours(first(store))} == {"run-2"}
    assert len(ours(first(store))) == 2


def test_two_runs_can_stand_side_by_side(store: Store) -> None:
    entry = first(store)
    entry.write(results(3), "run-1")
    report = entry.write(results(2), "run-2", beside=True)
    assert (report.added, report.removed) == (2, 0)
    assert sorted(str(o.run) for o in ours(first(store))) == ["run-1"] * 3 + ["run-2"] * 2
    again = entry.write(results(1), "run-2", beside=True)
    assert (again.added, again.removed) == (1, 2)
    assert sorted(str(o.run) for o in ours(first(store))) == ["run-1"] * 3 + ["run-2"]


def test_writing_twice_is_writing_once(store: Store) -> None:
    entry, written = first(store), results()
    entry.write(written, "run-1")
    once = first(store).objects()
    entry.write(written, "run-1")
    assert first(store).objects() == once


def test_image_without_a_data_file_gets_one(store: Store) -> None:
    entry = store.open().images[1]
    report = entry.write(results(), "run-1")
    assert (report.added, report.removed) == (2, 0)
    assert len(ours(store.open().images[1])) == 2


def test_the_file_before_is_kept(store: Store) -> None:
    path = store.data_file()
    before = path.read_bytes()
    report = first(store).write(results(), "run-1")
    if store.kind != "qupath":  # what a person drew in is never written to
        assert (report.backup, path.read_bytes()) == (None, before)
        return
    assert report.backup is not None
    assert report.backup.read_bytes() == before
    assert report.backup.name.startswith(f"{path.name}.hookpath-")
    more = [first(store).write(results(), f"run-{i}").backup for i in range(KEPT_BACKUPS + 2)]
    assert backups_of(path)[-KEPT_BACKUPS:] == more[-KEPT_BACKUPS:]
    assert backups_of(path)[0] == report.backup  # the first of the day


def test_removes_one_run_or_all(store: Store) -> None:
    first(store).write(results(), "run-1")
    assert first(store).remove_results("another").removed == 0
    assert first(store).remove_results("run-1").removed == 2
    assert ours(first(store)) == []
    unchanged = store.data_file().read_bytes()
    assert first(store).remove_results().backup is None
    assert store.data_file().read_bytes() == unchanged


def test_refuses_when_the_file_changed_since_it_was_read(store: Store) -> None:
    entry = first(store)
    entry.objects()
    first(store).write(results(), "somebody-else")
    theirs = store.data_file().read_bytes()
    with pytest.raises(WriteRefusedError, match="changed since it was read"):
        entry.write(results(), "run-1")
    assert store.data_file().read_bytes() == theirs
    entry.objects()  # look again: then it may
    assert entry.write(results(), "run-1").removed == 2


def test_a_touched_file_has_not_changed(store: Store) -> None:
    entry = first(store)
    entry.objects()
    os.utime(store.data_file())
    assert entry.write(results(), "run-1").added == 2


def test_refuses_results_with_the_id_of_human_work(store: Store) -> None:
    stolen = dataclasses.replace(results(1)[0], id=HUMAN[0]["id"])
    before = store.hashes()
    with pytest.raises(WriteRefusedError, match=HUMAN[0]["id"]):
        first(store).write([stolen], "run-1")
    assert store.hashes() == before


def test_what_a_person_corrected_is_the_persons(store: Store) -> None:
    first(store).write(results(3, "annotation"), "run-1")
    moved, renamed, _ = ours(first(store))
    corrected = [
        dataclasses.replace(moved, geometry=moved.geometry.buffer(2)),
        dataclasses.replace(renamed, path_class=PathClass("Tumor", (200, 10, 20))),
    ]
    correct_in_place(store, corrected)
    entry = first(store)
    assert {moved.id, renamed.id} <= set(human(entry))
    report = entry.write(results(1, "annotation"), "run-2")
    assert report.removed == 1
    assert {moved.id, renamed.id} <= set(human(first(store)))


@pytest.mark.parametrize("step", ["fill", "rename"])
def test_a_failure_midway_leaves_everything_as_it_was(
    store: Store, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    entry = first(store)
    entry.objects()
    before = store.hashes()

    def full(*_: Any, **__: Any) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    if step == "fill":
        monkeypatch.setattr("hookpath.atomic_files._flush", full)
    elif store.kind == "exchange":  # no backup there; the index comes last
        monkeypatch.setattr("hookpath.projects.request_store.result_index.write_json", full)
    elif store.kind == "folder":  # nor there, where nothing of a person is in the results
        monkeypatch.setattr(Path, "replace", full)
    else:
        monkeypatch.setattr(shutil, "copy2", full)
    with pytest.raises(
        ProjectError, match=r"No space left on device.*nothing was changed.*free some space"
    ):
        entry.write(results(), "run-1")
    monkeypatch.undo()
    assert store.hashes() == before
    assert entry.write(results(), "run-1").added == 2


def test_what_is_marked_read_only_can_be_read_and_is_one_clear_error_to_write(
    store: Store,
) -> None:
    before = store.hashes()
    folder = store.results_folder()
    folder.chmod(0o555)
    try:
        entry = first(store)
        assert len(entry.objects()) == len(HUMAN)
        with pytest.raises(ProjectError, match=r"read-only.*--out"):
            entry.write(results(), "run-1")
    finally:
        folder.chmod(0o755)
    assert store.hashes() == before


def test_metadata_in_a_read_only_project_is_one_clear_error(store: Store) -> None:
    before = store.hashes()
    store.root.chmod(0o555)
    try:
        with pytest.raises(ProjectError, match="read-only"):
            first(store).set_metadata({SPLIT_KEY: "val"})
    finally:
        store.root.chmod(0o755)
    assert store.hashes() == before


# --- metadata


def test_metadata_is_set_and_removed(store: Store) -> None:
    first(store).set_metadata({SPLIT_KEY: "val", "Färbung": "H&E"})
    assert dict(first(store).metadata) == {SPLIT_KEY: "val", "Färbung": "H&E"}
    assert dict(store.open().images[1].metadata) == {}
    first(store).set_metadata({SPLIT_KEY: None, "missing": None})
    assert dict(first(store).metadata) == {"Färbung": "H&E"}


def test_metadata_leaves_objects_and_slides_alone(store: Store) -> None:
    before = first(store).objects()
    slide = first(store).slide
    first(store).set_metadata({SPLIT_KEY: "test"})
    assert first(store).objects() == before
    assert first(store).slide == slide


def correct_in_place(store: Store, changed: list[PathObject]) -> None:
    """Do what a person does in the viewer: change objects, keep everything else about them."""
    by_id = {o.id: o for o in changed}
    if store.kind == "exchange":
        take_over(store, lambda o: _as_stored(o, by_id))
        return
    if store.kind == "folder":
        export_from_qupath(
            store.root / SLIDE_NAME, lambda found: [_as_stored(o, by_id) for o in found]
        )
        return
    from support.projects import edit_with_qupath

    edit_with_qupath(store.root, by_id)


def _as_stored(o: PathObject, changed: dict[str, PathObject]) -> PathObject:
    new = changed.get(o.id)
    if new is None:
        return o
    return dataclasses.replace(o, geometry=new.geometry, path_class=new.path_class)

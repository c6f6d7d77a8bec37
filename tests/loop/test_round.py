"""A whole round on every kind of project: propose, correct, accept, train again."""

from __future__ import annotations

import json
import math

import pytest
import shapely
from shapely.geometry import box

from hookpath import atomic_files
from hookpath.annotations import PathClass, PathObject
from hookpath.errors import LoopError, UsageError
from hookpath.loop import (
    CHECK_CLASS,
    CONFIRMED_CLASS,
    Choice,
    LoopFolder,
    State,
    Truth,
    accept,
    choose_next,
    find_entry,
    overview,
    plot_rounds,
    propose,
    retrain,
)
from hookpath.loop.ground_truth.training_view import truth_of
from hookpath.loop.state.image_records import CONFIRMED_AREA_KEY, ROUND_KEY, STATE_KEY, WORTH_KEY
from hookpath.loop.state.loop_folder import LOOP_FILE
from hookpath.projects import CONFIRMED_KEY, SPLIT_KEY
from hookpath.projects.object_ownership import TISSUE_RUN
from support.loops import SIZE, LoopStore, reshaped
from support.textures import DARK, PALE, texture_objects
from support.training import Recorder


def propose_on(store: LoopStore, image: int) -> list[PathObject]:
    """Proposals on an image, as the project holds them."""
    folder = LoopFolder(store.loop)
    with store.project() as project:
        report = propose(folder, project, [project.images[image]])
        assert not report.problems
    return [o for o in store.objects(image) if o.run]


def accept_on(store: LoopStore, image: int, *regions: str, whole: bool = False):
    folder = LoopFolder(store.loop)
    with store.project() as project:
        return accept(folder, project, project.images[image], regions, whole)


def truth_on(store: LoopStore, image: int) -> Truth:
    with store.project() as project:
        return Truth.load(LoopFolder(store.loop).truth_file(project.images[image].id))


def test_a_loop_cannot_begin_where_nothing_can_be_read_and_says_why(
    folder_store: LoopStore,
) -> None:
    for path in folder_store.root.glob("*.tif"):
        path.with_suffix(".geojson").write_text("{")
    with pytest.raises(LoopError, match=r"no image of it can be used; the first, s0\.tif: .*JSON"):
        folder_store.begin()


def test_all_that_a_loop_begins_with_is_on_the_disk_before_it_has_begun(
    folder_store: LoopStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    flushed: dict[str, bool] = {}
    begun = folder_store.loop / LOOP_FILE
    note = lambda path: flushed.setdefault(path.name, begun.exists())  # noqa: E731
    monkeypatch.setattr(atomic_files, "_flush", note)
    folder_store.begin()
    assert {p.name for p in (folder_store.loop / "images").iterdir()} <= flushed.keys()
    assert not any(flushed.values())
    assert begun.is_file()


def test_a_whole_round(store: LoopStore) -> None:
    folder = store.begin()
    assert [store.metadata(i)[STATE_KEY] for i in range(4)] == [
        "corrected", "corrected", "todo", "todo",
    ]  # fmt: skip
    proposed = propose_on(store, 2)
    assert folder.round == 1
    assert {o.path_class.name for o in proposed if o.path_class} == {"Dark", "Pale"}
    assert all(o.object_type == "annotation" and not o.locked for o in proposed)
    assert store.metadata(2)[STATE_KEY] == "proposed"
    assert store.metadata(0)[STATE_KEY] == "trained"

    done = accept_on(store, 2, whole=True)
    assert done.correction is not None
    assert done.correction.left_as_it_was
    assert sum(done.labelled_mm2.values()) == pytest.approx(
        sum(o.geometry.area for o in proposed) * 1e-6, rel=1e-3
    )
    assert store.metadata(2)[STATE_KEY] == "corrected"
    assert store.metadata(2)[CONFIRMED_AREA_KEY] == "whole slide"
    own = [o for o in store.objects(2) if CONFIRMED_KEY in o.metadata]
    assert {o.id for o in own} == {o.id for o in proposed}
    assert all(o.run is None for o in own)

    with store.project() as project:
        found = retrain(folder, project)
        assert found.round == folder.round == 2
        assert found.warm
        assert project.images[2].id in found.slides["train"]
    assert store.metadata(2) == {
        **store.metadata(2), STATE_KEY: "trained", ROUND_KEY: "2",
    }  # fmt: skip
    with store.project() as project:
        values = overview(folder, project)
    json.dumps(values, allow_nan=False)
    assert values["counts"] == {"todo": 1, "proposed": 0, "corrected": 0, "trained": 3}
    assert [r["round"] for r in values["rounds"]] == [1, 2]
    assert values["rounds"][0]["corrections"]["dice"] == {"Dark": 1.0, "Pale": 1.0}


def test_only_a_confirmed_region_teaches(store: LoopStore) -> None:
    store.begin()
    propose_on(store, 2)
    region = PathObject(
        box(0, 0, SIZE, 64), path_class=PathClass(CONFIRMED_CLASS), name="upper strip"
    )
    store.correct(2, lambda objects: [*objects, region])
    before = {o.id for o in store.objects(2) if o.run}
    done = accept_on(store, 2)
    assert done.confirmed_mm2 == pytest.approx(SIZE * 64 * 1e-6)
    shown = truth_on(store, 2)
    assert all(f.geometry.within(region.geometry.buffer(1e-6)) for f in shown.facts)
    # Proposals that reach out of the region stay proposals.
    assert before & {o.id for o in store.objects(2) if o.run}


def test_outlines_of_tissue_stay_where_something_is_accepted(store: LoopStore) -> None:
    tissue = PathObject(box(0, 0, SIZE, SIZE), path_class=PathClass("Tissue"))
    with store.project() as project:
        project.images[0].objects()
        project.images[0].write([tissue], TISSUE_RUN, beside=True)
    store.begin()
    accept_on(store, 0)
    assert [o.run for o in store.objects(0) if o.id == tissue.id] == [TISSUE_RUN]
    assert {f.path_class.name for f in truth_on(store, 0).facts} == {"Dark", "Pale"}


def test_a_network_that_learns_no_classes_begins_no_loop(folder_store: LoopStore) -> None:
    with pytest.raises(LoopError, match="learns no classes"):
        folder_store.begin("family=scale")
    assert not folder_store.loop.exists()


def test_lines_teach_the_loop_as_they_do_training(folder_store: LoopStore) -> None:
    line = PathObject(shapely.LineString([(20, 50), (120, 50)]), path_class=DARK)
    folder_store.correct(0, lambda _: [line])
    folder = folder_store.begin("labels.line_width_um=20")
    with folder_store.project() as project:
        entry = project.images[0]
        record = folder.record(entry)
        assert record.state == State.CORRECTED
        pixel_um2 = entry.description.known_calibration().area_um2(1.0)
        (fact,) = truth_of(folder, entry, record).facts
        assert fact.path_class.name == DARK.name
        # A band with round ends (of 64 straight pieces) about the line.
        width = 20 / pixel_um2**0.5
        expected = 100 * width + math.pi * (width / 2) ** 2
        assert fact.geometry.area == pytest.approx(expected, rel=2e-3)
        assert record.labelled_mm2[DARK.name] == pytest.approx(expected * pixel_um2 / 1e6, rel=2e-3)


def test_nothing_confirmed_is_an_error_and_changes_nothing(store: LoopStore) -> None:
    store.begin()
    propose_on(store, 2)
    with pytest.raises(LoopError, match="untouched proposals teach nothing"):
        accept_on(store, 2)
    with pytest.raises(UsageError, match="'nowhere'"):
        accept_on(store, 2, "nowhere")
    assert store.metadata(2)[STATE_KEY] == "proposed"
    assert truth_on(store, 2) == Truth()


def test_a_brush_stroke_teaches_the_stroke(store: LoopStore) -> None:
    store.begin()
    propose_on(store, 2)
    stroke = box(100, 100, 160, 120)

    def paint(objects: list[PathObject]) -> list[PathObject]:
        dark = max((o for o in objects if o.path_class == DARK), key=lambda o: o.geometry.area)
        grown = reshaped(dark, dark.geometry.union(stroke))
        return [grown if o.id == dark.id else o for o in objects]

    store.correct(2, paint)
    done = accept_on(store, 2)
    assert done.confirmed_mm2 == 0
    (fact,) = truth_on(store, 2).facts
    assert (fact.because, fact.path_class.name) == ("touched", "Dark")
    assert fact.geometry.within(stroke.buffer(0.1))
    assert done.correction.reshaped == 1


def edited(store: LoopStore, image: int) -> bool | None:
    with store.project() as project:
        found = overview(LoopFolder(store.loop), project, changes=True)
    known: bool | None = found["images"][image]["edited"]
    return known


def test_what_is_changed_after_accepting_is_noticed(store: LoopStore) -> None:
    store.begin()
    propose_on(store, 2)
    assert not edited(store, 2)  # waits for a person anyway
    accept_on(store, 2, whole=True)
    assert not edited(store, 0)
    assert not edited(store, 2)
    store.correct(2, lambda objects: [o for o in objects if o.path_class != DARK])
    assert edited(store, 2)
    seen = Recorder()
    with store.project() as project:
        retrain(LoopFolder(store.loop), project, seen)
    assert [w for w in seen.warnings if "changed after it was accepted" in w] == [
        w for w in seen.warnings if "s2" in w
    ]
    assert len([w for w in seen.warnings if "s2" in w]) == 1
    accept_on(store, 2, whole=True)
    assert not edited(store, 2)


def test_an_area_marked_as_confirmed_after_accepting_is_noticed(store: LoopStore) -> None:
    store.begin()
    propose_on(store, 2)

    def confirm(top: int) -> None:
        region = PathObject(box(0, top, SIZE, top + 40), path_class=PathClass(CONFIRMED_CLASS))
        store.correct(2, lambda objects: [*objects, region])

    confirm(0)
    accept_on(store, 2)
    assert not edited(store, 2)
    confirm(100)
    assert edited(store, 2)


def test_a_round_teaches_the_corrected_not_the_proposed(folder_store: LoopStore) -> None:
    """Where a person said Pale, training gets Pale, whatever was proposed."""
    store = folder_store
    folder = store.begin()
    propose_on(store, 2)
    store.correct(2, lambda _: [PathObject(box(0, 0, SIZE, SIZE), path_class=PALE)])
    accept_on(store, 2, whole=True)
    assert truth_on(store, 2).area_l0() == {"Pale": SIZE * SIZE}
    with store.project() as project:
        retrain(folder, project)
    run = json.loads((folder.round_folder(2).run / "run.json").read_text(encoding="utf-8"))
    assert sorted(s["name"] for s in run["data"]["slides"]) == ["s0.tif", "s1.tif", "s2.tif"]


def test_untouched_slides_do_not_reach_training(folder_store: LoopStore) -> None:
    store = folder_store
    folder = store.begin()
    for image in (2, 3):
        propose_on(store, image)
    with store.project() as project:
        found = retrain(folder, project)
    assert sorted(i for ids in found.slides.values() for i in ids) == ["s0.tif", "s1.tif"]


def test_validation_slides_stay_validation_slides(folder_store: LoopStore) -> None:
    """A model that starts from an earlier one must not be measured on what that one learned."""
    store = folder_store
    folder = store.begin()
    propose_on(store, 2)
    with store.project() as project:
        first = [folder.record(e).part for e in project.images]
        accept(folder, project, project.images[2], whole=True)
        retrain(folder, project)
        second = [folder.record(e).part for e in project.images]
    assert sorted(p for p in first[:2] if p) == ["train", "val"]
    assert second[:2] == first[:2]
    assert second[2] == "train"


def test_proposing_again_keeps_what_was_confirmed(store: LoopStore) -> None:
    folder = store.begin()
    propose_on(store, 2)
    strip = PathObject(box(0, 0, SIZE, 64), path_class=PathClass(CONFIRMED_CLASS), name="strip")
    store.correct(2, lambda objects: [*objects, strip])
    accept_on(store, 2)
    known = truth_on(store, 2)
    again = propose_on(store, 2)
    shapes = [o.geometry for o in again if o.path_class in (DARK, PALE)]
    assert shapes
    assert all(s.intersection(strip.geometry).area < 1 for s in shapes)
    own = [o for o in store.objects(2) if CONFIRMED_KEY in o.metadata]
    assert sum(o.geometry.area for o in own) == pytest.approx(
        sum(known.area_l0().values()), rel=1e-3
    )
    with store.project() as project:
        assert folder.record(project.images[2]).state is State.PROPOSED


def test_a_region_confirmed_before_the_proposals_gets_none(folder_store: LoopStore) -> None:
    """Or they would count as confirmed though nobody has seen them."""
    store = folder_store
    store.begin()
    region = PathObject(box(0, 0, SIZE, 64), path_class=PathClass(CONFIRMED_CLASS))
    store.correct(2, lambda objects: [*objects, region])
    proposed = propose_on(store, 2)
    assert proposed
    assert all(o.geometry.intersection(region.geometry).area < 1 for o in proposed)
    with pytest.raises(LoopError, match="untouched proposals"):
        accept_on(store, 2)


def test_human_work_is_never_touched(store: LoopStore) -> None:
    store.begin()
    mine = PathObject(box(10, 10, 60, 60), path_class=PathClass("Necrosis", (1, 2, 3)), name="mine")
    store.correct(2, lambda objects: [*objects, mine])
    propose_on(store, 2)
    accept_on(store, 2, whole=True)
    propose_on(store, 2)
    found = next(o for o in store.objects(2) if o.id == mine.id)
    assert found.geometry.equals(mine.geometry)
    assert (found.name, found.run, dict(found.metadata)) == ("mine", None, {})


def test_what_a_person_says_about_the_split_wins(folder_store: LoopStore) -> None:
    store = folder_store
    folder = store.begin()
    heard = Recorder()
    with store.project() as project:
        first = retrain(folder, project)
        learned = next(e for e in project.images if e.id == first.slides["train"][0])
        other = next(e for e in project.images if e.id == first.slides["val"][0])
        learned.set_metadata({SPLIT_KEY: "val"})
        other.set_metadata({SPLIT_KEY: "train"})
        second = retrain(folder, project, heard)
    assert second.slides["val"] == [learned.id]
    assert any("earlier rounds learned from it" in w for w in heard.warnings)


def test_test_slides_are_left_alone(folder_store: LoopStore) -> None:
    store = folder_store
    folder = store.begin()
    with store.project() as project:
        project.images[2].set_metadata({SPLIT_KEY: "test"})
        report = propose(folder, project, count=5)
        assert [p.name for p in report.proposed] == ["s3.tif"]
        with pytest.raises(LoopError, match="no image is left"):
            propose(folder, project)
        with pytest.raises(LoopError, match=r"no image is left .*test images"):
            choose_next(folder, project)


def test_one_bad_slide_does_not_stop_the_others(folder_store: LoopStore) -> None:
    store = folder_store
    folder = store.begin()
    (store.root / "s2.tif").write_bytes(b"no slide")
    with store.project() as project:
        report = propose(folder, project, count=2)
    assert [p.image for p in report.problems] == ["s2.tif"]
    assert [p.name for p in report.proposed] == ["s3.tif"]


def test_what_is_drawn_at_the_start_is_measured_at_once(folder_store: LoopStore) -> None:
    folder = folder_store.begin()
    with folder_store.project() as project:
        areas = [folder.record(entry).labelled_mm2 for entry in project.images]
    annotated = {
        o.path_class.name: pytest.approx(o.geometry.area * 1e-6, rel=1e-6)
        for o in texture_objects(SIZE)
        if o.path_class
    }
    assert areas == [annotated, annotated, {}, {}]


def test_begun_once(folder_store: LoopStore) -> None:
    folder_store.begin()
    with pytest.raises(LoopError, match="has begun"):
        folder_store.begin()


def test_a_loop_that_begins_with_a_model_proposes_at_once(folder_store: LoopStore) -> None:
    with folder_store.project() as project:
        trained = retrain(folder_store.begin(), project)
    model = folder_store.loop.rename(folder_store.loop.with_name("before")) / "rounds/01/run/model"
    folder = folder_store.begin(model=model)
    assert folder.round == 1
    assert propose_on(folder_store, 2)
    assert not (folder.round_folder(1).run / "run.json").exists()
    with folder_store.project() as project:
        learned = {i for part, ids in trained.slides.items() for i in ids if part == "train"}
        assert {e.id for e in project.images if folder.record(e).part == "train"} == learned
        found = retrain(folder, project)
        assert (found.round, found.warm) == (2, True)
        assert [r["round"] for r in overview(folder, project)["rounds"]] == [1, 2]


def test_a_loop_begins_with_no_exported_model_and_then_with_none(folder_store: LoopStore) -> None:
    with folder_store.project() as project:
        model = retrain(folder_store.begin(), project).model
    (model / "weights.safetensors").rename(model / "model.onnx")
    aside = folder_store.loop.rename(folder_store.loop.with_name("before"))
    with pytest.raises(LoopError, match="exported model cannot be trained on"):
        folder_store.begin(model=aside / "rounds/01/run/model")
    assert not folder_store.loop.exists()


def test_images_by_id_and_name(folder_store: LoopStore) -> None:
    with folder_store.project() as project:
        assert find_entry(project, "s1.tif").name == "s1.tif"
        with pytest.raises(UsageError, match="s9"):
            find_entry(project, "s9.tif")


def test_a_stopped_round_is_gone_on_with(folder_store: LoopStore) -> None:
    """Whatever was there when training was killed: the round comes out, and data may change."""
    store = folder_store
    folder = store.begin()
    with store.project() as project:
        retrain(folder, project)
        target = folder.round_folder(1)
        target.result_file.unlink()
        assert folder.round == 0
        assert retrain(folder, project).round == 1
        target.result_file.unlink()
    more = PathObject(box(200, 0, 210, 10), path_class=PALE)
    store.correct(0, lambda objects: [*objects, more])
    with store.project() as project:
        retrain(folder, project)
    assert (target.path / "run-stopped-1").is_dir()
    assert plot_rounds(folder) == folder.root / "rounds.png"


def test_next_ranks_and_shows_where_to_look(store: LoopStore) -> None:
    folder = store.begin()
    proposed = propose_on(store, 3)
    choice = Choice(regions=2, region_um=40)
    with store.project() as project:
        report = choose_next(folder, project, count=1, choice=choice)
        names = {e.id: e.name for e in project.images}
    assert [names[w.id] for w in report.ranked] == ["s2.tif"]
    assert float(store.metadata(2)[WORTH_KEY]) == pytest.approx(report.ranked[0].worth)
    checks = [o for o in store.objects(2) if o.run]
    assert [o.name for o in checks] == [r["name"] for r in report.regions[report.ranked[0].id]]
    assert checks
    assert all(o.path_class and o.path_class.name == CHECK_CLASS for o in checks)
    # On a slide that was proposed the proposals stay, and a rectangle may be confirmed by name.
    with store.project() as project:
        choose_next(folder, project, [project.images[3]], choice=choice)
    there = {o.id for o in store.objects(3) if o.run}
    assert {o.id for o in proposed} <= there
    done = accept_on(store, 3, "1")
    assert done.confirmed_mm2 == pytest.approx(40 * 40 * 1e-6, rel=0.05)
    assert not [o for o in store.objects(3) if o.name == "1" and o.run]

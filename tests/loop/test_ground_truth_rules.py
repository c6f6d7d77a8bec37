"""What may teach: drawn, confirmed or touched area, and never a proposal that nobody touched."""

from __future__ import annotations

from pathlib import Path

import pytest
import shapely
from shapely.geometry import box

from hookpath.annotations import RUN_TAG, UNKNOWN_MARK, PathClass, PathObject
from hookpath.loop import Truth
from hookpath.loop.ground_truth.disjoint_areas import seen_pieces
from hookpath.loop.ground_truth.ground_truth_rules import (
    SLACK_PX,
    Evidence,
    Fact,
    accepted,
    drawn_ids,
    drawn_truth,
)
from hookpath.projects import EDITED_KEY

TUMOR, STROMA = PathClass("Tumor"), PathClass("Stroma")
NOTHING = shapely.Polygon()
PAGE = box(0, 0, 1000, 1000)

#: What was proposed: a blob of tumour inside stroma.
BLOB = PathObject(box(100, 100, 300, 300), path_class=TUMOR)
GROUND = PathObject(box(0, 0, 500, 500) - box(100, 100, 300, 300), path_class=STROMA)


def ours(o: PathObject) -> PathObject:
    return changed(o, metadata={RUN_TAG: "hookpath-loop-01"})


def edited(o: PathObject, **members: object) -> PathObject:
    """As a store hands over a result that a person changed: theirs, with a mark."""
    return changed(o, metadata={EDITED_KEY: "hookpath-loop-01"}, **members)


def changed(o: PathObject, **members: object) -> PathObject:
    return PathObject(**{**vars(o), **members})  # type: ignore[arg-type]


def accept(*objects: PathObject, before: Truth | None = None, **evidence: object) -> Truth:
    values = {"drawn_ids": frozenset(), "said": [BLOB, GROUND], "area": NOTHING, **evidence}
    return accepted(before or Truth(), Evidence(objects=objects, **values))  # type: ignore[arg-type]


def reasons(truth: Truth) -> set[tuple[str, str]]:
    return {(f.path_class.name, f.because) for f in truth.facts}


def area_of(truth: Truth, name: str) -> float:
    return truth.area_l0().get(name, 0.0)


# --- untouched proposals


def test_untouched_proposals_teach_nothing() -> None:
    assert accept(ours(BLOB), ours(GROUND)).facts == ()


def test_a_nudged_proposal_teaches_only_what_was_added() -> None:
    grown = edited(BLOB, geometry=box(100, 100, 400, 300))
    truth = accept(grown, ours(GROUND))
    assert reasons(truth) == {("Tumor", "touched")}
    assert area_of(truth, "Tumor") == (100 - SLACK_PX) * 200


def test_a_proposal_made_smaller_teaches_nothing() -> None:
    assert accept(edited(BLOB, geometry=box(100, 100, 200, 300)), ours(GROUND)).facts == ()


def test_rounding_of_vertices_teaches_nothing() -> None:
    moved = shapely.transform(BLOB.geometry, lambda xy: xy + 0.02)
    assert accept(edited(BLOB, geometry=moved)).facts == ()


def test_merged_split_and_copied_proposals_teach_nothing() -> None:
    """QuPath gives the new objects new ids and no metadata: they look drawn."""
    merged = PathObject(box(0, 0, 500, 500), path_class=STROMA)
    said = [GROUND, PathObject(box(100, 100, 300, 300), path_class=STROMA)]
    half = PathObject(box(100, 100, 200, 300), path_class=TUMOR)
    assert accept(merged, said=said).facts == ()
    assert accept(half).facts == ()


def test_what_earlier_rounds_said_does_not_become_a_fact_later() -> None:
    """A blob of round 1 that was nudged stays in the project; round 2 proposed elsewhere."""
    blob = edited(BLOB, geometry=box(100, 100, 310, 300))
    later = PathObject(box(600, 600, 700, 700), path_class=TUMOR)
    truth = accept(blob, ours(later), said=[BLOB, later])
    assert area_of(truth, "Tumor") == (10 - SLACK_PX) * 200


def test_edited_results_of_other_runs_teach_nothing() -> None:
    other = PathObject(box(700, 700, 900, 900), path_class=TUMOR)
    assert accept(edited(other, geometry=box(700, 700, 905, 900))).facts == ()
    assert drawn_truth([edited(other)]).facts == ()
    assert drawn_ids([edited(other), GROUND]) == (GROUND.id,)


# --- what a person says


def test_another_class_is_a_person_s_word() -> None:
    truth = accept(edited(BLOB, path_class=STROMA), ours(GROUND))
    assert reasons(truth) == {("Stroma", "touched")}
    # Of the blob, what the proposed stroma around it (and the slack) does not reach.
    assert area_of(truth, "Stroma") == (200 - 2 * SLACK_PX) ** 2


def test_locking_an_object_confirms_it() -> None:
    truth = accept(edited(BLOB, locked=True), ours(GROUND))
    assert reasons(truth) == {("Tumor", "confirmed")}
    assert area_of(truth, "Tumor") == 200 * 200


def test_new_area_counts_and_so_does_what_was_there_before() -> None:
    new = PathObject(box(600, 600, 700, 700), path_class=TUMOR)
    old = PathObject(box(800, 800, 900, 900), path_class=STROMA)
    truth = accept(ours(BLOB), new, old, drawn_ids=frozenset({old.id}))
    assert reasons(truth) == {("Tumor", "touched"), ("Stroma", "drawn")}
    assert truth.area_l0() == {"Tumor": 100 * 100, "Stroma": 100 * 100}


def test_a_confirmed_region_takes_all_that_it_shows_and_no_more() -> None:
    truth = accept(ours(BLOB), ours(GROUND), area=box(0, 0, 200, 200))
    assert reasons(truth) == {("Tumor", "confirmed"), ("Stroma", "confirmed")}
    assert truth.area_l0() == {"Tumor": 100 * 100, "Stroma": 200 * 200 - 100 * 100}
    assert truth.confirmed.area == 200 * 200


def test_the_rest_of_a_confirmed_area_may_be_a_class() -> None:
    truth = accept(ours(BLOB), area=box(0, 0, 400, 400), said=[BLOB], rest=STROMA)
    assert truth.area_l0() == {"Tumor": 200 * 200, "Stroma": 400 * 400 - 200 * 200}


def test_an_ignored_area_is_a_class_of_its_own_where_confirmed() -> None:
    fold = PathObject(box(150, 150, 250, 250), path_class=PathClass("Ignore*"))
    truth = accept(ours(BLOB), fold, area=box(0, 0, 400, 400), rest=STROMA)
    assert truth.area_l0() == {
        "Tumor": 40_000 - 10_000,
        "Stroma": 160_000 - 40_000,
        "Ignore*": 10_000,
    }


def test_what_is_marked_as_unknown_stays_unknown_even_where_confirmed() -> None:
    fold = PathObject(box(150, 150, 250, 250), path_class=PathClass(UNKNOWN_MARK))
    over = PathObject(box(180, 180, 190, 190), path_class=STROMA)
    truth = accept(ours(BLOB), fold, over, area=box(0, 0, 400, 400), rest=STROMA)
    assert truth.area_l0() == {"Tumor": 40_000 - 10_000, "Stroma": 160_000 - 40_000}


def test_a_person_s_work_lies_above_proposals_whatever_the_sizes() -> None:
    wide = PathObject(box(50, 50, 450, 450), path_class=STROMA)
    truth = accept(ours(BLOB), wide, area=PAGE)
    assert truth.area_l0() == {"Stroma": 400 * 400}


def test_facts_never_overlap() -> None:
    inner = PathObject(box(150, 150, 170, 170), path_class=STROMA)
    truth = accept(ours(BLOB), ours(GROUND), inner, area=box(0, 0, 220, 220))
    shapes = [f.geometry for f in truth.facts]
    assert shapely.union_all(shapes).area == pytest.approx(sum(s.area for s in shapes))


# --- over time


def test_what_was_confirmed_stays_where_nothing_new_is_said() -> None:
    first = accept(ours(BLOB), ours(GROUND), area=box(0, 0, 200, 200))
    stroma = PathObject(box(0, 0, 100, 50), path_class=TUMOR)
    second = accept(stroma, before=first, said=[], area=box(0, 0, 100, 100))
    # Of the first: tumour beyond (100, 100), stroma in two strips; of the second: what it shows.
    assert second.area_l0() == {"Tumor": 100 * 100 + 100 * 50, "Stroma": 2 * 100 * 100}
    assert second.confirmed.area == 200 * 200


def test_touched_area_is_judged_anew_each_time() -> None:
    new = PathObject(box(600, 600, 700, 700), path_class=TUMOR)
    first = accept(new)
    assert area_of(accept(before=first), "Tumor") == 0
    assert area_of(accept(new, before=first), "Tumor") == 100 * 100


def test_truth_comes_back_from_disk(tmp_path: Path) -> None:
    truth = Truth(
        (Fact(box(0, 0, 10, 10), TUMOR, "touched"), Fact(box(20, 0, 30, 10), STROMA, "confirmed")),
        box(15, 0, 40, 40),
    )
    path = tmp_path / "images" / "a.geojson"
    truth.save(path)
    found = Truth.load(path)
    assert [(f.geometry.area, f.path_class.name, f.because) for f in found.facts] == [
        (100, "Tumor", "touched"), (100, "Stroma", "confirmed"),
    ]  # fmt: skip
    assert found.confirmed.equals(truth.confirmed)
    assert Truth.load(tmp_path / "none.geojson") == Truth()


def test_labels_of_a_person_only() -> None:
    """The view that training gets holds facts, none of them with our tag."""
    truth = accept(ours(BLOB), ours(GROUND), area=PAGE)
    assert all(o.run is None and o.object_type == "annotation" for o in truth.objects())


def test_of_two_equal_areas_the_later_one_is_seen_as_training_reads_them() -> None:
    square = box(0, 0, 10, 10)
    objects = [PathObject(square, path_class=c) for c in (TUMOR, STROMA)]
    (piece,) = seen_pieces(objects)
    assert piece.path_class == STROMA

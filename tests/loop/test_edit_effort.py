"""Metrics of a correction, on rectangles whose areas and lengths can be worked out by hand."""

from __future__ import annotations

import dataclasses

import pytest
import shapely
from shapely.geometry import box

from hookpath.annotations import RUN_TAG, PathClass, PathObject
from hookpath.geometry import Calibration
from hookpath.loop.ground_truth.edit_effort import Sums, measure

TUMOR, STROMA = PathClass("Tumor"), PathClass("Stroma")
MM = Calibration.square(1000.0)  # 1 px is 1 mm; the slack of 2 µm is nothing
PAGE = box(-1000, -1000, 2000, 2000)
OURS = {RUN_TAG: "hookpath-loop-01"}

A = PathObject(box(0, 0, 100, 100), path_class=TUMOR, metadata=OURS)
B = PathObject(box(200, 0, 300, 100), path_class=TUMOR, metadata=OURS)
C = PathObject(box(400, 0, 500, 100), path_class=STROMA, metadata=OURS)


def by_hand(o: PathObject, **changes: object) -> PathObject:
    return dataclasses.replace(o, metadata={}, **changes)  # type: ignore[arg-type]


def test_left_as_it_was() -> None:
    found = measure([A, B, C], [A, B, C], PAGE, MM)
    assert found.left_as_it_was
    assert found.dice == {"Stroma": 1, "Tumor": 1}
    assert (found.changed_mm2, found.drawn_mm, found.saved) == (0, 0, 1)
    assert found.outline_mm == pytest.approx(1200)
    assert (found.kept, found.removed, found.added) == (3, 0, 0)


def test_reshaped_reclassified_removed_added() -> None:
    new = PathObject(box(600, 0, 700, 100), path_class=STROMA)
    now = [by_hand(A, geometry=box(0, 0, 150, 100)), by_hand(C, path_class=TUMOR), new]
    found = measure([A, B, C], now, PAGE, MM)
    assert (found.reshaped, found.reclassified, found.removed, found.added, found.kept) == (
        1, 1, 1, 1, 0,
    )  # fmt: skip
    assert found.proposed_mm2 == {"Tumor": 20_000, "Stroma": 10_000}
    assert found.corrected_mm2 == {"Tumor": 25_000, "Stroma": 10_000}
    assert found.overlap_mm2 == {"Tumor": 10_000, "Stroma": 0}
    assert found.dice == {"Tumor": 20_000 / 45_000, "Stroma": 0}
    # Grown by 5000; C under another name; B gone; the new one.
    assert found.changed_mm2 == pytest.approx(5_000 + 10_000 + 10_000 + 10_000)
    assert not found.left_as_it_was


def test_only_outlines_that_moved_had_to_be_drawn() -> None:
    found = measure([A], [by_hand(A, geometry=box(0, 0, 150, 100))], PAGE, MM)
    assert found.outline_mm == pytest.approx(500)
    # Two sides longer by 50, and the right side of 100.
    assert found.drawn_mm == pytest.approx(200, abs=0.1)
    assert found.saved == pytest.approx(0.6, abs=1e-3)


def test_nothing_outside_the_confirmed_area_counts() -> None:
    now = [by_hand(A, geometry=box(0, 0, 100, 50)), B]
    found = measure([A, B], now, box(180, -20, 320, 120), MM)
    assert found.dice == {"Tumor": 1}
    assert (found.kept, found.reshaped, found.changed_mm2) == (1, 0, 0)
    assert found.compared_mm2 == 140 * 140


def test_the_edge_of_the_confirmed_area_is_no_outline() -> None:
    found = measure([A], [A], box(-50, -50, 50, 150), MM)
    # Left side 100, and half of the top and of the bottom.
    assert found.outline_mm == pytest.approx(200, abs=0.1)


def test_without_a_confirmed_area_only_objects_are_counted() -> None:
    found = measure([A], [by_hand(A, geometry=box(0, 0, 150, 100))], shapely.Polygon(), MM)
    assert (found.reshaped, found.outline_mm, dict(found.dice)) == (1, 0, {})
    assert found.saved is None


def test_sums_over_images() -> None:
    sums = Sums()
    one = measure([A], [by_hand(A, geometry=box(0, 0, 150, 100))], PAGE, MM)
    two = measure([B], [B], PAGE, MM)
    for found in (one, two):
        sums.add({**vars(found), "left_as_it_was": found.left_as_it_was})
    values = sums.as_dict()
    assert (sums.images, sums.untouched) == (2, 1)
    assert values["dice"] == {"Tumor": 2 * 20_000 / (20_000 + 25_000)}
    assert values["saved"] == pytest.approx(1 - 200 / 900, abs=1e-3)

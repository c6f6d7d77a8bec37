"""What the loop gives back to a project of what a person confirmed there."""

from __future__ import annotations

from shapely.geometry import box

from hookpath.annotations import PathClass, PathObject
from hookpath.loop.ground_truth.ground_truth_rules import Fact, Truth
from hookpath.loop.steps.project_writer import missing_from

PALE = PathClass("Pale")


def test_what_no_outline_shows_comes_back_whatever_its_size() -> None:
    truth = Truth((Fact(box(0, 0, 3, 64), PALE, "confirmed"),))
    (back,) = missing_from(truth, [], least_l0=2000)
    assert (back.geometry.area, back.path_class) == (192, PALE)


def test_slivers_beside_an_outline_do_not() -> None:
    truth = Truth((Fact(box(0, 0, 64, 64), PALE, "confirmed"),))
    annotated = PathObject(box(1, 0, 64, 64), path_class=PALE)
    assert missing_from(truth, [annotated], least_l0=2000) == []
    half = PathObject(box(0, 0, 32, 64), path_class=PALE)
    (back,) = missing_from(truth, [half], least_l0=2000)
    assert back.geometry.equals(box(32, 0, 64, 64))


def test_only_what_was_confirmed_is_given_back() -> None:
    truth = Truth((Fact(box(0, 0, 64, 64), PALE, "drawn"),))
    assert missing_from(truth, [], least_l0=1) == []
    assert len(missing_from(truth, [], least_l0=1, every=True)) == 1

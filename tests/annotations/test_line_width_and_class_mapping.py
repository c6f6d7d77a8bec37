"""Lines and points as areas, derived classes folded."""

from __future__ import annotations

import math

import pytest
from shapely.geometry import LineString, MultiPoint, Point, box

from hookpath.annotations import RUN_TAG, LabelRules, PathClass, PathObject
from hookpath.geometry import Calibration

TUMOR = PathClass("Tumor", (200, 0, 0))
HALF_UM = Calibration.square(0.5)
WIDE = LabelRules(line_width_um=20)


def drawn_as(name: str) -> PathObject:
    return PathObject(box(0, 0, 9, 9), path_class=PathClass(name))


def widened(obj: PathObject, pixel: Calibration = HALF_UM) -> PathObject:
    (found,) = WIDE.applied([obj], lambda: pixel)
    return found


def test_a_line_becomes_a_band_of_that_width_with_round_ends() -> None:
    found = widened(PathObject(LineString([(100, 100), (300, 100)]), path_class=TUMOR))
    assert found.path_class == TUMOR
    assert found.geometry.bounds == pytest.approx((80, 80, 320, 120))
    assert found.geometry.area == pytest.approx(200 * 40 + math.pi * 20**2, rel=2e-3)


def test_points_become_discs_of_that_diameter() -> None:
    one = widened(PathObject(Point(50, 60), path_class=TUMOR)).geometry
    assert one.bounds == pytest.approx((30, 40, 70, 80))
    two = widened(PathObject(MultiPoint([(0, 0), (100, 0)]), path_class=TUMOR)).geometry
    assert two.area == pytest.approx(2 * one.area)


def test_pixels_need_not_be_square() -> None:
    found = widened(PathObject(Point(0, 0), path_class=TUMOR), Calibration(0.5, 2.0)).geometry
    assert found.bounds == pytest.approx((-20, -5, 20, 5))


def test_areas_results_and_detections_stay_and_the_slide_is_not_asked() -> None:
    line = LineString([(0, 0), (9, 9)])
    objects = [
        PathObject(box(0, 0, 9, 9), path_class=TUMOR),
        PathObject(line, path_class=TUMOR, metadata={RUN_TAG: "r"}),
        PathObject(line, path_class=TUMOR, object_type="detection"),
    ]

    def nobody() -> Calibration:
        raise AssertionError

    assert WIDE.applied(objects, nobody) == objects
    assert LabelRules().applied([PathObject(line)], nobody)[0].geometry == line


def test_without_a_pixel_size_lines_stay_lines() -> None:
    obj = PathObject(LineString([(0, 0), (9, 9)]), path_class=TUMOR)
    assert WIDE.applied([obj], lambda: None) == [obj]


def test_derived_classes_are_folded_but_not_what_is_of_no_interest() -> None:
    names = ["Tumor: Positive", "Tumor", "Tumor: Boundary*", "Region: unknown*", "Ignore*"]
    annotated = [PathObject(box(0, 0, 1, 1), path_class=PathClass(n)) for n in names]
    found = LabelRules(fold_derived=True).applied(annotated, lambda: None)
    assert [o.path_class.name for o in found if o.path_class] == ["Tumor", *names[1:]]


def test_classes_that_count_as_another() -> None:
    rules = LabelRules(rename={" Non-tumor ": "Other"})
    found = rules.applied(
        [drawn_as("Non-tumor"), drawn_as("Tumor"), drawn_as("Non-tumor: x")], lambda: None
    )
    assert [o.path_class.name for o in found if o.path_class] == ["Other", "Tumor", "Non-tumor: x"]
    both = LabelRules(rename={"A: x": "B: y"}, fold_derived=True)
    (folded,) = both.applied([drawn_as("A: x")], lambda: None)
    assert folded.path_class == PathClass("B")
    with pytest.raises(ValueError, match="a class has a name"):
        LabelRules(rename={"A": " "})

"""Which names are classes, which of interest, which mark a region, and what that does to areas."""

from __future__ import annotations

import pytest
from shapely.geometry import Polygon, box

from hookpath.annotations import (
    UNKNOWN_MARK,
    ClassTable,
    LabelSource,
    PathClass,
    PathObject,
    base_class,
    class_names_in,
    is_of_interest,
    is_unknown_mark,
    is_usable_class,
)
from hookpath.geometry import Region


def annotated(name: str, geometry: Polygon) -> PathObject:
    return PathObject(geometry, path_class=PathClass(name))


def labels_of(*objects: PathObject) -> LabelSource:
    return LabelSource(objects, ClassTable.of(class_names_in(objects)))


def areas(*objects: PathObject) -> dict[str, float]:
    """By class, as reported; what is rasterised must agree."""
    labels = labels_of(*objects)
    raster = labels.rasterize(Region(0, 0, 40, 40, 1, 1))
    found = dict(labels.report.area_l0)
    assert found == {n: (raster == i).sum() for i, n in enumerate(labels.classes.names, 1)}
    return found


@pytest.mark.parametrize(
    ("name", "usable", "of_interest"),
    [
        ("Tumor", True, True),
        ("Region of necrosis", True, True),
        ("Regional fibrosis", True, True),
        ("Ignored glands", True, True),
        ("Region", True, True),
        ("Region: A", True, True),
        ("Ignore*: Positive", True, True),
        ("Ignore*", True, False),
        ("Artefact*", True, False),
        ("Tumor: Boundary*", True, False),
        ("Region of doubt*", True, False),
        ("Region*", False, False),
        ("Region: confirmed*", False, False),
        ("Region: check*", False, False),
        (UNKNOWN_MARK, False, False),
    ],
)
def test_a_star_at_the_end_is_learned_but_of_no_interest_and_region_is_no_class(
    name: str, usable: bool, of_interest: bool
) -> None:
    assert (is_usable_class(name), is_of_interest(name)) == (usable, of_interest)


def test_the_unknown_mark_may_be_derived_from_qupaths_region_class() -> None:
    names = [UNKNOWN_MARK, "Region*: unknown", "Region*: Unknown*", "Unknown*", "Region: unknown"]
    assert [is_unknown_mark(n) for n in names] == [True, True, True, False, False]


def test_derived_classes_have_a_base_but_not_those_of_no_interest() -> None:
    names = ["Tumor: Positive: 2+", "Tumor", "Tumor: Boundary*", "Ignore*: Positive", UNKNOWN_MARK]
    assert [base_class(n) for n in names] == [
        "Tumor", "Tumor", "Tumor: Boundary*", "Ignore*", UNKNOWN_MARK
    ]  # fmt: skip


def test_a_table_knows_what_is_outlined() -> None:
    table = ClassTable.of([PathClass("Tumor"), PathClass("Ignore*"), PathClass("Stroma")])
    assert table.of_interest == (True, False, True)
    assert table.outlined.tolist() == [0, 1, 0, 3]


@pytest.mark.parametrize("order", [1, -1])
def test_a_star_drawn_in_another_class_takes_that_area_out(order: int) -> None:
    objects = [annotated("Tumor", box(0, 0, 20, 20)), annotated("Ignore*", box(5, 5, 15, 15))]
    assert areas(*objects[::order]) == {"Tumor": 300, "Ignore*": 100}


@pytest.mark.parametrize("order", [1, -1])
def test_a_star_takes_what_it_crosses_also_from_a_smaller_area(order: int) -> None:
    objects = [annotated("Tumor", box(10, 0, 20, 10)), annotated("Artefact*", box(0, 0, 15, 30))]
    labels = labels_of(*objects[::order])
    assert areas(*objects[::order]) == {"Tumor": 50, "Artefact*": 450}
    (lost,) = labels.report.left_out
    assert (lost.class_name, lost.count, lost.area_l0, lost.why) == ("Tumor", 1, 50, "covered")
    assert labels.report.overlap_l0 == 50


def test_what_lies_whole_in_a_star_was_drawn_on_it() -> None:
    background, nest = (
        annotated("Ignore*", box(0, 0, 30, 30)),
        annotated("Tumor", box(5, 5, 10, 10)),
    )
    assert areas(background, nest) == {"Ignore*": 875, "Tumor": 25}


@pytest.mark.parametrize("order", [1, -1])
def test_a_star_on_the_same_outline_wins(order: int) -> None:
    objects = [annotated("Tumor", box(0, 0, 9, 9)), annotated("Ignore*", box(0, 0, 9, 9))]
    objects.append(annotated("Tumor", box(20, 20, 21, 21)))
    assert areas(*objects[::order]) == {"Tumor": 1, "Ignore*": 81}


def test_areas_marked_as_unknown_take_everything_back_whatever_the_sizes() -> None:
    objects = [
        annotated("Tumor", box(0, 0, 10, 10)),
        annotated("Ignore*", box(20, 0, 22, 2)),
        annotated(UNKNOWN_MARK, box(5, 0, 40, 40)),
    ]
    assert areas(*objects) == {"Tumor": 50, "Ignore*": 0}
    lost = {
        (x.class_name, x.why): (x.count, x.area_l0) for x in labels_of(*objects).report.left_out
    }
    assert lost == {
        ("Tumor", "unknown"): (1, 50),
        ("Ignore*", "unknown"): (1, 4),
        (UNKNOWN_MARK, "region"): (1, 1400),
    }

"""What areas take from one another, many at once as each alone."""

from __future__ import annotations

import numpy as np
import pytest
import shapely
from shapely.geometry import Point, Polygon, box

from hookpath.annotations.polygon_repair import Area
from hookpath.annotations.sparse_labels.overlaps import shares_of, visible_areas


def scattered(seed: int, count: int, side: float) -> list[Area]:
    """Discs and squares at random places, the largest first."""
    rng = np.random.default_rng(seed)
    areas: list[Area] = [
        Point(*rng.uniform(0, side, 2)).buffer(rng.uniform(2, 12), quad_segs=4)
        if i % 2
        else box(*(at := rng.integers(0, int(side), 2)), *(at + rng.integers(1, 12, 2)))
        for i in range(count)
    ]
    return sorted(areas, key=lambda area: -area.area)


#: Few that meet, some, and more each than are taken one by one; and all on one large area.
SETS = {
    "few": scattered(0, 30, 90),
    "some": scattered(1, 60, 60),
    "many": scattered(2, 80, 15),
    "one below": [Point(40, 40).buffer(60, quad_segs=200), *scattered(3, 40, 60)],
}


@pytest.mark.parametrize("areas", SETS.values(), ids=SETS)
def test_what_is_seen_is_the_area_without_all_above_it(areas: list[Area]) -> None:
    expected = [
        area.difference(shapely.union_all(areas[number + 1 :])).area
        for number, area in enumerate(areas)
    ]
    seen = [area.area for area in visible_areas(areas)]
    assert seen == pytest.approx(expected, abs=1e-9)


@pytest.mark.parametrize("areas", SETS.values(), ids=SETS)
def test_shares_are_those_of_each_area_alone(areas: list[Area]) -> None:
    labels = [1 + number % 3 for number in range(len(areas))]
    found = shares_of(areas, [area.area for area in areas], areas, labels)
    hit = dict.fromkeys(labels, 0)
    for number, area in enumerate(areas):
        above = [
            other
            for other, label in zip(areas[number + 1 :], labels[number + 1 :], strict=True)
            if label != labels[number]
        ]
        lost = area.intersection(shapely.union_all(above)).area
        hit[labels[number]] += lost > 1e-6 * area.area
    assert {label: count for label, (count, _) in found.covered.items()} == {
        label: count for label, count in hit.items() if count
    }
    classes = {
        label: shapely.union_all([a for a, of in zip(areas, labels, strict=True) if of == label])
        for label in set(labels)
    }
    whole = shapely.union_all(list(classes.values())).area
    twice = [classes[1] & classes[2], classes[1] & classes[3], classes[2] & classes[3]]
    assert sum(found.labelled.values()) == pytest.approx(whole)
    assert found.overlap == pytest.approx(shapely.union_all(twice).area)


def test_what_many_take_together_is_noticed() -> None:
    """Of each of ten the loss is rounding; together it is not."""
    large = box(0, 0, 10_000, 10_000)
    small = [box(100 * i, 0, 100 * i + 3, 4) for i in range(20)]
    areas: list[Area] = [large, *small]
    found = shares_of(areas, [a.area for a in areas], areas, [1, *[2] * 20])
    assert found.covered == {1: (1, pytest.approx(240))}


def test_where_areas_lie_in_memory_changes_no_digit() -> None:
    """Two runs must draw the same patches: points are drawn in what is seen."""
    rng = np.random.default_rng(0)
    areas = sorted((star(rng) for _ in range(60)), key=lambda area: -area.area)
    moved = [shapely.from_wkb(area.wkb) for area in areas[::-1]][::-1]
    seen, again = (shapely.to_wkb(visible_areas(each)).tolist() for each in (areas, moved))
    assert seen == again


def star(rng: np.random.Generator) -> Area:
    """About one of nine places: a tree of boxes has no order for those that have one centre."""
    corners = 4 * int(rng.integers(2, 5))
    angle = np.linspace(0, 2 * np.pi, corners, endpoint=False)
    radius = rng.uniform(5, 9) * (1 + 0.3 * (np.arange(corners) % 2))
    around = np.c_[np.cos(angle), np.sin(angle)] * radius[:, None]
    return Polygon(around + 10.0 * rng.integers(0, 3, 2))

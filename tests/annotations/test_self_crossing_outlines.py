"""Outlines that nobody can have drawn, and those that people did."""

from __future__ import annotations

import math
import time

import numpy as np
import pytest
import shapely
from shapely.geometry import LineString, MultiPolygon, Polygon, box

from hookpath.annotations import (
    ClassTable,
    LabelSource,
    PathClass,
    area_of,
    object_to_feature,
    objects_from_geojson,
    pieces_of,
)
from hookpath.annotations.self_crossing_outlines import even_odd, is_too_tangled


def scribble(vertices: int) -> Polygon:
    return Polygon(np.random.default_rng(0).random((vertices, 2)) * 1000)


def zigzag(teeth: int, turned: bool = False) -> Polygon:
    """Valid; turned, the box about every tooth meets those of all others."""
    y = np.arange(teeth) * 0.01
    x = np.where(np.arange(teeth) % 2, 1000.0, 0.0)
    xy = np.concatenate([np.column_stack([x, y]), [[1500, y[-1]], [1500, -1]]])
    return Polygon(xy @ np.array([[1, 1], [-1, 1]]) / math.sqrt(2) if turned else xy)


def feature(area: Polygon) -> dict[str, object]:
    geometry = shapely.geometry.mapping(area)
    named = {"objectType": "annotation", "classification": {"name": "A"}}
    return {"type": "Feature", "geometry": geometry, "properties": named}


@pytest.mark.parametrize(
    "area",
    [scribble(5_000), scribble(50_000), zigzag(20_000, turned=True)],
    ids=["5,000", "50,000", "zigzag"],
)
def test_what_would_take_minutes_is_not_used(area: Polygon) -> None:
    started = time.process_time()
    assert is_too_tangled(area)
    assert area_of(area) == (None, False)
    (found,) = objects_from_geojson(feature(area))
    labels = LabelSource([found], ClassTable.of([PathClass("A")]))
    (line,) = labels.report.problems()
    assert "it crosses itself too often" in line
    assert time.process_time() - started < 10
    # It is a person's, and written back as it was.
    written = object_to_feature(found)["geometry"]
    assert len(written["coordinates"][0]) == shapely.get_num_coordinates(area)


def test_a_line_may_be_a_scribble_too() -> None:
    line = LineString(np.random.default_rng(0).random((5_000, 2)))
    assert is_too_tangled(line)
    assert not is_too_tangled(LineString([(0, 0), (1, 1)]))


def test_long_outlines_that_people_draw_are_used() -> None:
    angle = np.linspace(0, 2 * np.pi, 20_000, endpoint=False)
    radius = 5_000 + np.random.default_rng(0).normal(0, 1, len(angle))
    circle = Polygon(np.column_stack([radius * np.cos(angle), radius * np.sin(angle)]))
    assert not is_too_tangled(circle)
    found, _ = area_of(circle)
    assert found is not None
    assert found.area == pytest.approx(math.pi * 5_000**2, rel=1e-3)


@pytest.mark.parametrize(
    ("area", "expected"),
    [
        (Polygon([(0, 0), (10, 10), (10, 0), (0, 10)]), 50),  # both wings of a bow-tie
        (MultiPolygon([box(0, 0, 10, 10), box(5, 5, 15, 15)]), 150),
        (Polygon([(0, 0), (10, 0), (5, 0)]), 0),
        (Polygon([(0, 0), (10, 0), (10, 10), (5, 10), (5, 15), (5, 10), (0, 10)]), 100),
    ],
)
def test_crossing_outlines_count_by_the_even_odd_rule(area: Polygon, expected: float) -> None:
    found = even_odd(area)
    assert found.is_valid
    assert found.area == pytest.approx(expected)


def test_the_even_odd_rule_is_that_of_geos() -> None:
    area = scribble(50)
    assert even_odd(area).symmetric_difference(shapely.make_valid(area)).area < 1e-6


def comb(teeth: int) -> Polygon:
    """Upright teeth, whose way back, a little to the side, crosses each of them."""
    x = np.arange(teeth) * 0.01
    y = np.where(np.arange(teeth) % 2, 1000.0, 0.0)
    there = np.column_stack([x, y])
    return Polygon(np.concatenate([there, np.add(there, [0.002, 0])[::-1]]))


@pytest.mark.parametrize("turned", [False, True], ids=["upright", "lying"])
def test_a_comb_that_crosses_itself_is_found_along_the_axis_that_passes_few(
    turned: bool,
) -> None:
    area = comb(10_000)
    if turned:
        area = shapely.transform(area, lambda xy: xy[:, ::-1])
    started = time.process_time()
    found = even_odd(area)
    assert time.process_time() - started < 5  # along the other axis: 20 s
    assert found is not None
    # Every further tooth adds the same area.
    few, more = (shapely.make_valid(comb(teeth)).area for teeth in (10, 20))
    assert found.area == pytest.approx(more + (more - few) / 10 * (10_000 - 20), rel=1e-6)


def test_what_crosses_itself_hundreds_of_thousands_of_times_is_not_used() -> None:
    started = time.process_time()
    assert is_too_tangled(comb(300_000))
    assert time.process_time() - started < 10


def test_a_long_outline_that_crosses_itself_once_is_used() -> None:
    angle = np.linspace(0, 2 * np.pi, 300_000)
    circle = 5_000 * np.column_stack([np.cos(angle), np.sin(angle)])
    bow = [[20_000, 0], [20_000, 100], [10_000, 100], [25_000, 50]]
    area = Polygon(np.concatenate([circle, bow]))
    assert not area.is_valid
    assert not is_too_tangled(area)


def test_a_long_zigzag_is_cut_in_seconds() -> None:
    area = zigzag(100_000)
    started = time.process_time()
    pieces = list(pieces_of(area))
    assert time.process_time() - started < 5  # by exact overlays: 40 s for a million
    assert sum(p.area for p in pieces) == pytest.approx(area.area)
    assert max(shapely.get_num_coordinates(pieces)) <= 256
    assert shapely.is_valid(pieces).all()


def test_a_long_outline_is_cut_once_for_all_who_ask() -> None:
    angle = np.linspace(0, 2 * np.pi, 60_000)
    ring = 5_000 * np.column_stack([np.cos(angle), np.sin(angle)])
    first, again = (list(pieces_of(Polygon(ring))) for _ in range(2))
    assert all(a is b for a, b in zip(first, again, strict=True))
    short = Polygon(ring[::10])
    assert next(iter(pieces_of(short))) is not next(iter(pieces_of(short)))  # nothing is held


def test_a_zigzag_is_cut_between_its_teeth() -> None:
    area = zigzag(2_000)
    pieces = list(pieces_of(area))
    assert sum(p.area for p in pieces) == pytest.approx(area.area)
    # 2,003 vertices in pieces of at most 256; cut across the teeth, it would be thousands.
    assert len(pieces) < 64

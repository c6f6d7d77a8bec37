"""What the standard says against geometries, also against those that nobody meant well with."""

from __future__ import annotations

import json
from typing import Any

import geojson
import pytest
from shapely.geometry import GeometryCollection, MultiPolygon, Point, box

from hookpath.annotations import PathObject, object_to_feature
from hookpath.annotations.geojson.geojson_validity import ValidityCheck, geometry_fault

SQUARE = [[0, 0], [4, 0], [4, 4], [0, 4], [0, 0]]


@pytest.mark.parametrize(
    "geometry",
    [
        box(0, 0, 1, 1),
        box(0, 0, 9, 9).difference(box(2, 2, 4, 4)),
        MultiPolygon([box(0, 0, 1, 1), box(2, 2, 3, 3)]),
        Point(1, 2.5),
        box(0, 0, 1, 1).exterior,
        GeometryCollection([Point(0, 0), box(0, 0, 1, 1)]),
    ],
)
def test_what_we_write_is_as_the_standard_wants_it(geometry: Any) -> None:
    feature = json.loads(json.dumps(object_to_feature(PathObject(geometry))))
    assert geometry_fault(feature["geometry"]) == ""
    assert geojson.loads(json.dumps(feature["geometry"])).is_valid


@pytest.mark.parametrize(
    ("kind", "coordinates", "fault"),
    [
        ("Polygon", [SQUARE[:-1]], "each linear ring must end where it started"),
        ("Polygon", [SQUARE[:3]], "each linear ring must contain at least 4 positions"),
        ("MultiPolygon", [[SQUARE], [SQUARE[:2]]], "each linear ring must contain at least 4"),
        ("LineString", [[0, 0]], "two or more positions"),
        ("Point", [1], "exactly 2 or 3 values"),
        ("Point", [[1, 2], 3], "cannot have inner positions"),
        ("Polygon", None, "a list of coordinates"),
        ("Polygon", {"a": 1}, "a list of coordinates"),
        ("Polygon", [1, 2], "must be a list"),
        ("MultiPolygon", [1, None], "must be a list of linear rings"),
        ("MultiLineString", [[[0, 0], None]], "each position must be a list"),
        ("Feature", [], "one of the standard's types"),
        ("dumps", [], "one of the standard's types"),
        (None, [], "one of the standard's types"),
        ([], [], "one of the standard's types"),
    ],
)
def test_what_is_wrong_is_said_in_words(kind: Any, coordinates: Any, fault: str) -> None:
    geometry = {"type": kind, "coordinates": coordinates}
    found = geometry_fault(geometry)
    assert fault in found
    assert "\n" not in found
    collection = {"type": "GeometryCollection", "geometries": [geometry]}
    assert geometry_fault(collection) == found


@pytest.mark.parametrize("geometry", ["", 1, [], {}, {"type": "GeometryCollection"}])
def test_what_is_no_geometry_is_a_fault(geometry: Any) -> None:
    assert geometry_fault(geometry)


def test_no_place_and_crossing_outlines_are_none() -> None:
    assert geometry_fault(None) == ""
    bow_tie = [[0, 0], [4, 4], [4, 0], [0, 4], [0, 0]]
    assert geometry_fault({"type": "Polygon", "coordinates": [bow_tie]}) == ""


def test_features_are_counted_with_those_in_them() -> None:
    check = ValidityCheck()
    assert check.note == ""
    open_ring = {"type": "Polygon", "coordinates": [SQUARE[:-1]]}
    check.look_at({"geometry": {"type": "Polygon", "coordinates": [SQUARE]}})
    assert check.note == ""
    children = [{"geometry": open_ring}, None]
    check.look_at({"geometry": None, "properties": {"childObjects": children}})
    why = "each linear ring must end where it started"
    assert check.note == f"1 geometry is no valid GeoJSON ({why})"
    check.look_at({"geometry": {}, "properties": None})
    assert check.note == f"2 geometries are no valid GeoJSON (of the first: {why})"

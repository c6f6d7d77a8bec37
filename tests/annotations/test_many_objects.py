"""Many objects at once are what they are one by one."""

from __future__ import annotations

import gc
import json
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
import shapely
from shapely.geometry import MultiPolygon, Point, Polygon, box

from hookpath.annotations import ClassTable, PathClass, PathObject
from hookpath.annotations.geojson import geojson_parsing
from hookpath.annotations.geojson.geojson_decoder import decode_feature
from hookpath.annotations.geojson.geojson_files import objects_from_geojson, read_geojson
from hookpath.annotations.geojson.geojson_parsing import parsed, parsed_and_packed
from hookpath.annotations.geojson.single_ring_polygons import polygons_of
from hookpath.annotations.polygon_repair import Area, are_pieces, area_of, areas_of, pieces_of
from hookpath.annotations.sparse_labels.usable_annotations import select
from hookpath.context_managers import collector_paused

NAN = float("nan")
SQUARE = [[0, 0], [4, 0], [4, 4], [0, 4], [0, 0]]


def feature(coordinates: Any, kind: str = "Polygon", **properties: Any) -> dict[str, Any]:
    return {
        "type": "Feature",
        "geometry": {"type": kind, "coordinates": coordinates},
        "properties": {"objectType": "annotation", **properties},
    }


FEATURES = {
    "plain": feature([SQUARE], classification={"name": "Tumor", "color": [200, 0, 0]}),
    "floats, open": feature([[[0.5, 0], [4, 0], [4, 4.25], [0, 4]]]),
    "a hole": feature([SQUARE, [[1, 1], [2, 1], [2, 2], [1, 1]]]),
    "a point": feature([1, 2], "Point"),
    "two points": feature([[[0, 0], [1, 1]]]),
    "nothing": feature([]),
    "alpha": feature([SQUARE], classification={"name": "Tumor", "color": [200, 0, 0, 9]}),
    "blanks": feature([SQUARE], classification={"name": " Tumor ", "color": [200, 0, 0]}),
    "odd colour": feature([SQUARE], classification={"name": "Tumor", "color": [[1], 0, 0]}),
    "a plane": {**feature([SQUARE]), "geometry": {"type": "Polygon", "coordinates": [SQUARE],
                                                  "plane": {"z": 3}}},
}  # fmt: skip

RAGGED = {
    "not a number": feature([[[0, 0], [4, NAN], [4, 4], [0, 0]]]),
    "two polygons": feature(
        [[[[0, 0], [4, 0]], [[4, 4], [0, 0]], [[0, 0], [4, 0]], [[4, 4], [0, 0]]]]
    ),
    "three numbers": feature([[[0, 0, 7], [4, 0, 7], [4, 4, 7], [0, 0, 7]]]),
    "ragged": feature([[[0, 0], [4], [4, 4], [0, 0]]]),
    "words": feature([[["0", "0"], ["4", "0"], ["4", "4"], ["0", "0"]]]),
    "huge": feature([[[0, 0], [2**70, 0], [4, 4], [0, 0]]]),
}


@pytest.mark.parametrize("odd", [None, *RAGGED])
def test_features_are_read_as_each_alone(odd: str | None) -> None:
    """Rings that are no array of numbers make nothing else different."""
    features = [*FEATURES.values(), *([RAGGED[odd]] if odd else [])]
    if odd is None:
        built = polygons_of(features)
        assert [p is not None for p in built][:3] == [True, True, False]
    together = objects_from_geojson(features)  # type: ignore[arg-type]
    alone = [obj for one in features for obj in decode_feature(one)]
    assert len(together) == len(alone) == len(features)
    for a, b in zip(together, alone, strict=True):
        assert shapely.equals_identical(a.geometry, b.geometry)
        assert (a.path_class, a.id, a.object_type) == (b.path_class, b.id, b.object_type)
        assert repr(a.extra) == repr(b.extra)


@pytest.mark.parametrize("nested", [False, True])
@pytest.mark.parametrize("odd", [None, "not closed", *RAGGED])
def test_a_file_is_read_as_its_features(tmp_path: Path, odd: str | None, nested: bool) -> None:
    """Rings that are packed while a file is parsed make the same objects, ids included."""
    not_closed = feature([[[NAN, 0], [4, 0], [4, 4], [0, 4]]])
    features = [*FEATURES.values(), *([RAGGED.get(odd, not_closed)] if odd else [])]
    with_ids = [{**f, "id": str(UUID(int=i))} for i, f in enumerate(features)]
    if nested:
        with_ids.append(feature([SQUARE], childObjects=[with_ids[0]]))
    document = {"type": "FeatureCollection", "features": [*features, *with_ids]}
    path = tmp_path / "slide.geojson"
    path.write_text(json.dumps(document), encoding="utf-8")
    read, expected = read_geojson(path), objects_from_geojson(document)
    assert len(read) == len(expected)
    for a, b in zip(read, expected, strict=True):
        assert shapely.equals_identical(a.geometry, b.geometry)
        assert (a.path_class, a.id, a.object_type) == (b.path_class, b.id, b.object_type)
        assert repr(a.extra).replace(".0", "") == repr(b.extra).replace(".0", "")


def with_id(number: int, **members: Any) -> dict[str, Any]:
    return {**feature([SQUARE]), "id": str(UUID(int=number)), **members}


def test_rings_of_features_with_an_id_are_packed() -> None:
    other = {"geometry": {"type": "Polygon", "coordinates": [SQUARE]}, "id": str(UUID(int=3))}
    text = json.dumps([with_id(1), feature([SQUARE]), other]).encode()
    first, second, third = parsed_and_packed(text)
    assert first["geometry"]["coordinates"] == Polygon(SQUARE)
    assert [second, third] == [feature([SQUARE]), other]


FIRST_KEYS = ("type", "id", "geometry", "properties")


@pytest.mark.parametrize("first", FIRST_KEYS)
@pytest.mark.parametrize("part", [1, 300, 10**6])
def test_a_text_is_parsed_in_parts_as_whole(
    monkeypatch: pytest.MonkeyPatch, first: str, part: int
) -> None:
    """Wherever it is cut, whatever lists of objects are in features, beside them, or in names."""
    monkeypatch.setattr(geojson_parsing, "_PART", part)
    inner = [with_id(7), with_id(8)]
    name = '}, {"type": "Feature", "id": 1'
    features: list[Any] = [{first: None} | with_id(i) for i in range(9)]
    odd: list[Any] = [
        with_id(10, near=inner), with_id(11, name=name), None, 3,
        {**feature([SQUARE], childObjects=inner), "id": str(UUID(int=12))},
        with_id(13, geometry={"type": "GeometryCollection", "geometries": [
            {"type": "Point", "coordinates": [1, 2]}, {"type": "Point", "coordinates": [3, 4]}]}),
        with_id(14, properties={"measurements": [{"name": "a", "value": 1}, {"name": "b"}]}),
    ]  # fmt: skip
    for every in (features, [*features, *odd, *features], [None, *features], features[:1]):
        collection = {"type": "FeatureCollection", "features": every}
        for document in (every, collection, {**collection, "crs": [1]}, {"crs": [1], **collection},
                         [collection, collection], {**with_id(20), "features": every}):  # fmt: skip
            text = json.dumps(document)
            for written in (text, json.dumps(document, indent=1), text + " ]", text[:-9]):
                try:
                    expected = objects_from_geojson(json.loads(written))
                except ValueError:
                    with pytest.raises(ValueError, match=r"line|col"):
                        parsed_and_packed(written.encode())
                    continue
                found = objects_from_geojson(parsed_and_packed(written.encode()))
                assert list(map(repr, found)) == list(map(repr, expected))
    twice = json.dumps(features)
    text = f'{{"type": "FeatureCollection", "features": {twice}, "features": []}}'
    assert parsed_and_packed(text.encode())["features"] == []


@pytest.mark.parametrize(
    "text",
    ['"\\ud83d\\ude00"', '"\\ud800"', "[NaN, -Infinity]", "1e400", "9" * 400, "\ufeff{}",
     "0.10000000000000000055", '{"a": 1, "a": 2}', "[" * 150 + "]" * 150, "[" * 250 + "]" * 250],
)  # fmt: skip
def test_json_is_what_python_makes_of_it(text: str) -> None:
    assert repr(parsed(text.encode())) == repr(json.loads(text.encode()))


def test_areas_are_those_of_each_alone() -> None:
    bow = Polygon([(0, 0), (4, 4), (4, 0), (0, 4)])
    every = [
        box(0, 0, 3, 3), bow, Point(1, 1), Polygon(), Polygon([(0, 0), (1, 1), (2, 2)]),
        MultiPolygon([box(0, 0, 1, 1), box(2, 2, 3, 3)]), box(0, 0, 1, 2e9),
        Polygon([(0, 0, 5), (3, 0, 5), (3, 3, 5)]), Polygon([(0, 0), (1, NAN), (2, 2), (0, 2)]),
    ]  # fmt: skip
    assert areas_of([]) == []
    for found, geometry in zip(areas_of(every), every, strict=True):
        area, repaired = area_of(geometry)
        assert found[1] == repaired
        assert (found[0] is None) == (area is None)
        assert area is None or shapely.equals_identical(found[0], area)


def test_what_is_used_is_largest_first_and_the_rest_is_counted() -> None:
    tumor, other = PathClass("Tumor"), PathClass("Other")
    objects = [
        PathObject(box(0, 0, 2, 2), path_class=tumor),
        PathObject(box(10, 10, 14, 14), path_class=tumor),
        PathObject(box(95, 0, 105, 10), path_class=tumor),
        PathObject(box(200, 0, 210, 10), path_class=tumor),
        PathObject(box(0, 0, 9, 9), path_class=other),
        PathObject(Point(1, 1), path_class=tumor),
        PathObject(box(0, 0, 5, 5)),
    ]
    found = select(objects, ClassTable((tumor,)), (100, 100))
    assert [a.area for a in found.areas] == [50, 16, 4]
    assert found.ids == [objects[i].id for i in (2, 1, 0)]
    left = {(f.class_name, f.why): (f.count, f.area_l0) for f in found.left_out}
    assert left[("Tumor", "off_slide")] == (2, 150)
    assert left[("Other", "other_class")] == (1, 81)
    assert ("Tumor", "point") in left
    assert ("", "unclassified") in left


def test_the_collector_is_as_it_was() -> None:
    assert gc.isenabled()
    with collector_paused():
        assert not gc.isenabled()
        with collector_paused():
            pass
        assert not gc.isenabled()
    assert gc.isenabled()
    with pytest.raises(ValueError, match="x"), collector_paused():
        raise ValueError("x")
    assert gc.isenabled()


def test_areas_that_are_pieces_are_reported_all_at_once() -> None:
    fine = Polygon(Point(0, 0).buffer(9, quad_segs=100))
    two = MultiPolygon([box(0, 0, 1, 1), box(2, 2, 3, 3)])
    every = list[Area]((box(0, 0, 3, 3), fine, two, Polygon()))
    assert are_pieces(every) == [True, False, False, False]
    assert are_pieces([]) == []
    assert [list(pieces_of(area)) == [area] for area in every] == are_pieces(every)

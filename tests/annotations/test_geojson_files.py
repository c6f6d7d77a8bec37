"""QuPath's GeoJSON dialect, old and new, comes in and goes out unchanged."""

from __future__ import annotations

import gzip
import json
import math
import uuid
import zipfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import geojson
import pytest
from shapely.geometry import GeometryCollection, MultiPolygon, Point, Polygon, box

from hookpath.annotations import (
    RUN_TAG,
    ClassTable,
    LabelSource,
    PathClass,
    PathObject,
    class_names_in,
    object_to_feature,
    objects_from_geojson,
    read_geojson,
    write_geojson,
)
from hookpath.errors import AnnotationError

SQUARE = {"type": "Polygon", "coordinates": [[[0, 0], [10, 0], [10, 10], [0, 10], [0, 0]]]}
ID = "3e4b6f50-8ea3-4bc5-bdb2-3d661eaea557"


def feature(geometry: Any = SQUARE, **properties: Any) -> dict[str, Any]:
    return {"type": "Feature", "id": ID, "geometry": geometry, "properties": properties}


def only(document: Any) -> PathObject:
    (obj,) = objects_from_geojson(document)
    return obj


def again(obj: PathObject) -> PathObject:
    return only(json.loads(json.dumps(object_to_feature(obj))))


# --- what comes in -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    "document",
    [
        {"type": "FeatureCollection", "features": [feature()]},
        feature(),
        [feature()],
        [{"type": "FeatureCollection", "features": [feature()]}],
        SQUARE,
    ],
    ids=["collection", "feature", "list", "list of collections", "bare geometry"],
)
def test_every_form_that_qupath_reads_gives_the_square(document: Any) -> None:
    assert only(document).geometry.equals(box(0, 0, 10, 10))


@pytest.mark.parametrize(
    ("classification", "expected"),
    [
        ({"name": "Tumor", "color": [200, 0, 0]}, PathClass("Tumor", (200, 0, 0))),
        ({"name": "Cell", "colorRGB": -8397766}, PathClass("Cell", (127, 220, 58))),
        (
            {"names": ["Tumor", "Positive"], "color": [1, 2, 3]},
            PathClass("Tumor: Positive", (1, 2, 3)),
        ),
        (
            {"parentClass": {"name": "Tumor", "colorRGB": -1}, "name": "Positive", "colorRGB": 0},
            PathClass("Tumor: Positive", (0, 0, 0)),
        ),
        ("Stroma", PathClass("Stroma")),
        ({"name": "Stroma"}, PathClass("Stroma")),
        ({}, None),
        (None, None),
        ({"name": "A", "color": "red"}, PathClass("A")),
    ],
)
def test_classification_of_every_version(classification: Any, expected: PathClass | None) -> None:
    assert only(feature(classification=classification)).path_class == expected


def test_measurements_as_list_and_as_dict_with_nan() -> None:
    old = only(feature(measurements=[{"name": "a", "value": 1.5}, {"name": "b", "value": "NaN"}]))
    new = only(feature(measurements={"a": 1.5, "b": "NaN", "c": "-Infinity"}))
    assert old.measurements["a"] == new.measurements["a"] == 1.5
    assert math.isnan(old.measurements["b"])
    assert math.isnan(new.measurements["b"])
    assert new.measurements["c"] == -math.inf


def test_name_color_lock_type_and_run_tag_are_read() -> None:
    obj = only(
        feature(
            objectType="detection",
            name="x",
            color=[1, 2, 3],
            isLocked=True,
            metadata={RUN_TAG: "r1", "n": 3},
        )
    )
    assert (obj.object_type, obj.name, obj.color, obj.locked) == ("detection", "x", (1, 2, 3), True)
    assert obj.run == "r1"
    assert obj.metadata["n"] == "3"
    assert obj.id == ID


def test_type_in_the_id_as_qupath_0_2_wrote_it() -> None:
    old = {"type": "Feature", "id": "PathCellObject", "geometry": SQUARE}
    first, second = only(old), only(old)
    assert first.object_type == "cell"
    assert uuid.UUID(first.id)
    assert first == second


def test_nested_objects_follow_their_parent() -> None:
    child = feature(name="child")
    objects = objects_from_geojson(feature(name="parent", childObjects=[child, child]))
    assert [o.name for o in objects] == ["parent", "child", "child"]


# --- what goes out -----------------------------------------------------------------------------


def test_nothing_is_lost_that_we_do_not_understand() -> None:
    found = {
        "type": "Feature",
        "id": ID,
        "geometry": SQUARE | {"plane": {"c": -1, "z": 2, "t": 0}, "isEllipse": True},
        "nucleusGeometry": SQUARE,
        "properties": {
            "objectType": "cell",
            "name": "n",
            "color": [9, 8, 7],
            "classification": {"names": ["A", "B"], "color": [1, 2, 3, 40]},
            "isLocked": True,
            "measurements": {"a": 0.1, "b": "NaN", "odd": [1]},
            "metadata": {"k": "v", "odd": {"x": 1}},
            "isMissing": False,
            "vendor": {"deep": [1, None]},
        },
    }
    assert object_to_feature(only(found)) == found


@pytest.mark.parametrize(
    "raw", [None, {}, [1], {"type": "Polygon", "coordinates": [[[0, 0], [1, 1]]]}]
)
def test_broken_geometry_is_kept_as_it_was_and_costs_nothing_else(raw: Any) -> None:
    bad, good = objects_from_geojson([feature(raw, name="bad"), feature(name="good")])
    assert bad.geometry.is_empty
    assert good.geometry.area == 100
    assert object_to_feature(bad)["geometry"] == (raw or {})


def test_qupath_gets_no_null_and_a_class_without_colour_as_text() -> None:
    written = object_to_feature(PathObject(box(0, 0, 1, 1), path_class=PathClass("Tumor")))
    assert written["properties"] == {"objectType": "annotation", "classification": "Tumor"}


def test_an_id_that_is_no_uuid_becomes_one_and_always_the_same() -> None:
    obj = PathObject(box(0, 0, 1, 1), id="cell 7")
    first, second = object_to_feature(obj)["id"], object_to_feature(obj)["id"]
    assert str(uuid.UUID(first)) == first == second


@pytest.mark.parametrize(
    "geometry",
    [
        Point(1.25, 2),
        box(0, 0, 3, 4).boundary,
        Polygon([(0, 0), (9, 0), (9, 9), (0, 9)], [[(1, 1), (2, 1), (2, 2)]]),
        MultiPolygon([box(0, 0, 1, 1), box(2, 2, 3, 3.5)]),
        Polygon([(0, 0, 5), (9, 0, 5), (9, 9, 5)]),
        GeometryCollection([Point(0, 0), box(1, 1, 2, 2)]),
        Polygon(),
    ],
    ids=lambda g: g.geom_type,
)
def test_geometries_come_back_exactly_and_are_valid_geojson(geometry: Any) -> None:
    obj = PathObject(geometry)
    assert again(obj) == obj
    if not geometry.is_empty:
        assert geojson.loads(json.dumps(object_to_feature(obj)["geometry"])).is_valid


def test_the_run_tag_is_written_where_qupath_keeps_object_metadata() -> None:
    obj = PathObject(box(0, 0, 1, 1), metadata={RUN_TAG: "r1"})
    assert object_to_feature(obj)["properties"]["metadata"] == {"hookpath.run": "r1"}
    assert again(obj).run == "r1"


# --- files -------------------------------------------------------------------------------------


def some_objects() -> list[PathObject]:
    tumor = PathClass("Tumor", (200, 0, 0))
    return [
        PathObject(
            box(i, 0, i + 1.5, 2), path_class=tumor, name=f"größe {i}", measurements={"m": i}
        )
        for i in range(3)
    ]


@pytest.mark.parametrize("name", ["a.geojson", "a.json", "a.geojson.gz", "a.zip"])
@pytest.mark.parametrize("compact", [False, True])
def test_files_come_back_as_they_were(tmp_path: Path, name: str, compact: bool) -> None:
    objects = some_objects()
    write_geojson(tmp_path / name, objects, compact=compact)
    assert read_geojson(tmp_path / name) == objects
    assert [p.name for p in tmp_path.iterdir()] == [name]


def test_compact_is_smaller_and_no_objects_are_fine(tmp_path: Path) -> None:
    write_geojson(tmp_path / "a.json", some_objects())
    write_geojson(tmp_path / "b.json", some_objects(), compact=True)
    write_geojson(tmp_path / "c.json", [])
    assert (tmp_path / "b.json").stat().st_size < (tmp_path / "a.json").stat().st_size
    assert read_geojson(tmp_path / "c.json") == []


def test_the_zip_holds_one_geojson_named_as_qupath_names_it(tmp_path: Path) -> None:
    write_geojson(tmp_path / "slide.zip", some_objects())
    with zipfile.ZipFile(tmp_path / "slide.zip") as archive:
        assert archive.namelist() == ["slide.geojson"]


def test_a_failing_write_leaves_the_old_file(tmp_path: Path) -> None:
    path = tmp_path / "a.geojson"
    write_geojson(path, some_objects())
    before = path.read_bytes()

    def failing() -> Any:
        yield some_objects()[0]
        raise RuntimeError("stop")

    with pytest.raises(RuntimeError, match="stop"):
        write_geojson(path, failing())
    assert path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [path]


def test_objects_are_written_as_they_come(tmp_path: Path) -> None:
    """Memory must not grow with the number of objects: the file grows while they are made."""
    path = tmp_path / "a.geojson"
    sizes = []

    def growing() -> Any:
        long_name = replace(some_objects()[0], name="x" * 100_000)
        for _ in range(5):
            sizes.append(sum(p.stat().st_size for p in tmp_path.iterdir()))
            yield long_name

    write_geojson(path, growing())
    assert sizes == sorted(set(sizes))


def test_half_a_surrogate_pair_in_a_name_stays_readable(tmp_path: Path) -> None:
    objects = objects_from_geojson(json.loads(json.dumps(feature(name="\ud800 x"))))
    write_geojson(tmp_path / "a.geojson", objects)
    assert read_geojson(tmp_path / "a.geojson") == objects


@pytest.mark.filterwarnings("error")
def test_coordinates_that_are_no_numbers_come_back_without_a_warning(tmp_path: Path) -> None:
    ring = [[0, 0], [math.nan, 5], [9, math.inf], [0, 0]]
    found = objects_from_geojson([feature({"type": "Polygon", "coordinates": [ring]})])
    write_geojson(tmp_path / "a.geojson", found)
    assert repr(read_geojson(tmp_path / "a.geojson")) == repr(found)


def test_byte_order_mark_and_utf16_are_read(tmp_path: Path) -> None:
    text = json.dumps(feature(name="ä"))
    (tmp_path / "bom.geojson").write_bytes(b"\xef\xbb\xbf" + text.encode())
    (tmp_path / "wide.geojson").write_bytes(text.encode("utf-16"))
    for path in tmp_path.iterdir():
        assert read_geojson(path)[0].name == "ä"


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "is empty"),
        (b"\xef\xbb\xbf \n", "is empty"),
        (b"<xml/>", "is not JSON"),
        (b"\xff\xfe\x00\xd8", "is not JSON"),
        (b'{"type": "FeatureCollection", "features": [', "is not JSON"),
        (b'{"a": 1}', "not GeoJSON"),
        (b"[1, 2]", "not GeoJSON"),
        (b"17", "not GeoJSON"),
        (b"null", "not GeoJSON"),
        (b'{"type": {}}', "not GeoJSON"),
        (b'{"type": "FeatureCollection", "features": [1]}', "not GeoJSON: 1"),
        (b'{"type": "FeatureCollection", "features": null}', "not GeoJSON"),
        ('{"type": "Feature", "name": "gr\u00f6\u00dfe"}'.encode("latin-1"), "is not JSON"),
        (b"[" * 100_000, "bad.geojson"),
        (gzip.compress(b"{}" * 1000, mtime=0)[:30], "cannot read"),
        (b"\x1f\x8bnonsense", "cannot read"),
        (b"PK\x03\x04nonsense", "cannot read"),
        (b"PK\x05\x06" + bytes(18), "no .geojson"),
    ],
)
def test_bad_files_are_one_line_that_names_them(tmp_path: Path, data: bytes, message: str) -> None:
    path = tmp_path / "bad.geojson"
    path.write_bytes(data)
    with pytest.raises(AnnotationError, match=message) as caught:
        read_geojson(path)
    assert str(path) in str(caught.value)
    assert "\n" not in str(caught.value)


def test_what_is_no_feature_is_left_out_by_its_number(tmp_path: Path) -> None:
    path = tmp_path / "a.geojson"
    good = object_to_feature(PathObject(box(0, 0, 9, 9), path_class=PathClass("Tumor")))
    features = [None, good, 5, {"type": "Topology"}, {}, "text", good]
    path.write_text(json.dumps({"type": "FeatureCollection", "features": features}))
    found = read_geojson(path)
    assert found == read_geojson(path)
    report = LabelSource(found, ClassTable.of(class_names_in(found))).report
    assert report.area_l0 == {"Tumor": 81}
    assert report.problems() == (
        "feature 1 of the GeoJSON is none, and left out",
        "feature 3 of the GeoJSON is none, and left out",
        "feature 4 of the GeoJSON is none, and left out",
        "and 2 more that are none",
    )


def test_missing_file_and_folder_are_annotation_errors(tmp_path: Path) -> None:
    for path in (tmp_path / "none.geojson", tmp_path):
        with pytest.raises(AnnotationError, match="cannot read"):
            read_geojson(path)
    with pytest.raises(AnnotationError, match="cannot write"):
        write_geojson(tmp_path / "no" / "where.geojson", [])

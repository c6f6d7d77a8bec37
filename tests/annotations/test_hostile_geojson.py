"""GeoJSON that nobody meant well with."""

from __future__ import annotations

import dataclasses
import gzip
import io
import json
import zipfile
from pathlib import Path
from typing import Any

import pytest

from hookpath.annotations import (
    PathClass,
    object_to_feature,
    objects_from_geojson,
    read_geojson,
    write_geojson,
)
from hookpath.errors import AnnotationError


def bomb(kind: str) -> bytes:
    """A few kilobytes that are 100 MB of blanks."""
    blanks = b" " * 10**6
    raw = io.BytesIO()
    if kind == "gzip":
        with gzip.GzipFile(fileobj=raw, mode="wb") as out:
            for _ in range(100):
                out.write(blanks)
        return raw.getvalue()
    with (
        zipfile.ZipFile(raw, "w", zipfile.ZIP_DEFLATED) as archive,
        archive.open("a.geojson", "w", force_zip64=True) as out,
    ):
        for _ in range(100):
            out.write(blanks)
    return raw.getvalue()


@pytest.mark.parametrize("kind", ["gzip", "zip"])
def test_what_unpacks_out_of_proportion_is_refused(tmp_path: Path, kind: str) -> None:
    path = tmp_path / "a.geojson"
    path.write_bytes(bomb(kind))
    assert path.stat().st_size < 10**6
    with pytest.raises(AnnotationError, match="unpacks to more than 67 MB, out of proportion"):
        read_geojson(path)


def test_archives_in_archives_end_somewhere(tmp_path: Path) -> None:
    data = b'{"type": "FeatureCollection", "features": []}'
    path = tmp_path / "a.geojson"
    for depth in range(1, 6):
        raw = io.BytesIO()
        with zipfile.ZipFile(raw, "w") as archive:
            archive.writestr("a.json", data)
        data = raw.getvalue()
        path.write_bytes(data)
        if depth <= 3:
            assert read_geojson(path) == []
    with pytest.raises(AnnotationError, match="nested more than 3 deep"):
        read_geojson(path)


def one(**properties: Any) -> dict[str, Any]:
    square = [[0, 0], [10, 0], [10, 10], [0, 10], [0, 0]]
    return {
        "type": "Feature",
        "id": "00000000-0000-4000-8000-000000000001",
        "geometry": {"type": "Polygon", "coordinates": [square]},
        "properties": {"objectType": "annotation", **properties},
    }


@pytest.mark.parametrize("digits", [400, 4000])
def test_numbers_of_any_length(tmp_path: Path, digits: int) -> None:
    """What no float can hold is kept as it was."""
    long = int("9" * digits)
    feature = one(measurements={"a": 1.5, "b": long}, color=[long, -long, 5], metadata={"n": long})
    (found,) = objects_from_geojson(feature)
    assert found.measurements == {"a": 1.5}
    assert found.color == (255, 0, 5)
    write_geojson(tmp_path / "a.geojson", [found])
    (again,) = read_geojson(tmp_path / "a.geojson")
    assert again == found
    written = json.loads((tmp_path / "a.geojson").read_text("utf-8"))["features"][0]
    assert written["properties"]["measurements"] == {"a": 1.5, "b": long}
    far = {**one(), "geometry": {"type": "Point", "coordinates": [long, 0]}}
    assert objects_from_geojson(far)[0].geometry.is_empty


@pytest.mark.parametrize(
    "member",
    [{"unknown": ...}, {"metadata": {"a": ...}}, {"measurements": {"a": ...}},
     {"classification": {"name": "a", "more": ...}}, {"childObjects": [one(unknown=...)]}],
    ids=str,
)  # fmt: skip
def test_what_is_nested_deep_is_refused_while_reading(
    tmp_path: Path, member: dict[str, Any]
) -> None:
    """Not in the middle of writing it back."""
    deep: Any = 1
    for _ in range(300):
        deep = [deep]
    text = json.dumps(one(**member), default=lambda _: deep)
    assert "Ellipsis" not in text
    path = tmp_path / "a.geojson"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(AnnotationError, match="nested more than 100 deep"):
        read_geojson(path)


def test_a_class_name_that_is_no_text_is_written_back_as_it_was(tmp_path: Path) -> None:
    (found,) = objects_from_geojson(one(classification={"name": "a\ud800", "color": [1, 2, 3]}))
    assert found.path_class == PathClass("a\\ud800", (1, 2, 3))
    write_geojson(tmp_path / "a.geojson", [found])
    assert read_geojson(tmp_path / "a.geojson") == [found]
    written = json.loads((tmp_path / "a.geojson").read_text("utf-8"))["features"][0]
    assert written["properties"]["classification"]["name"] == "a\ud800"
    # A person gave it another class meanwhile: then it has that.
    other = dataclasses.replace(found, path_class=PathClass("b"))
    assert object_to_feature(other)["properties"]["classification"] == "b"


def test_an_endless_class_name_is_refused() -> None:
    with pytest.raises(AnnotationError, match="a class name of 10,000,000 characters"):
        objects_from_geojson(one(classification={"name": "x" * 10**7}))

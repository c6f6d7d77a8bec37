"""What is in a person's file stays as it was."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from shapely.geometry import box

from hookpath.annotations import RUN_TAG, KeptFeatures, PathClass, PathObject, read_geojson
from hookpath.errors import AnnotationError

SQUARE = {"type": "Polygon", "coordinates": [[[0, 0], [9, 0], [9.0, 9], [0, 9], [0, 0]]]}


def feature(**properties: Any) -> dict[str, Any]:
    return {"type": "Feature", "geometry": SQUARE, "properties": properties}


def is_ours(o: PathObject) -> bool:
    return o.run is not None


FOREIGN = {
    "type": "FeatureCollection",
    "crs": {"type": "name", "properties": {"name": "px"}},
    "features": [
        {**feature(type="Tumor", prob=0.9, color="#ff0000"), "id": 17, "bbox": [0, 0, 9, 9]},
        feature(
            objectType="tmaCore",
            name="A-1",
            isMissing=False,
            childObjects=[feature(objectType="annotation", classification={"name": "Tumor"})],
        ),
        feature(classification='{"name": "Tumor"}', object_type=None, colour=[1, 2, 3, 4.5]),
        feature(classification={"name": " Tumor ", "color": -65536}, measurements={"a": "x"}),
    ],
    "vendor": [1, None],
}


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "a.geojson"
    path.write_text(json.dumps(FOREIGN), encoding="utf-8")
    return path


def content(path: Path) -> Any:
    return json.loads(path.read_text(encoding="utf-8"))


def test_foreign_properties_ids_colours_and_nesting_stay_when_ours_come_and_go(file: Path) -> None:
    ours = PathObject(box(1, 1, 2, 2), path_class=PathClass("Tumor"), metadata={RUN_TAG: "r"})
    KeptFeatures.of(file, is_ours).write(file, [ours])
    *before, added = content(file)["features"]
    assert before == FOREIGN["features"]
    assert added["properties"]["metadata"] == {RUN_TAG: "r"}
    kept = KeptFeatures.of(file, is_ours)
    assert (kept.removed, len(kept.ids)) == (1, 5)
    kept.write(file, [])
    assert content(file) == FOREIGN


def test_what_is_no_feature_stays_too(file: Path) -> None:
    features = [None, *FOREIGN["features"], 5, {"type": "Topology"}]
    file.write_text(json.dumps({**FOREIGN, "features": features}), encoding="utf-8")
    KeptFeatures.of(file, is_ours).write(file, [])
    assert content(file) == {**FOREIGN, "features": features}


def test_a_foreign_type_is_no_type_of_object(file: Path) -> None:
    first = read_geojson(file)[0]
    assert (first.object_type, first.extra["properties"]["type"]) == ("annotation", "Tumor")


def test_ours_are_found_inside_others_and_leave_their_children_behind(tmp_path: Path) -> None:
    person = feature(name="person")
    tag = {"metadata": {RUN_TAG: "r"}}
    path = tmp_path / "a.geojson"
    nested = [
        feature(name="core", childObjects=[feature(**tag), person]),
        feature(**tag, childObjects=[person]),
    ]
    path.write_text(json.dumps({"type": "FeatureCollection", "features": nested}))
    kept = KeptFeatures.of(path, is_ours)
    assert kept.removed == 2
    assert kept.features == [feature(name="core", childObjects=[person]), person]


def test_no_file_has_nothing_to_keep(tmp_path: Path) -> None:
    assert KeptFeatures.of(tmp_path / "none.geojson", is_ours) == KeptFeatures()


def test_what_is_nested_too_deep_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.geojson"
    deep = json.dumps(feature(x=0)).replace(": 0}", ": " + "[" * 200 + "]" * 200 + "}")
    path.write_text(deep, encoding="utf-8")
    with pytest.raises(AnnotationError, match=r"a\.geojson.* nested"):
        KeptFeatures.of(path, is_ours)

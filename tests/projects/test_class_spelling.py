"""Classes whose names are written in two ways that look the same."""

from __future__ import annotations

import json
import unicodedata
from pathlib import Path

import pytest
from shapely.geometry import box

from hookpath.annotations import PathClass, PathObject
from hookpath.projects.backups import Backups
from hookpath.projects.class_spelling import as_spelled
from hookpath.projects.qupath_store.paquo_bridge import read_features
from hookpath.projects.qupath_store.project_json import add_missing_classes
from support.projects import make_exchange_store, make_qupath_store, skip_without_qupath

NFC = "Läsion"
NFD = unicodedata.normalize("NFD", NFC)


def result(name: str) -> PathObject:
    return PathObject(box(0, 0, 9, 9), "annotation", PathClass(name, (1, 2, 3)))


def test_only_what_is_spelled_otherwise_is_changed() -> None:
    plain, spelled = [result("Tumor"), result(NFC)], [PathClass(NFD), PathClass("Tumor ")]
    assert as_spelled(plain, [PathClass(NFC), PathClass(NFD)]) == plain
    found = as_spelled(plain, spelled)
    assert [o.extra["class_name"] for o in found] == ["Tumor ", NFD]
    assert [o.path_class for o in found] == [o.path_class for o in plain]


def test_results_come_back_in_the_viewer_s_own_spelling(tmp_path: Path) -> None:
    store = make_exchange_store(tmp_path / "job")
    request = json.loads((store.root / "request.json").read_text(encoding="utf-8"))
    request["project"]["classes"].append({"name": NFD, "color": [4, 5, 6]})
    (store.root / "request.json").write_text(json.dumps(request), encoding="utf-8")
    entry = store.open().images[1]
    entry.write([result(NFC)], "hookpath-1")
    (written,) = json.loads((store.root / "results" / "0.geojson").read_text("utf-8"))["features"]
    assert written["properties"]["classification"]["name"] == NFD
    (seen,) = entry.objects()
    assert seen.path_class is not None
    assert (seen.path_class.name, seen.run) == (NFC, "hookpath-1")  # still ours


def test_a_class_list_gets_no_twin(tmp_path: Path) -> None:
    path = tmp_path / "classifiers" / "classes.json"
    path.parent.mkdir()
    path.write_text(json.dumps({"pathClasses": [{"name": NFD, "color": -1}]}), encoding="utf-8")
    add_missing_classes(path, [PathClass(NFC), PathClass("New")], Backups())
    listed = json.loads(path.read_text(encoding="utf-8"))["pathClasses"]
    assert [c["name"] for c in listed] == [NFD, "New"]


@pytest.mark.qupath
def test_qupath_gets_them_in_its_own_spelling(tmp_path: Path) -> None:
    skip_without_qupath()
    store = make_qupath_store(tmp_path / "p", human=[])
    listed = tmp_path / "p" / "classifiers" / "classes.json"
    content = json.loads(listed.read_text(encoding="utf-8"))
    content["pathClasses"].append({"name": NFD, "color": -1})
    listed.write_text(json.dumps(content), encoding="utf-8")
    store.open().images[0].write([result(NFC)], "hookpath-1")
    (feature,) = read_features(store.data_file(), [], "image")
    assert feature["properties"]["classification"]["name"] == NFD
    entry = store.open().images[0]
    assert [o.run for o in entry.objects()] == ["hookpath-1"]  # still ours
    assert entry.write([result(NFC)], "hookpath-2").removed == 1
    assert len(json.loads(listed.read_text("utf-8"))["pathClasses"]) == len(content["pathClasses"])

"""Results that came from elsewhere, were edited, and are taken away again, in a real QuPath."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from shapely.geometry import box

from hookpath.annotations import read_geojson
from support.dark_slides import DISC, FIRST, FRAME, HUMAN, make_dark_project, save_dark_model
from support.extension import InstalledExtension
from support.projects import feature, ring
from support.seen import check_dark, human, ours

pytestmark = [pytest.mark.qupath, pytest.mark.timeout(600)]

#: One person's afternoon; every piece sees the image as the one before left it.
AFTERNOON = {
    "before": "null",
    "predict": "Hookpath.predict(model: '{model}', as: 'annotations')",
    "edit": """
        def found = getAllObjects(false).findAll {{ it.getMetadata().get('hookpath.run') }}
        def dark = found.findAll {{ it.getPathClass().toString() == 'Dark' }}
        dark[0].setLocked(true)
        dark[1].setPathClass(getPathClass('Stroma'))
        fireHierarchyUpdate()""",
    "again": "Hookpath.predict(model: '{model}')",
    "other run": "Hookpath.removeResults('hookpath-another-run')",
    "this run": "Hookpath.removeResults(getDetectionObjects().collect "
    "{{ it.getMetadata().get('hookpath.run') }}.find {{ it }}).total()",
    "select": "selectObjects {{ it.getName() == 'around the disc' }}; "
    "Hookpath.predict(model: '{model}', selected: true)",
    "import": "Hookpath.importPredictions('{foreign}').added()",
    "remove": "Hookpath.removeResults().total()",
    "nothing left": "Hookpath.removeResults().total()",
}  # fmt: skip


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save_dark_model(tmp_path_factory.mktemp("models") / "model")


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_dark_project(tmp_path_factory.mktemp("made") / "Projekt", (FIRST,)).parent


@pytest.fixture
def project(made: Path, tmp_path: Path) -> Path:
    """A copy of the project; its slides stay where they are."""
    return Path(shutil.copytree(made, tmp_path / "Kopie")) / "project.qpproj"


@pytest.fixture
def elsewhere(model: Path, made: Path, tmp_path: Path) -> Path:
    """The same slide predicted on another machine, without any QuPath."""
    slides = made.with_name("Projekt slides")
    command = ["predict", slides, "--model", model, "-o", tmp_path / "out", "--device", "cpu"]
    words = [sys.executable, "-m", "hookpath", *map(str, command)]
    done = subprocess.run(words, capture_output=True, text=True, timeout=200, check=False)
    assert done.returncode == 0, done.stderr
    return tmp_path / "out"


def test_predictions_of_another_machine_come_in_and_go_again(
    qupath: InstalledExtension, project: Path, elsewhere: Path
) -> None:
    before = qupath.seen(project, FIRST)
    qupath.script(
        "import_predictions.groovy",
        project,
        FIRST,
        save=True,
        **{"from": elsewhere},  # type: ignore[arg-type]
    ).ok()
    seen = qupath.seen(project, FIRST)
    assert human(seen) == before["objects"]
    check_dark(ours(seen), [DISC, FRAME])
    assert "importPredictions" in seen["steps"][-1]

    done = qupath.script("remove_results.groovy", project, FIRST, save=True).ok()
    assert f"{len(ours(seen))} objects taken away" in done.out
    after = qupath.seen(project, FIRST)
    assert after["objects"] == before["objects"]
    assert "removeResults" in after["steps"][-1]


def test_annotations_are_written_as_hookpath_reads_them_beside_a_slide(
    qupath: InstalledExtension, project: Path, tmp_path: Path
) -> None:
    qupath.script("export_annotations.groovy", project, to=tmp_path / "Übung").ok()
    (file,) = (tmp_path / "Übung").iterdir()
    assert file.name == Path(FIRST).with_suffix(".geojson").name
    drawn = [f for f in HUMAN if f["properties"]["objectType"] == "annotation"]
    found = read_geojson(file)
    assert [o.name for o in found] == [f["properties"]["name"] for f in drawn]
    assert [o.geometry.area for o in found] == [300 * 300, 60 * 40]
    qupath.script("export_annotations.groovy", project).ok()
    assert (project.parent / "hookpath" / "annotations" / file.name).is_file()


@pytest.fixture(scope="module")
def afternoon(
    tmp_path_factory: pytest.TempPathFactory, qupath: InstalledExtension, model: Path, made: Path
) -> dict[str, dict[str, Any]]:
    """`AFTERNOON`, in one QuPath."""
    folder = tmp_path_factory.mktemp("afternoon")
    project = Path(shutil.copytree(made, folder / "p")) / "project.qpproj"
    foreign = {"type": "Polygon", "coordinates": [ring(5, 5, 20, 20)]}
    collection = {"type": "FeatureCollection", "features": [feature(foreign, 77)]}
    (folder / "foreign.geojson").write_text(json.dumps(collection), encoding="utf-8")
    given = {"model": model, "foreign": folder / "foreign.geojson"}
    found = qupath.cases(project, FIRST, {k: v.format(**given) for k, v in AFTERNOON.items()})
    assert [o["problem"] for o in found.values()] == [None] * len(found)
    return found


def ids(outcome: dict[str, Any]) -> set[str]:
    return {o["id"] for o in outcome["objects"]}


def tagged(outcome: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {o["id"]: o for o in outcome["objects"] if o["run"]}


def of_run(outcome: dict[str, Any]) -> set[str]:
    """Ids of what the run that gives detections made."""
    return {i for i, o in tagged(outcome).items() if o["type"] == "PathDetectionObject"}


def test_a_result_that_a_person_changed_outlives_the_next_run(
    afternoon: dict[str, dict[str, Any]],
) -> None:
    first, edited, again = (afternoon[name] for name in ("predict", "edit", "again"))
    dark = {o["id"] for o in tagged(first).values() if o["classification"] == "Dark"}
    assert len(dark) == 2
    assert ids(edited) == ids(first)
    assert len(again["objects"]) == len(ids(again))  # no two have the same id
    kept = {i for i, o in tagged(again).items() if o["type"] == "PathAnnotationObject"}
    assert kept == dark
    assert {tagged(again)[i]["classification"] for i in dark} == {"Dark", "Stroma"}
    assert len(of_run(again)) == len(tagged(first))
    assert ids(afternoon["before"]) <= ids(again)


def test_one_run_is_taken_away_and_no_other(afternoon: dict[str, dict[str, Any]]) -> None:
    again, other, this = (afternoon[name] for name in ("again", "other run", "this run"))
    assert ids(other) == ids(again)
    assert other["steps"] == again["steps"]
    assert ids(this) == ids(again) - of_run(again)
    assert this["value"] == str(len(of_run(again)))


def test_only_the_selected_annotation_is_predicted_and_stays_selected(
    afternoon: dict[str, dict[str, Any]],
) -> None:
    before, found = afternoon["this run"], afternoon["select"]
    (region,) = (o["id"] for o in found["objects"] if o["name"] == "around the disc")
    assert found["selected"] == [region]
    added = [o for o in found["objects"] if o["id"] not in ids(before)]
    assert {o["parent"] for o in added} == {region}
    (disc,) = (o for o in added if o["classification"] == "Dark")
    assert disc["area"] == pytest.approx(DISC.area, rel=0.01)
    assert sum(o["area"] for o in added) <= box(150, 150, 450, 450).area * 1.001


def test_removal_leaves_the_person_what_is_theirs(afternoon: dict[str, dict[str, Any]]) -> None:
    imported, removed = afternoon["import"], afternoon["remove"]
    assert imported["value"] == "1"
    (foreign,) = ids(imported) - ids(afternoon["select"])
    edited = set(tagged(afternoon["this run"]))
    assert len(edited) == 2
    assert ids(removed) == ids(afternoon["before"]) | edited | {foreign}
    assert afternoon["nothing left"]["value"] == "0"
    assert afternoon["nothing left"]["steps"] == removed["steps"]
    assert all("Hookpath." in step for step in removed["steps"][-3:])

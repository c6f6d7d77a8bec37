"""A model run inside QuPath by the scripts that come with us: what lies in the image afterwards."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from hookpath.annotations import RUN_TAG
from support.dark_slides import (
    DISC,
    FIRST,
    FRAME,
    HUMAN,
    MPP,
    REGION,
    SECOND,
    SMALL,
    make_dark_project,
    save_dark_model,
)
from support.extension import InstalledExtension
from support.seen import check_dark, human, ours, shape_of

pytestmark = [pytest.mark.qupath, pytest.mark.timeout(600)]


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save_dark_model(tmp_path_factory.mktemp("models") / "dünkel model")


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_dark_project(tmp_path_factory.mktemp("made") / "Projekt 50 % µ").parent


@pytest.fixture
def project(made: Path, tmp_path: Path) -> Path:
    """A copy of the project; its slides stay where they are."""
    return Path(shutil.copytree(made, tmp_path / "Kopie µ")) / "project.qpproj"


def test_results_lie_where_the_slide_is_dark_and_the_persons_work_stays(
    qupath: InstalledExtension, model: Path, project: Path
) -> None:
    before = qupath.seen(project, FIRST)
    assert len(before["objects"]) == len(HUMAN)
    done = qupath.script("run_on_image.groovy", project, FIRST, save=True, model=model).ok()
    assert "Dark: " in done.out
    seen = qupath.seen(project, FIRST)
    assert human(seen) == before["objects"]
    check_dark(ours(seen), [DISC, FRAME])
    assert {o["type"] for o in ours(seen)} == {"PathDetectionObject"}
    assert len({o["metadata"][RUN_TAG] for o in ours(seen)}) == 1
    assert len(seen["steps"]) == len(before["steps"]) + 1
    assert "Hookpath.predict" in seen["steps"][-1]

    # A second run takes the place of the first, whatever the kind of its objects.
    qupath.script(
        "run_on_image.groovy",
        project,
        FIRST,
        save=True,
        model=model,
        **{"as": "annotations"},  # type: ignore[arg-type]
    ).ok()
    again = qupath.seen(project, FIRST)
    assert human(again) == before["objects"]
    check_dark(ours(again), [DISC, FRAME])
    assert {o["type"] for o in ours(again)} == {"PathAnnotationObject"}
    # Nothing was predicted again: the same objects, of another kind.
    assert {o["id"] for o in ours(seen)} == {o["id"] for o in ours(again)}


def test_inside_a_region_only_and_below_it(
    qupath: InstalledExtension, model: Path, project: Path
) -> None:
    done = qupath.script(
        "run_on_image.groovy", project, FIRST, save=True, model=model, inside="Region*"
    ).ok()
    assert "Dark: 0.0113 mm2" in done.out  # π · (120 px · 0.5 µm)²
    seen = qupath.seen(project, FIRST)
    check_dark(ours(seen), [DISC])
    region = next(o for o in human(seen) if o["name"] == "around the disc")
    assert {o["parent"] for o in ours(seen)} == {region["id"]}
    for found in ours(seen):
        assert shape_of(found).difference(REGION.buffer(1 / MPP)).is_empty


def test_all_images_of_the_project_in_one_job(
    qupath: InstalledExtension, model: Path, project: Path
) -> None:
    done = qupath.script("run_on_project.groovy", project, save=True, model=model).ok()
    assert done.out.count("maps in ") == 1
    check_dark(ours(qupath.seen(project, FIRST)), [DISC, FRAME])
    check_dark(ours(qupath.seen(project, SECOND)), [FRAME, SMALL])


def test_a_step_of_the_history_does_the_same_on_another_image(
    qupath: InstalledExtension, model: Path, project: Path, tmp_path: Path
) -> None:
    qupath.script("run_on_image.groovy", project, FIRST, save=True, model=model).ok()
    step = tmp_path / "from history.groovy"
    step.write_text(qupath.seen(project, FIRST)["steps"][-1] + "\n", encoding="utf-8")
    qupath.script(step, project, SECOND, save=True).ok()
    check_dark(ours(qupath.seen(project, SECOND)), [FRAME, SMALL])


def test_objects_are_made_anew_without_predicting(
    qupath: InstalledExtension, model: Path, project: Path
) -> None:
    """The frame is 20,000 µm² large, the disc 11,310; holes as small are filled, too."""
    named = f"model: '{model.as_posix()}'"
    outcomes = qupath.cases(
        project,
        FIRST,
        {
            "predict": f"Hookpath.predict({named})",
            "larger": f"Hookpath.redraw({named}, minArea: 15000).added()",
            "again": f"Hookpath.redraw({named}, as: 'annotations').added()",
            "none": "Hookpath.redraw(predictions: '/no/such/folder')",
        },
    )
    dark = {
        name: [o["area"] for o in outcome["objects"] if o["run"] and o["classification"] == "Dark"]
        for name, outcome in outcomes.items()
    }
    assert len(dark["predict"]) == 2
    assert dark["larger"] == pytest.approx([FRAME.envelope.area], rel=0.02)
    assert len(dark["again"]) == 2
    assert dark["none"] == dark["again"]
    assert "no such" in outcomes["none"]["problem"] or "no finished" in outcomes["none"]["problem"]
    people = [
        {o["id"] for o in outcome["objects"] if not o["run"]} for outcome in outcomes.values()
    ]
    assert all(one == people[0] for one in people)

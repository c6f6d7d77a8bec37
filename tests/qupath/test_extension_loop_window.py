"""A whole round of the annotation loop by the buttons of its panel, in QuPath's own window."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest
from shapely.geometry import box

from hookpath.loop import LoopFolder, Truth
from hookpath.projects import QuPathProject
from support.dark_slides import DRAWN, FIRST, SECOND, THIRD, make_dark_project
from support.extension import installed_extension
from support.qupath import SCRIPTS, display
from support.seen import human, shape_of
from support.training import TINY
from support.window_visits import pictures_folder

pytestmark = [pytest.mark.qupath, pytest.mark.timeout(1500)]

#: Keep the pictures there, to be looked at.

ALL = (FIRST, SECOND, THIRD)
STEPS = ["start", "propose", "next", "confirm", "retraining", "retrain"]


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project with two slides that are annotated, and one that is not."""
    return make_dark_project(tmp_path_factory.mktemp("loop") / "Projekt", ALL, DRAWN)


@pytest.fixture(scope="module")
def said(project: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What the panel showed after each step, and what QuPath then knew of the project."""
    root = tmp_path_factory.mktemp("home")
    out = pictures_folder("loop", root / "pictures")
    settings = "; ".join(one for one in TINY if not one.startswith("preset="))
    with display() as screen:
        qupath = installed_extension(root / "home", DISPLAY=screen, GSETTINGS_BACKEND="memory")
        environment = qupath.process_environment()
        environment["JAVA_TOOL_OPTIONS"] += (
            f' -Dprism.order=sw "-Dqupath.startup.script={SCRIPTS / "loop_in_window.groovy"}"'
            f' "-Dhookpath.visit={out}" "-Dhookpath.settings={settings}"'
        )
        command = qupath.command("--quiet", "--project", project, "--image", FIRST)
        done = subprocess.run(
            command, env=environment, capture_output=True, text=True, timeout=1400, check=False
        )
        assert (out / "report.json").is_file(), (done.stdout + done.stderr)[-5000:]
        found: dict[str, Any] = json.loads((out / "report.json").read_text(encoding="utf-8"))
        assert found["error"] is None, found
        return {**found, "seen": qupath.seen(project, THIRD)}


def test_the_panel_leads_through_the_round(said: dict[str, Any]) -> None:
    steps = said["steps"]
    assert list(steps) == STEPS
    assert [steps[name]["states"][THIRD] for name in STEPS] == [
        "TODO", "PROPOSED", "PROPOSED", "CORRECTED", "CORRECTED", "TRAINED",
    ]  # fmt: skip
    assert set(steps["start"]["states"].values()) == {"CORRECTED", "TODO"}
    assert steps["start"]["labelled"][FIRST] > 0
    assert steps["next"]["open"] == THIRD
    assert steps["retrain"]["headline"].startswith("Round 2:")
    assert steps["retrain"]["message"].startswith("Round 2 is trained.")
    assert set(steps["retrain"]["states"].values()) == {"TRAINED"}


def test_only_what_can_be_done_can_be_pressed(said: dict[str, Any]) -> None:
    disabled = {name: set(step["disabled"]) - {"start"} for name, step in said["steps"].items()}
    assert disabled == {
        "start": {"next"},
        "propose": {"propose", "retrain"},  # no image is left, and none is chosen
        "next": {"propose", "next", "retrain"},
        "confirm": {"propose", "next"},
        "retraining": {"propose", "next", "confirm", "retrain"},
        "retrain": {"propose", "next", "retrain"},
    }
    assert said["closed"] is True  # the step goes on


def test_what_the_person_did_is_learned_and_nothing_else(
    said: dict[str, Any], project: Path
) -> None:
    folder = LoopFolder(project.parent / "hookpath" / "loop")
    (entry,) = [e for e in QuPathProject(project).images if e.name == THIRD]
    truth = Truth.load(folder.truth_file(entry.id))
    x, y = said["corrected"]["x"], said["corrected"]["y"]
    strokes = box(x, y, x + 40, y + 40).union(box(x + 60, y, x + 100, y + 40))
    assert {(f.because, f.path_class.name) for f in truth.facts} == {
        ("touched", said["corrected"]["pathClass"])
    }
    learned = [f.geometry for f in truth.facts]
    assert sum(g.area for g in learned) == pytest.approx(strokes.area, rel=0.01)
    assert all(g.within(strokes.buffer(0.1)) for g in learned)
    assert folder.round == 2
    assert folder.settings.train["labels"]["line_width_um"] == 12.5
    assert said["curves"] is True
    assert truth.confirmed.is_empty


def test_the_project_shows_the_states_and_keeps_the_drawing(said: dict[str, Any]) -> None:
    states = {name: values["hookpath.loop.state"] for name, values in said["metadata"].items()}
    assert states == dict.fromkeys(ALL, "trained")
    x, y = said["corrected"]["x"], said["corrected"]["y"]
    drawn = box(x + 60, y, x + 100, y + 40)
    own = [o for o in human(said["seen"]) if shape_of(o).equals(drawn)]
    assert [o["classification"] for o in own] == [said["corrected"]["pathClass"]]

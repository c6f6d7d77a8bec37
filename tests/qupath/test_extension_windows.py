"""Every window of the extension, opened in a real QuPath on a display of its own."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from support.dark_slides import (
    DISC,
    DRAWN,
    FIRST,
    FRAME,
    SECOND,
    learn_elsewhere,
    make_dark_project,
    save_dark_model,
)
from support.extension import InstalledExtension, installed_extension
from support.qupath import SCRIPTS, display
from support.window_visits import pictures_folder

pytestmark = [pytest.mark.qupath, pytest.mark.timeout(900)]

#: Keep the pictures there, to be looked at.

#: Windows that must have been seen, by the names of their pictures.
SEEN = {
    "run-hooknet-ready", "run-hooknet-done", "train", "train-classifier", "train-unet-lr",
    "annotation-loop", "outline-tissue", "how-good-is-it", "measure", "models",
    "preview",
    "import-predictions", "show-probability-map", "remove-results", "first-steps",
    "open-a-demo-project", "set-up-python", "jobs", "open-log",
}  # fmt: skip


@pytest.fixture(scope="module")
def screen() -> Iterator[str]:
    """A screen that nobody sees."""
    with display() as name:
        yield name


@pytest.fixture(scope="module")
def visit(tmp_path_factory: pytest.TempPathFactory, screen: str) -> dict[str, Any]:
    """What was seen on the way through all windows."""
    root = tmp_path_factory.mktemp("visit")
    qupath = installed_extension(root / "home", DISPLAY=screen, GSETTINGS_BACKEND="memory")
    project = make_dark_project(root / "Projekt", (FIRST, SECOND), DRAWN)
    learn_elsewhere(save_dark_model(project.parent / "hookpath" / "models" / "dark or pale"))
    out = pictures_folder(".", root / "pictures")
    return look_around(qupath, project, out)


def look_around(qupath: InstalledExtension, project: Path, out: Path) -> dict[str, Any]:
    """Run the visit; ends QuPath whatever happens."""
    environment = qupath.process_environment()
    startup = SCRIPTS / "visit_windows.groovy"
    environment["JAVA_TOOL_OPTIONS"] += (
        f' -Dprism.order=sw "-Dqupath.startup.script={startup}" "-Dhookpath.visit={out}"'
    )
    with (out / "log.txt").open("w", encoding="utf-8") as log:
        command = qupath.command("--quiet", "--project", project, "--image", FIRST)
        subprocess.run(command, env=environment, stdout=log, stderr=log, timeout=840, check=False)
    said = (out / "log.txt").read_text(encoding="utf-8", errors="replace")
    assert (out / "report.json").is_file(), said[-5000:]
    found: dict[str, Any] = json.loads((out / "report.json").read_text(encoding="utf-8"))
    return {**found, "log": said}


def test_every_window_opens_and_does_what_it_is_for(visit: dict[str, Any]) -> None:
    assert visit["errors"] == []
    assert {window["name"] for window in visit["windows"]} >= SEEN
    done = next(w for w in visit["windows"] if w["name"] == "run-hooknet-done")
    assert any(text.startswith("Done:") for text in done["texts"])
    assert {"Dark", "Pale"} <= set(done["texts"])
    (unlike,) = (text for text in done["texts"] if "looks unlike" in text)
    assert unlike.startswith(f"{FIRST} looks unlike those that the model learned from (")
    assert float(visit["unlikeness"]) > 10


def test_what_a_job_will_find_or_take_is_reported_before_it_begins(visit: dict[str, Any]) -> None:
    assert visit["foreseen"].startswith(f"{FIRST} looks unlike those that the model learned from (")
    assert visit["estimate"].startswith("On this computer (CPU")


def test_every_window_can_be_used_by_keyboard_alone(visit: dict[str, Any]) -> None:
    assert visit["unreached"] == {}


def test_keys_are_nobody_else_s(visit: dict[str, Any]) -> None:
    assert visit["keys"] == {
        "Run HookNet…": ["Shift+Shortcut+H", []],
        "Live": ["Shift+Shortcut+J", []],
        "Next image to correct": ["Shift+Shortcut+N", []],
        "Confirm this image": ["Shift+Shortcut+Y", []],
    }


def test_what_was_found_is_measured(visit: dict[str, Any]) -> None:
    shares = visit["measured"]
    assert set(shares) == {
        "HookNet: Dark mm^2", "HookNet: Pale mm^2", "HookNet: Dark %", "HookNet: Pale %",
        "HookNet: covered %",
    }  # fmt: skip
    assert shares["HookNet: Dark %"] + shares["HookNet: Pale %"] == pytest.approx(100)


def test_objects_are_made_anew_as_they_look(visit: dict[str, Any]) -> None:
    """Smoothing rounds the corners off: a little area goes to the other class, no more."""
    areas = sorted(visit["redrawn"]["dark"])
    assert areas == pytest.approx([DISC.area, FRAME.area], rel=0.04)
    assert areas[1] < FRAME.area
    assert "made room" in visit["redrawn"]["said"]


def test_no_text_is_clipped_outside_or_missing(visit: dict[str, Any]) -> None:
    assert {w["name"]: w["problems"] for w in visit["windows"] if w["problems"]} == {}


def test_nothing_was_logged_as_an_error(visit: dict[str, Any]) -> None:
    assert [line for line in visit["log"].splitlines() if "[ERROR]" in line] == []

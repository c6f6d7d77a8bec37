"""Somebody's first hour in QuPath's own window, by mouse: from First steps to a second model."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from shapely.geometry import box

from hookpath.models import load_model
from support.extension import installed_extension
from support.qupath import SCRIPTS, display
from support.window_visits import pictures_folder

pytestmark = [pytest.mark.qupath, pytest.mark.timeout(1500)]

FIRST_STEPS = "First steps with HookNet"
#: A path, or an option of a command line.
NOT_FOR_PEOPLE = re.compile(r"(?<![\w/])/\w+/|(?<!\S)--\w")


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Of somebody who has just installed the extension."""
    return tmp_path_factory.mktemp("hour")


@pytest.fixture(scope="module")
def seen(home: Path) -> dict[str, Any]:
    """What was on the screen after each step."""
    out = pictures_folder("hour", home / "pictures")
    with display() as screen:
        qupath = installed_extension(home / "home", DISPLAY=screen, GSETTINGS_BACKEND="memory")
        options = qupath.process_environment()["JAVA_TOOL_OPTIONS"]
        startup = f'"-Dqupath.startup.script={SCRIPTS / "first_hour_in_window.groovy"}"'
        environment = {
            "JAVA_TOOL_OPTIONS": f"{options} -Dprism.order=sw {startup}",
            "HOOKPATH_HOUR_OUT": str(out),
            "HOOKPATH_CACHE": str(home / "cache"),
        }
        done = qupath.run("-q", environment=environment, timeout=1400)
    assert (out / "report.json").is_file(), done.said()
    found: dict[str, Any] = json.loads((out / "report.json").read_text(encoding="utf-8"))
    assert "error" not in found, f"{found['error']}\n{done.said()}"
    return {**found, "log": done.out + done.err}


def test_first_steps_says_what_is_next(seen: dict[str, Any]) -> None:
    said = [step["next"] for step in seen["steps"].values()]
    assert [line for line, before in zip(said, [None, *said], strict=False) if line != before] == [
        "Next: open the demo project, or your own.",
        "Next: train, which takes minutes.",
        "There is a model. Next: run it on an image without annotations (in the demo, new-1), as "
        "Annotations.",
    ]


def test_what_was_corrected_is_learned_from(seen: dict[str, Any], home: Path) -> None:
    assert seen["images"][-1] == "new-1"
    (models,) = home.glob("home/QuPath/hookpath/demo/*/hookpath/models")
    first, second = (
        set(load_model(models / name / "model")[1].training["split"]["train"])
        for name in ("Quick", "Quick-2")
    )
    assert first == {"train-1", "train-2", "train-3"}
    assert second == {*first, "new-1"}


def test_the_loop_says_what_is_annotated(seen: dict[str, Any]) -> None:
    assert seen["loop"].startswith("In situ, Invasive, Stroma are annotated, on 5 of 5 images.")
    assert "add images on which it can propose" in seen["loop"]


def test_what_is_normal_has_no_colour(seen: dict[str, Any]) -> None:
    assert seen["colours"]["running"] == ["Running…", ""]
    assert seen["colours"]["loop"] == [seen["loop"], ""]


def test_the_quick_network_shows_no_empty_curves(seen: dict[str, Any]) -> None:
    assert seen["curves"] is False
    (said,) = (t for t in shown(seen, "16-trained-again", "Train HookNet") if "is done" in t)
    assert said.startswith("Training is done. Mean F1 on the validation images: 0.")
    assert "epoch" not in said


def test_small_windows_open_beside_those_that_are_there(seen: dict[str, Any]) -> None:
    for step, title in (("02-demo-is-made", "Demo project"), ("04-live", "HookNet preview")):
        (x, y, width, height) = seen["steps"][step]["places"][title]
        (left, top, w, h) = seen["steps"][step]["places"][FIRST_STEPS]
        here, there = box(x, y, x + width, y + height), box(left, top, left + w, top + h)
        assert here.disjoint(there), title


def test_no_window_shows_a_path_or_an_option(seen: dict[str, Any]) -> None:
    texts = {
        text
        for step in seen["steps"].values()
        for window in step["windows"].values()
        for text in window
    }
    assert [text for text in texts if NOT_FOR_PEOPLE.search(text)] == []


def test_nothing_was_logged_as_an_error(seen: dict[str, Any]) -> None:
    assert [line for line in seen["log"].splitlines() if "[ERROR]" in line] == []


def shown(seen: dict[str, Any], step: str, window: str) -> list[str]:
    """All texts of a window after a step."""
    texts: list[str] = seen["steps"][step]["windows"][window]
    return texts

"""Somebody's first hour in QuPath's own window, by mouse: from First steps to a second model."""

from __future__ import annotations

import json
from typing import Any

import pytest

from support.extension import installed_extension
from support.qupath import SCRIPTS, display
from support.window_visits import pictures_folder

pytestmark = [pytest.mark.qupath, pytest.mark.timeout(1500)]


@pytest.fixture(scope="module")
def seen(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What was on the screen after each step."""
    root = tmp_path_factory.mktemp("hour")
    out = pictures_folder("hour", root / "pictures")
    with display() as screen:
        qupath = installed_extension(root / "home", DISPLAY=screen, GSETTINGS_BACKEND="memory")
        options = qupath.process_environment()["JAVA_TOOL_OPTIONS"]
        startup = f'"-Dqupath.startup.script={SCRIPTS / "first_hour_in_window.groovy"}"'
        environment = {
            "JAVA_TOOL_OPTIONS": f"{options} -Dprism.order=sw {startup}",
            "HOOKPATH_HOUR_OUT": str(out),
            "HOOKPATH_CACHE": str(root / "cache"),
        }
        done = qupath.run("-q", environment=environment, timeout=1400)
    assert (out / "report.json").is_file(), done.said()
    found: dict[str, Any] = json.loads((out / "report.json").read_text(encoding="utf-8"))
    assert "error" not in found, f"{found['error']}\n{done.said()}"
    return found


def test_the_hour_ends_with_a_second_model(seen: dict[str, Any]) -> None:
    assert "17-trained-again" in seen["steps"]

"""Starting QuPath for a script, with a stand-in for QuPath."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from hookpath.baselines.qupath_process import run_script, why_not_startable
from hookpath.errors import ProjectError

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="the stand-in is a shell script")


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder that looks like a QuPath; its command is still missing."""
    app = tmp_path / "QuPath" / "lib" / "app"
    app.mkdir(parents=True)
    (app / "qupath-core-0.6.0.jar").touch()
    monkeypatch.setenv("PAQUO_QUPATH_DIR", str(tmp_path / "QuPath"))
    return tmp_path / "QuPath"


def command(home: Path, *lines: str) -> None:
    path = home / "bin" / "QuPath"
    path.parent.mkdir()
    path.write_text("\n".join(["#!/bin/sh", *lines, ""]))
    path.chmod(0o755)


def test_the_script_gets_its_arguments_and_nobody_s_preferences(home: Path, tmp_path: Path) -> None:
    said = tmp_path / "said"
    command(home, f'echo "$@" > {said}', f'echo "$JAVA_TOOL_OPTIONS" >> {said}')
    assert why_not_startable() is None
    run_script(Path("do.groovy"), Path("request.json"))
    words, java = said.read_text().splitlines()
    assert words == "script do.groovy --args request.json"
    used = java.split('-Duser.home="')[1].split('"')[0]
    assert used != str(Path.home())
    assert not os.path.exists(used)  # noqa: PTH110 - it was a folder of that run alone


def test_what_went_wrong_is_reported_in_one_line(home: Path) -> None:
    command(
        home,
        'echo "12:00 [main] [INFO ] q.S - started"',
        'echo "12:01 [main] [ERROR] q.S - no such file" >&2',
        'echo "  at some.place" >&2',
        "exit 1",
    )
    with pytest.raises(ProjectError, match=r"^QuPath could not run do\.groovy: 12:01 .*such file$"):
        run_script(Path("do.groovy"))


def test_without_a_qupath_or_its_command_nothing_can_be_run(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert "no command to start QuPath with" in (why_not_startable() or "")
    monkeypatch.setenv("PAQUO_QUPATH_DIR", str(tmp_path))
    with pytest.raises(ProjectError, match="no QuPath lies there"):
        run_script(Path("do.groovy"))

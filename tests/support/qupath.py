"""A real QuPath in a process of its own: runs Groovy scripts on a project, without a window."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from hookpath.projects import find_qupath
from support.projects import skip_without_qupath

SCRIPTS = Path(__file__).parents[1] / "qupath"
_LAUNCHERS = ("bin/QuPath", "Contents/MacOS/QuPath*", "QuPath*(console).exe")


def qupath_launcher() -> Path:
    """QuPath's command; skips the test where there is none."""
    skip_without_qupath()
    home = find_qupath()
    assert home is not None
    found = [p for pattern in _LAUNCHERS for p in sorted(home.glob(pattern))]
    if not found:
        pytest.skip(f"QuPath in {home} has no command to start it with")
    return found[0]


def run_script(name: str, project: Path, image: str, *args: str, save: bool = False) -> None:
    """Run ``tests/qupath/<name>`` on one image of a project; `save`: keep what it changed."""
    _run(name, args, ["-p", project, "-i", image, *(["--save"] if save else [])])


def run_alone(name: str, *args: object) -> None:
    """Run ``tests/qupath/<name>`` with arguments; it opens what it needs itself."""
    _run(name, args, [])


def _run(name: str, args: Sequence[object], options: Sequence[object]) -> None:
    given = [part for a in args for part in ("-a", a)]
    command = [qupath_launcher(), "script", SCRIPTS / name, *options, *given]
    with tempfile.TemporaryDirectory() as home:  # no preferences of the person who runs the tests
        java = f"-Duser.home={home} -Djava.util.prefs.userRoot={home}"
        done = subprocess.run(
            [str(c) for c in command],
            capture_output=True,
            text=True,
            timeout=240,
            check=False,
            env={**os.environ, "JAVA_TOOL_OPTIONS": java},
        )
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]


@contextmanager
def display() -> Iterator[str]:
    """A screen of its own; skips the test where there is none to be had."""
    if shutil.which("Xvfb") is None:
        pytest.skip("QuPath's window needs Xvfb")
    read, write = os.pipe()
    command = ["Xvfb", "-displayfd", str(write), "-screen", "0", "1600x1000x24", "-nolisten", "tcp"]
    server = subprocess.Popen(command, pass_fds=[write], stderr=subprocess.DEVNULL)
    os.close(write)
    try:
        with os.fdopen(read) as number:
            yield f":{int(number.readline())}"
    finally:
        server.terminate()
        server.wait(10)


def run_in_window(name: str, project: Path, image: str) -> None:
    """Open an image in QuPath's window, where ``tests/qupath/<name>`` does its work and quits."""
    command = [qupath_launcher(), "-q", "-p", project, "-i", image]
    with tempfile.TemporaryDirectory() as home, display() as screen:
        java = (
            f"-Dprism.order=sw -Duser.home={home} -Djava.util.prefs.userRoot={home} "
            f"-Dqupath.startup.script={SCRIPTS / name}"
        )
        extra = {"JAVA_TOOL_OPTIONS": java, "DISPLAY": screen, "GSETTINGS_BACKEND": "memory"}
        done = subprocess.run(
            [str(c) for c in command],
            capture_output=True,
            text=True,
            timeout=240,
            check=False,
            env={**os.environ, **extra},
        )
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]


def seen_by_qupath(project: Path, image: str) -> dict[str, Any]:
    """Image type, stains, history and objects, as QuPath itself reads them."""
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "seen.json"
        run_script("dump.groovy", project, image, str(out))
        found: dict[str, Any] = json.loads(out.read_text(encoding="utf-8"))
    return found

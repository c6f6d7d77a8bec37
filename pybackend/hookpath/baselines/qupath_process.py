"""QuPath itself, without a window: runs a script of ours and ends."""

from __future__ import annotations

import os
import subprocess
import tempfile
from pathlib import Path

from hookpath.errors import ProjectError
from hookpath.jvm.qupath_installation import find_qupath, qupath_launcher, why_no_qupath

#: How lines that tell what went wrong are marked; those before tell of start and caches.
_ERROR_MARKS = ("ERROR", "Exception")


def why_not_startable() -> str | None:
    """Why no script can be run here, as in "no QuPath found; …"; None: it can."""
    home = find_qupath()
    if home is None:
        return why_no_qupath()
    if qupath_launcher(home) is None:
        return f"{home}: no command to start QuPath with; install it again"
    return None


def run_script(script: Path, *args: Path) -> None:
    """Run a Groovy script in a QuPath of its own, without anybody's preferences and extensions.

    CPU time counts as that of a child process.

    Raises:
        ProjectError: there is no QuPath, or the script failed; with what QuPath said last.
    """
    home = find_qupath()
    launcher = qupath_launcher(home) if home else None
    if launcher is None:
        raise ProjectError(why_not_startable() or "QuPath is gone; install it again")
    given = [word for arg in args for word in ("--args", str(arg))]
    with tempfile.TemporaryDirectory(prefix="hookpath-qupath-") as folder:
        apart = f'-Duser.home="{folder}" -Djava.util.prefs.userRoot="{folder}"'
        java = f"{os.environ.get('JAVA_TOOL_OPTIONS', '')} -Djava.awt.headless=true {apart}"
        done = subprocess.run(
            [str(launcher), "script", str(script), *given],
            capture_output=True,
            text=True,
            encoding="utf-8",
            errors="replace",
            check=False,
            env={**os.environ, "JAVA_TOOL_OPTIONS": java},
        )
    if done.returncode != 0:
        raise ProjectError(
            f"QuPath could not run {script.name}: {_last_words(done.stdout + done.stderr)}"
        )


def _last_words(text: str) -> str:
    """The first line that calls itself an error, else the last one at all."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    errors = [line for line in lines if any(mark in line for mark in _ERROR_MARKS)]
    return (errors[:1] or lines[-1:] or ["it said nothing; start it once by hand"])[0]

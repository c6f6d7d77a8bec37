"""Programs that pretend to be a Python with hookpath, and fail in the ways that such ones do."""

from __future__ import annotations

import sys
from pathlib import Path

from hookpath import __version__

#: What a job says before anything goes wrong.
_BEGUN = (
    '{"event": "start", "schema": 1, "command": "predict", "hookpath": "' + __version__ + '"}',
    '{"event": "progress", "schema": 1, "task": "predict", "done": 1, "total": 9, "unit": "tiles",'
    ' "figures": {}, "seconds_left": 9, "finished": false}',
)
_SAY_BEGUN = "".join(f"printf '%s\\n' '{line}'\n" for line in _BEGUN)


def _program(path: Path, version: str, job: str) -> Path:
    """A shell script that answers ``--version`` and does `job` otherwise."""
    text = f'#!/bin/sh\ncase "$*" in *--version*) echo "hookpath {version}"; exit 0;; esac\n{job}\n'
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    path.chmod(0o755)
    return path


def of_version(path: Path, version: str) -> Path:
    """Another version of the package."""
    return _program(path, version, f'exec "{sys.executable}" "$@"')


def without_package(path: Path) -> Path:
    """A Python, but nothing is installed in it."""
    path.write_text(f'#!/bin/sh\nexec "{sys.executable}" -I -S "$@"\n', encoding="utf-8")
    path.chmod(0o755)
    return path


def killed_midway(path: Path) -> Path:
    """Begins, then is gone as after running out of memory."""
    return _program(path, __version__, _SAY_BEGUN + "echo 'the last words' >&2\nkill -9 $$")


def never_ending(path: Path, pid_file: Path) -> Path:
    """Begins, leaves its process id in a file, heeds no stop file and never ends."""
    return _program(path, __version__, f'{_SAY_BEGUN}echo $$ > "{pid_file}"\nexec sleep 600')


def babbling(path: Path) -> Path:
    """Says things that are no events, and ends as if all were well, without any result."""
    return _program(path, __version__, "echo 'Welcome!'\necho '{\"event\": 3'\nexit 0")

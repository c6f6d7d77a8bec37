"""Finding a QuPath on this machine without starting it."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

#: Where QuPath lies inside its folder: Linux, macOS, Windows.
_APP_FOLDERS = ("lib/app", "Contents/app", "app")

#: The command inside that folder, in the same order.
_LAUNCHERS = ("bin/QuPath", "Contents/MacOS/QuPath*", "QuPath*(console).exe")

_USUAL_FOLDERS = (
    "/opt", "/usr/local", "~", "~/.local/share", "/Applications", "~/Applications",
    "C:/Program Files", "~/AppData/Local",
)  # fmt: skip


def find_qupath() -> Path | None:
    """The QuPath to use, or None.

    In this order: the environment variable ``PAQUO_QUPATH_DIR`` (then nothing else is tried),
    Paquo's own configuration (``.paquo.toml``), folders named ``QuPath*`` in the usual install
    folders (the highest version first), a conda environment.
    """
    given = os.environ.get("PAQUO_QUPATH_DIR")
    if given:
        return _home_or_none(Path(given).expanduser())
    return next((home for home in map(_home_or_none, _candidates()) if home), None)


def why_no_qupath() -> str:
    """What to do where `find_qupath` finds nothing, in one line."""
    given = os.environ.get("PAQUO_QUPATH_DIR")
    if given:
        return f"PAQUO_QUPATH_DIR is {given}, but no QuPath lies there; set it to QuPath's folder"
    return "no QuPath found; set PAQUO_QUPATH_DIR to its folder or run `paquo get_qupath`"


def qupath_launcher(home: Path) -> Path | None:
    """The command of an installation that runs scripts without a window, or None."""
    return next((p for pattern in _LAUNCHERS for p in sorted(home.glob(pattern))), None)


def qupath_version(home: Path) -> str | None:
    """Version of an installation, from the name of its core library."""
    for folder in _APP_FOLDERS:
        for jar in sorted((home / folder).glob("qupath-core-*.jar")):
            if found := re.fullmatch(r"qupath-core-(\d[^-]*(?:-(?:rc|m)\d+)?)\.jar", jar.name):
                return found[1]
    return None


def version_key(version: str) -> tuple[int, ...]:
    """``(major, minor)`` of a version such as ``0.6.0-rc2``; ``()`` if there is none."""
    found = re.match(r"v?(\d+)\.(\d+)", version)
    return (int(found[1]), int(found[2])) if found else ()


def _home_or_none(folder: Path) -> Path | None:
    return folder if qupath_version(folder) else None


def _candidates() -> Iterator[Path]:
    if configured := paquo_settings().get("qupath_dir"):
        yield Path(configured).expanduser()
    for usual in _USUAL_FOLDERS:
        folder = Path(usual).expanduser()
        if folder.is_dir():
            found = (p for p in folder.iterdir() if p.name.lower().startswith("qupath"))
            yield from sorted(found, key=_age, reverse=True)
    if prefix := os.environ.get("CONDA_PREFIX"):
        yield from (Path(prefix) / p for p in ("opt/QuPath", "bin/QuPath.app", "Library/QuPath"))


def _age(home: Path) -> tuple[list[int], bool]:
    """Sorts the installations of a folder: older first, a release after its candidates."""
    number, _, candidate = (qupath_version(home) or "").partition("-")
    return [int(n) for n in re.findall(r"\d+", number)], not candidate


def paquo_settings() -> dict[str, Any]:
    """Paquo's configuration, or nothing where Paquo is not installed."""
    try:
        from paquo._config import settings, to_kwargs
    except ImportError:
        return {}
    return dict(to_kwargs(settings))

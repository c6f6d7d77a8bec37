"""Copies of a file from before it was changed: numbered, and the ones that matter never go.

``<name>.hookpath-<number>-<UTC time>.bak`` beside the file. The number alone orders them: a clock
may be set back. What stays is the newest few and the first of every day, which holds what a person
had before that day's commands.
"""

from __future__ import annotations

import re
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

from hookpath.atomic_files import replace_file
from hookpath.safe_names import shortened

#: The newest backups that stay, besides the first of every day.
KEPT_BACKUPS = 5

#: Of what follows a file's name in that of a backup, in bytes.
_ROOM = 64

_NAME = re.compile(r"\.hookpath-(?:(\d+)-)?(\d{8})T[\d.]+Z\.bak$")


@dataclass(frozen=True, order=True)
class _Backup:
    """Early ones had no number: they come before all others, by their time."""

    number: int
    name: str
    day: str
    path: Path


def back_up(path: Path) -> Path | None:
    """Copy `path` beside itself, and remove the backups that are not to stay.

    Returns:
        The copy, or None where there is nothing to back up.

    Raises:
        OSError: it cannot be written.
    """
    if not path.exists():
        return None
    there = _found(path)
    number = 1 + max((b.number for b in there), default=0)
    stamp = datetime.now(UTC).strftime("%Y%m%dT%H%M%S.%fZ")
    copy = path.with_name(f"{shortened(path.name, _ROOM)}.hookpath-{number:06d}-{stamp}.bak")
    replace_file(copy, partial(shutil.copy2, path))
    for old in _superfluous([*there, _Backup(number, copy.name, stamp[:8], copy)]):
        old.path.unlink(missing_ok=True)
    return copy


def backups_of(path: Path) -> list[Path]:
    """Our backups of `path`, oldest first."""
    return [backup.path for backup in _found(path)]


def _found(path: Path) -> list[_Backup]:
    found: list[_Backup] = []
    name = shortened(path.name, _ROOM)
    for beside in path.parent.iterdir():
        if not beside.name.startswith(f"{name}.hookpath-"):
            continue
        if match := _NAME.fullmatch(beside.name[len(name) :]):
            found.append(_Backup(int(match[1] or 0), beside.name, match[2], beside))
    return sorted(found)


def _superfluous(backups: Sequence[_Backup]) -> list[_Backup]:
    """All but the newest few and the first of every day; `backups` are sorted."""
    first = {b.day: b for b in reversed(backups)}.values()
    return [b for b in backups[:-KEPT_BACKUPS] if b not in first]


class Backups:
    """One backup of each file, whatever a command writes into it."""

    def __init__(self) -> None:
        self._made: dict[Path, Path | None] = {}

    def make(self, path: Path) -> Path | None:
        """The backup of `path`, made when first asked for (None: there was no file).

        Raises:
            OSError: it cannot be written.
        """
        if path not in self._made:
            self._made[path] = back_up(path)
        return self._made[path]

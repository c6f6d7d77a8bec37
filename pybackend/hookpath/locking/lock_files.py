"""Where a file system knows no locks: a note that only one process can make.

It counts as long as its process lives. Other machines, which cannot ask for that, tell it from a
pulse: a new time of change twice a minute.
"""

from __future__ import annotations

import contextlib
import json
import os
import platform
import threading
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from hookpath.atomic_files import naming_file
from hookpath.errors import NO_ROOM
from hookpath.process_liveness import lives, this_machine
from hookpath.temporary_files import discard, now_there, unfinished_beside

#: How often a note is touched, in seconds.
PULSE_S = 30.0

#: A note whose last pulse is so far from now seems to belong to nobody.
SILENT_S = 10 * PULSE_S

#: Clocks of machines differ, and clocks are set: before it is given up, such a note is watched for
#: a pulse for so long.
WATCHED_S = 1.5 * PULSE_S


@dataclass
class _Watch:
    """Of a note: its last pulse, since when it is known, and whether there was one meanwhile."""

    pulse: float
    since: float = field(default_factory=lambda: time.monotonic())
    moved: bool = False


_watched: dict[Path, _Watch] = {}


def owner() -> bytes:
    """Who holds a lock, as its file says it."""
    values = {
        "machine": this_machine(),
        "host": platform.node(),
        "process": os.getpid(),
        "since": datetime.now(UTC).isoformat(timespec="seconds"),
    }
    return json.dumps(values).encode()


def owner_in(file: Path) -> dict[str, Any]:
    """What a lock's file says; empty where it says nothing."""
    try:
        with file.open("rb") as said:
            found = json.loads(said.read(4096))
    except (OSError, ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


class NoteLock:
    """A note of ours, and its pulse."""

    def __init__(self, note: Path, said: bytes) -> None:
        self._note, self._said = note, said
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._beat, name="lock-pulse", daemon=True)
        self._thread.start()

    def _beat(self) -> None:
        while not self._over.wait(PULSE_S):
            with contextlib.suppress(OSError):
                os.utime(self._note)

    def release(self) -> None:
        """End the pulse and remove the note, unless another took its place (we were held up)."""
        self._over.set()
        self._thread.join()
        with contextlib.suppress(OSError):
            if self._note.read_bytes() == self._said:
                discard(self._note)


class NoLock:
    """Those who share a lock make no note."""

    def release(self) -> None:
        """Nothing was made."""


def try_note(file: Path, shared: bool, by_pulse: bool = False) -> NoteLock | NoLock | None:
    """The lock; None: another process has it.

    Args:
        by_pulse: a silent pulse is enough to give a note up, whether or not there is a process of
            that number (it may be another one by now).

    Raises:
        OSError: the note cannot be made.
    """
    note = note_of(file)
    _remove_abandoned(note, by_pulse)
    if shared:
        return None if note.exists() else NoLock()
    said = owner()
    return NoteLock(note, said) if _made(note, said) else None


def _made(note: Path, said: bytes) -> bool:
    """Make a note, whole or not at all; False: another process was there first.

    Half a note would say nothing of who made it, and all would wait until its pulse is over.

    Raises:
        OSError: it cannot be made.
    """
    part = unfinished_beside(note)
    try:
        with naming_file(note):
            part.write_bytes(said)
        os.link(part, note)
    except FileExistsError:
        return False
    except OSError as error:
        if error.errno in NO_ROOM:
            raise
        return _made_without_link(note, said)
    finally:
        discard(part)
    return True


def _made_without_link(note: Path, said: bytes) -> bool:
    """The same where a file system knows no links: a kill may come in between."""
    try:
        handle = os.open(note, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o666)
    except FileExistsError:
        return False
    try:
        with naming_file(note), os.fdopen(handle, "wb") as out:
            out.write(said)
    except OSError:
        discard(note)
        raise
    return True


def note_of(file: Path) -> Path:
    """The note that stands for the lock of a file."""
    return file.with_name(file.name + ".note")


def is_held(note: Path) -> bool:
    """Whether a note is there, its process lives, and so does its pulse; another one goes."""
    _remove_abandoned(note, by_pulse=True)
    return note.exists()


def is_watched(note: Path) -> bool:
    """Whether a note is held only until it is known if it has a pulse; ask `is_held` first."""
    watch = _watched.get(note)
    return watch is not None and not watch.moved and note.exists()


def is_abandoned(file: Path) -> bool:
    """Whether a lock's file says that a process of this machine has it which has ended."""
    said = owner_in(file)
    pid = said.get("process")
    return said.get("machine") == this_machine() and isinstance(pid, int) and not lives(pid)


def who(note: Path) -> str:
    """Who made a note, in words: `` (process 12 on node7)``; "" where it does not say so."""
    said = owner_in(note)
    pid, host = said.get("process"), said.get("host")
    if not isinstance(pid, int):
        return ""
    return f" (process {pid})" if host == platform.node() else f" (process {pid} on {host})"


def _remove_abandoned(note: Path, by_pulse: bool) -> None:
    """Take it away under another name first: if it is not the same any more, it goes back."""
    said = owner_in(note)
    if not _is_abandoned(note, said, by_pulse):
        return
    aside = unfinished_beside(note)
    with contextlib.suppress(OSError):
        note.rename(aside)
        if owner_in(aside) != said:
            os.link(aside, note)
    discard(aside)


def _is_abandoned(note: Path, said: dict[str, Any], by_pulse: bool) -> bool:
    """Whether whoever made it has ended; of another machine: has shown no pulse for long."""
    pid = said.get("process")
    if said.get("machine") == this_machine() and isinstance(pid, int):
        if not lives(pid):
            return True
        if not by_pulse:
            return False
    try:
        pulse = note.stat().st_mtime
        seems_alive = abs(now_there(note) - pulse) <= SILENT_S
    except OSError:
        return False
    if seems_alive:
        _watched.pop(note, None)
        return False
    return _has_no_pulse(note, pulse)


def _has_no_pulse(note: Path, pulse: float) -> bool:
    """Whether a note that seems to belong to nobody was watched in vain."""
    watch = _watched.setdefault(note, _Watch(pulse))
    if watch.pulse != pulse:
        watch = _watched[note] = _Watch(pulse, moved=True)
    return time.monotonic() - watch.since >= WATCHED_S

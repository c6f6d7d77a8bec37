"""Locks by name of a file.

A lock is a small hidden file that says who holds it, and is gone afterwards. The system's own lock
on it decides (`_system`), which goes with its process, however that ends; where a file system
knows none, a note does (`_note`).
"""

from __future__ import annotations

import contextlib
import os
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from pathlib import Path
from typing import Protocol

from hookpath.atomic_files import make_folder
from hookpath.errors import BusyError
from hookpath.locking.lock_files import is_abandoned, is_watched, note_of, owner, try_note, who
from hookpath.locking.system_lock import try_system_lock
from hookpath.temporary_files import is_unfinished, sweep

LOCK_NAME = ".hookpath.lock"
"""The lock's file in a folder that it is for."""

#: Other locks are hidden files of this ending, or lie in `STEP_LOCKS`.
_LOCK = ".lock"

STEP_LOCKS = ".locks"
"""Name of a folder that holds nothing but locks (the annotation loop's)."""

PATIENCE_S = 60.0
"""What is held for seconds is waited for; who waits longer than this gets a message."""

_LOOK_EVERY_S = 0.05

#: Who shares a lock has it alone for a moment, to remove its file; that refuses nobody who shares.
_MOMENT_S = 1.0

#: Folders whose abandoned locks this process has removed.
_swept: set[tuple[int, Path]] = set()

#: Locks of this process: file, process, thread.
_held: set[tuple[Path, int, int]] = set()


class _Lock(Protocol):
    def release(self) -> None:
        """Let others in."""


@contextmanager
def entered(
    lock: AbstractContextManager[None], refused: Callable[[OSError], Exception]
) -> Iterator[None]:
    """Hold a lock; where the system refuses it, `refused` says what is raised.

    Errors of the work inside pass as they are.
    """
    with ExitStack() as held:
        try:
            held.enter_context(lock)
        except OSError as error:
            raise refused(error) from error
        yield


@contextmanager
def folder_alone(folder: Path, does: str, shared: bool = False) -> Iterator[None]:
    """`alone` with the lock that belongs to a folder, which is there already; sweeps it, too.

    Raises:
        BusyError, OSError: as `alone`.
    """
    with alone(folder / LOCK_NAME, does, 0.0, shared):
        sweep(folder)
        yield


def _sweep_locks(folder: Path) -> None:
    """Remove the lock files of killed processes of this machine; once in each process.

    Each is taken first, as by anybody who asks for it: what another process has just taken stays.
    """
    key = (os.getpid(), folder)
    if key in _swept:
        return
    _swept.add(key)
    with contextlib.suppress(OSError), os.scandir(folder) as entries:
        files = [folder / e.name for e in entries if _is_lock(folder, e.name)]
        for file in (f for f in files if is_abandoned(f)):
            with contextlib.suppress(OSError, NotImplementedError):
                if (lock := try_system_lock(file, shared=False, owner=owner())) is not None:
                    lock.release()


def _is_lock(folder: Path, name: str) -> bool:
    return name.endswith(_LOCK) and (name.startswith(".") or folder.name == STEP_LOCKS)


@contextmanager
def alone(
    file: Path, does: str, patience_s: float = PATIENCE_S, shared: bool = False
) -> Iterator[None]:
    """Be the only one, of all processes that ask for it, that does something.

    The same thread may ask again for what it holds.

    Args:
        file: of the lock; its folder is there already.
        does: what, for the message: "training the run runs/first".
        patience_s: how long to wait for another to end.
        shared: beside others that share it, too, but not beside one that is alone.

    Raises:
        BusyError: another process has not ended in this time; says which.
        OSError: the lock's file cannot be made: its folder cannot be written to.
    """
    file = Path(os.path.realpath(file.parent)) / file.name
    key = (file, os.getpid(), threading.get_ident())
    if key in _held:
        yield
        return
    lock = _acquired(file, does, patience_s, shared)
    _held.add(key)
    _sweep_locks(file.parent)
    try:
        yield
    finally:
        _held.discard(key)
        lock.release()


def is_empty(folder: Path) -> bool:
    """Whether nothing lies in a folder but its lock and what killed processes left."""
    locks = (LOCK_NAME, note_of(folder / LOCK_NAME).name)
    return all(p.name in locks or is_unfinished(p) for p in folder.iterdir())


def _acquired(file: Path, does: str, patience_s: float, shared: bool) -> _Lock:
    until = time.monotonic() + max(patience_s, _MOMENT_S if shared else 0.0)
    while (found := _tried(file, shared)) is None:
        if time.monotonic() >= until and not is_watched(note_of(file)):
            raise BusyError(
                f"another hookpath is {does}{_who(file)}; wait until that has ended, or end it"
            )
        time.sleep(_LOOK_EVERY_S)
    return found


def _tried(file: Path, shared: bool) -> _Lock | None:
    """The lock; None: another has it."""
    try:
        return try_system_lock(file, shared, owner())
    except NotImplementedError:
        return try_note(file, shared)


def _who(file: Path) -> str:
    return who(file) or who(note_of(file))


@contextmanager
def working_in(folder: Path, does: str, shared: bool = False) -> Iterator[None]:
    """Make a folder for results and be the only one who works in it (see `alone`).

    A folder that was made here and is still empty in the end goes again.

    Raises:
        BusyError: another process works there.
        OSError: it cannot be made, or not be written to.
    """
    missing = [place for place in (folder, *folder.parents) if not place.exists()]
    make_folder(folder)
    try:
        with folder_alone(folder, does, shared=shared):
            yield
    finally:
        with contextlib.suppress(OSError):
            for place in missing:
                place.rmdir()

"""Names of what is being written, and what killed processes left of it.

``.hookpath-<machine>-<process>-<digits>-<name>`` lies beside what it will become, on the same file
system. No two writers share one, so that they cannot destroy each other's; its suffixes are those
of the result, which may say how the content is packed.
"""

from __future__ import annotations

import contextlib
import os
import re
import secrets
import shutil
from pathlib import Path

from hookpath.process_liveness import lives, this_machine
from hookpath.safe_names import LONGEST_NAME

#: What a process of another machine has not touched for so long is given up, in seconds.
GIVEN_UP_AFTER_S = 24 * 3600.0

_NAME = re.compile(r"\.hookpath-([0-9a-f]{8})-(\d+)-[0-9a-f]{6}-")

#: Folders that this process has swept: listing a large one takes its time.
_swept: set[tuple[int, str]] = set()


def unfinished_beside(path: Path) -> Path:
    """A fresh name in the folder of `path`; nothing is made yet."""
    head = f".hookpath-{this_machine()}-{os.getpid()}-{secrets.token_hex(3)}-"
    name = os.fsencode(path.name)[-(LONGEST_NAME - len(head)) :]
    return path.with_name(head + name.decode(errors="ignore"))


def is_unfinished(path: Path) -> bool:
    """Whether it is one of ours, by its name."""
    return _NAME.match(path.name) is not None


def is_left_over(path: Path) -> bool:
    """Whether it is one of ours, and its process has ended (elsewhere: not touched for a day)."""
    found = _NAME.match(path.name)
    if found is None:
        return False
    machine, pid = found[1], int(found[2])
    if machine == this_machine() and not lives(pid):
        return True
    try:
        return now_there(path) - path.lstat().st_mtime > GIVEN_UP_AFTER_S
    except OSError:
        return False


def now_there(path: Path) -> float:
    """The time by the clock that dates the files beside `path`, which may be another machine's.

    Raises:
        OSError: nothing can be written there.
    """
    probe = unfinished_beside(path)
    try:
        probe.touch()
        return probe.stat().st_mtime
    finally:
        discard(probe)


def sweep(folder: Path) -> None:
    """Remove what killed processes left in a folder; once in each process."""
    key = (os.getpid(), str(folder.absolute()))
    if key in _swept:
        return
    _swept.add(key)
    with contextlib.suppress(OSError), os.scandir(folder) as entries:
        for path in [Path(e.path) for e in entries if _NAME.match(e.name)]:
            if is_left_over(path):
                discard(path)


def discard(path: Path) -> None:
    """Remove a file, or a folder with all that is in it; whether or not it is there."""
    with contextlib.suppress(OSError):
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path, ignore_errors=True)
        else:
            path.unlink(missing_ok=True)

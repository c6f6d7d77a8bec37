"""Folders and files that are marked read-only stay as they are, also where root could write."""

from __future__ import annotations

import errno
from pathlib import Path


def refuse_read_only(path: Path) -> None:
    """Look at the mode of `path`, and of the folder (or the nearest above) that it is in.

    The system itself refuses everybody but root; containers mostly run as root.

    Raises:
        PermissionError: one of them has no write permission for anybody; says which.
    """
    above = next(place for place in path.absolute().parents if place.exists())
    for place in (path, above):
        if place.exists() and not place.stat().st_mode & 0o222:
            raise PermissionError(errno.EACCES, f"{place} is marked read-only", str(place))


def make_folder(folder: Path) -> None:
    """Make a folder for results, and those above it, unless one is marked read-only.

    Raises:
        OSError: it cannot be made, or must not be written to.
    """
    if not folder.exists() or folder.stat().st_mode & 0o222 == 0:
        refuse_read_only(folder)
    folder.mkdir(parents=True, exist_ok=True)

"""Where results may be written, and how a small file is written whole or not at all.

What is marked read-only stays as it is, also where root could write.
"""

from __future__ import annotations

import contextlib
import errno
from collections.abc import Callable
from pathlib import Path


def refuse_read_only(path: Path) -> None:
    """Look at the mode of `path`, and of the folder (or the nearest above) that it is in.

    The system itself refuses everybody but root; containers mostly run as root.

    Raises:
        PermissionError: one of them has no write permission for anybody; says which.
    """
    above = [place for place in path.absolute().parents if place.exists()][:1]
    for place in (path, *above):
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


def replace_file(path: Path, fill: Callable[[Path], object]) -> None:
    """Have `fill` write ``NAME.part``, then rename: `path` is old or new, never half.

    Raises:
        OSError: it cannot be written; `path` is as it was.
    """
    part = path.with_name(path.name + ".part")
    try:
        fill(part)
        part.replace(path)
    except OSError:
        with contextlib.suppress(OSError):
            part.unlink(missing_ok=True)
        raise


def replace_text(path: Path, text: str) -> None:
    """Write a small UTF-8 file (see `replace_file`).

    Half a surrogate pair (of a file name that is no text) is written as ``\\udcff``.
    """
    data = text.encode("utf-8", "backslashreplace")
    replace_file(path, lambda part: part.write_bytes(data))

"""Where results may be written, and the one way in which a file is replaced: whole or not at all.

What is marked read-only stays as it is, also where root could write.
"""

from __future__ import annotations

import contextlib
import errno
import os
import stat
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from hookpath.temporary_files import discard, sweep, unfinished_beside


def refuse_read_only(path: Path) -> None:
    """Look at the mode of `path`, and of the folder (or the nearest above) that it is in.

    The system itself refuses everybody but root; containers mostly run as root.

    Raises:
        PermissionError: one of them has no write permission for anybody; says which.
    """
    path = _behind_link(path)
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
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except FileExistsError:  # "File exists" would say nothing
        raise NotADirectoryError(errno.ENOTDIR, f"{folder} is no folder", str(folder)) from None


@contextmanager
def naming_file(path: Path) -> Iterator[None]:
    """Errors of writing, which say nothing of where, name `path`."""
    try:
        yield
    except OSError as error:
        if error.filename is None:
            error.filename = str(path)
        raise


class GivenUpError(Exception):
    """Ends a `replacing` block whose file is not wanted any more; it is nobody's failure."""


def try_folder(folder: Path) -> None:
    """Make a folder for results, and try to write there.

    Raises:
        OSError: it cannot be made, or not be written to.
    """
    make_folder(folder)
    probe = unfinished_beside(folder / "try")
    try:
        probe.touch()
    finally:
        discard(probe)


def try_file(path: Path) -> None:
    """Find out whether a file for results could be written.

    Raises:
        OSError: its folder cannot be made or written to, or something else has its name.
    """
    try_folder(path.parent)
    refuse_read_only(path)
    if path.is_dir() or (path.exists() and not path.is_file()):
        raise OSError(errno.EISDIR, "is there, and no regular file", str(path))


@contextmanager
def replacing(
    path: Path, before: Callable[[], object] | None = None, flush: bool = True
) -> Iterator[Path]:
    """A new path beside `path`: what is written there takes its place when the block ends.

    `path` is the old file or the complete new one, whatever happens, power cuts included. A file
    that was there keeps its mode and owner; a new one gets those of any new file. Where `path` is a
    link, what it points to is replaced. After an error nothing is left behind; what a killed
    process left goes the next time that somebody writes in the folder.

    Args:
        before: last check, called with the new file complete and `path` still untouched.
        flush: wait until it is on the disk; False: for what can be made again.

    Raises:
        OSError: it cannot be written, or `path` is no regular file; `path` is as it was.
    """
    target = _behind_link(path)
    _refuse_other_kinds(target)
    part = unfinished_beside(target)
    sweep(target.parent)
    try:
        with naming_file(path):
            yield part
        if flush:
            _flush(part)
        _keep_mode(target, part)
        if before is not None:
            before()
        part.replace(target)
    finally:
        discard(part)
    if flush:
        flush_folder(target.parent)


def replace_file(
    path: Path,
    fill: Callable[[Path], object],
    before: Callable[[], object] | None = None,
    flush: bool = True,
) -> None:
    """Have `fill` write a new file that takes the place of `path` (see `replacing`).

    Raises:
        OSError: it cannot be written; `path` is as it was.
    """
    with replacing(path, before, flush) as part:
        fill(part)


def replace_text(path: Path, text: str, flush: bool = True) -> None:
    r"""Write a small UTF-8 file (see `replacing`).

    Half a surrogate pair (of a file name that is no text) is written as ``\udcff``.
    """
    replace_bytes(path, text.encode("utf-8", "backslashreplace"), flush)


def replace_bytes(path: Path, data: bytes, flush: bool = True) -> None:
    """Write a small file (see `replacing`)."""
    replace_file(path, lambda part: part.write_bytes(data), flush=flush)


def _behind_link(path: Path) -> Path:
    """What a link points to in the end, whether or not it is there."""
    if not path.is_symlink():
        return path
    real = Path(os.path.realpath(path))
    if real.is_symlink():
        raise OSError(errno.ELOOP, os.strerror(errno.ELOOP), str(path))
    return real


def _refuse_other_kinds(path: Path) -> None:
    """A device, a pipe or a folder is not taken the place of."""
    if path.exists() and not path.is_file():
        code = errno.EISDIR if path.is_dir() else errno.EINVAL
        raise OSError(code, "is there, and no regular file", str(path))


def _keep_mode(target: Path, part: Path) -> None:
    """Those of the file that is replaced; its owner only where the system lets us."""
    try:
        was, now = target.stat(), part.stat()
    except FileNotFoundError:
        return
    if (was.st_uid, was.st_gid) != (now.st_uid, now.st_gid):
        with contextlib.suppress(OSError):
            os.chown(part, was.st_uid, was.st_gid)
    part.chmod(stat.S_IMODE(was.st_mode))


#: What file systems say that cannot flush such a thing at all.
_CANNOT_FLUSH = frozenset({errno.EINVAL, errno.ENOTSUP, errno.ENOSYS, errno.EBADF})


def _flush(path: Path) -> None:
    handle = os.open(path, os.O_RDWR if os.name == "nt" else os.O_RDONLY)
    try:
        _fsync(handle)
    finally:
        os.close(handle)


def flush_files(folder: Path) -> None:
    """Wait until the files of a folder that were not flushed one by one are on the disk.

    All at once that takes a fraction of the time.
    """
    for path in folder.iterdir():
        if path.is_file():
            _flush(path)
    flush_folder(folder)


def flush_folder(folder: Path) -> None:
    """Wait until the names in a folder are on the disk, where the system can do so."""
    if os.name == "nt":
        return
    try:
        handle = os.open(folder, os.O_RDONLY)
    except PermissionError:  # it may be written to, but not listed
        return
    try:
        _fsync(handle)
    finally:
        os.close(handle)


def _fsync(handle: int) -> None:
    try:
        os.fsync(handle)
    except OSError as error:
        if error.errno not in _CANNOT_FLUSH:
            raise

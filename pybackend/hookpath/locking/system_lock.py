"""The system's own lock on an open file: it goes with the last process that has the file open."""

from __future__ import annotations

import contextlib
import errno
import os
import sys
from pathlib import Path

#: Another process has it.
_TAKEN = frozenset({errno.EACCES, errno.EAGAIN, errno.EWOULDBLOCK, errno.EDEADLK})

#: The file system has no locks, or no service for them that answers.
_UNKNOWN = frozenset({errno.ENOSYS, errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOLCK, errno.EINVAL})

#: Handles that hold a lock: a forked process must not keep what its parent gives up.
_handles: set[int] = set()


class SystemLock:
    """Holds the lock on a file that it makes, and removes in the end.

    Args:
        handle: open, locked, and from now on ours.
        owner: written into the file, for the messages of others; b"": of a lock that is shared.
    """

    def __init__(self, file: Path, handle: int, owner: bytes) -> None:
        self._file, self._handle, self._removes = file, handle, bool(owner)
        _handles.add(handle)
        if owner:
            with contextlib.suppress(OSError):  # a full disk is no reason to refuse
                os.ftruncate(handle, 0)
                os.lseek(handle, 0, os.SEEK_SET)
                os.write(handle, owner)

    def release(self) -> None:
        """Remove the file while it is locked: whoever waits for it sees that and looks again.

        The last one of those who share it can lock it alone.
        """
        with contextlib.suppress(OSError, NotImplementedError):
            if self._removes or _lock(self._handle, shared=False):
                self._file.unlink()
        _handles.discard(self._handle)
        os.close(self._handle)


def try_system_lock(file: Path, shared: bool, owner: bytes) -> SystemLock | None:
    """The lock on a file, which is made; None: another process has it.

    Raises:
        NotImplementedError: the file system knows no locks.
        OSError: the file cannot be made.
    """
    handle = _opened(file)
    try:
        if _lock(handle, shared) and _is_still(file, handle):
            return SystemLock(file, handle, b"" if shared else owner)
    except BaseException as error:
        os.close(handle)
        if isinstance(error, NotImplementedError):
            file.unlink(missing_ok=True)  # it says nothing
        raise
    os.close(handle)
    return None


def _opened(file: Path) -> int:
    flags = getattr(os, "O_NOFOLLOW", 0) | os.O_CREAT
    try:
        return os.open(file, flags | os.O_RDWR, 0o666)
    except PermissionError:
        if not file.exists():
            raise
        return os.open(file, flags | os.O_RDONLY)  # left by somebody else: it can be locked, too


def _is_still(file: Path, handle: int) -> bool:
    """Whether nobody removed the file before it was locked: another's would be a second one."""
    try:
        return os.path.samestat(file.stat(), os.fstat(handle))
    except OSError:
        return False


def _lock(handle: int, shared: bool) -> bool:
    """Lock an open file at once, if nobody else has; whether it is ours now."""
    try:
        _system_call(handle, shared)
    except OSError as error:
        if error.errno in _TAKEN:
            return False
        if error.errno in _UNKNOWN:
            raise NotImplementedError from error
        raise
    return True


if sys.platform == "win32":
    import msvcrt

    def _system_call(handle: int, shared: bool) -> None:
        """A byte far behind the note, which others may read; nothing can be shared there."""
        if not shared:
            os.lseek(handle, 2**30, os.SEEK_SET)
            msvcrt.locking(handle, msvcrt.LK_NBLCK, 1)

else:
    import fcntl

    def _system_call(handle: int, shared: bool) -> None:
        fcntl.flock(handle, (fcntl.LOCK_SH if shared else fcntl.LOCK_EX) | fcntl.LOCK_NB)


def _close_in_child() -> None:
    for handle in _handles:
        with contextlib.suppress(OSError):
            os.close(handle)
    _handles.clear()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_close_in_child)

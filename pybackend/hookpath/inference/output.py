"""Whether results can be written at all: a clear line before hours of work, or when it ends."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from hookpath.errors import PredictionError
from hookpath.writable import make_folder

_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


class OutputFullError(PredictionError):
    """No room for results: every further slide would fail the same way."""


def check_writable(folder: Path) -> None:
    """Make `folder` and try to write there.

    Raises:
        PredictionError: it cannot be written to.
    """
    probe = folder / f".write-test-{os.getpid()}"
    try:
        make_folder(folder)
        probe.touch()
        probe.unlink()
    except OSError as error:
        raise PredictionError(
            f"{folder}: cannot be written to ({error.strerror}); choose another folder with -o"
        ) from error


@contextmanager
def clear_if_full(folder: Path) -> Iterator[None]:
    """Turn an error that comes from a full disk under `folder` into `OutputFullError`."""
    try:
        yield
    except Exception as error:
        if not _is_full(error):
            raise
        raise OutputFullError(
            f"{folder}: the disk is full, so the run stops; finished slides are kept. Free some "
            "space (or choose another folder with -o) and run the same command again"
        ) from error


def _is_full(error: BaseException | None) -> bool:
    while error is not None:
        if isinstance(error, OSError) and error.errno in _FULL:
            return True
        error = error.__cause__ or error.__context__
    return False

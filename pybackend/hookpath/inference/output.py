"""Whether results can be written at all: a clear line before hours of work, or when it ends."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from hookpath.errors import PredictionError, write_code
from hookpath.writable import make_folder


class OutputFullError(PredictionError):
    """No room for results: every further slide would fail the same way."""

    code = "disk_full"


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
            f"{folder}: cannot be written to ({error.strerror}); choose another folder with -o",
            code=write_code(error),
        ) from error


@contextmanager
def clear_if_full(folder: Path) -> Iterator[None]:
    """Turn an error that comes from a full disk under `folder` into `OutputFullError`."""
    try:
        yield
    except Exception as error:
        if write_code(error) != "disk_full":
            raise
        raise OutputFullError(
            f"{folder}: the disk is full, so the run stops; finished slides are kept. Free some "
            "space (or choose another folder with -o) and run the same command again"
        ) from error

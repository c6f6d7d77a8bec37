"""Whether results can be written at all: a clear line before hours of work, or when it ends."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

from hookpath.errors import PredictionError, write_code
from hookpath.locking import entered, folder_alone, working_in
from hookpath.writable import try_folder


class OutputFullError(PredictionError):
    """No room for results: every further slide would fail the same way."""

    code = "disk_full"


def check_writable(folder: Path) -> None:
    """Make `folder` and try to write there.

    Raises:
        PredictionError: it cannot be written to.
    """
    try:
        try_folder(folder)
    except OSError as error:
        raise _not_writable(folder, error) from error


@contextmanager
def predicting_alone(folder: Path, shared: bool) -> Iterator[None]:
    """Be the only process that predicts a project into `folder`.

    Args:
        shared: only chosen images are predicted: jobs that have one image each may work side by
            side (`slide_alone` keeps each image to one of them).

    Raises:
        BusyError: another process predicts there.
        PredictionError: it cannot be written to.
    """
    lock = folder_alone(folder, f"predicting into {folder}", shared=shared)
    with entered(lock, partial(_not_writable, folder)):
        yield


@contextmanager
def slide_alone(folder: Path, name: str) -> Iterator[None]:
    """Be the only process that predicts an image, whose results go into `folder`.

    Raises:
        BusyError: another process predicts it.
        PredictionError: the folder cannot be written to.
    """
    lock = working_in(folder, f"predicting {name} into {folder.parent}")
    with entered(lock, partial(_not_writable, folder)):
        yield


def _not_writable(folder: Path, error: OSError) -> PredictionError:
    return PredictionError(
        f"{folder}: cannot be written to ({error.strerror}); choose another folder with -o",
        code=write_code(error),
    )


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

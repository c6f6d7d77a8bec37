"""Whether results can be written at all: a clear line before hours of work, or when it ends."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from functools import partial
from pathlib import Path

from hookpath.atomic_files import try_folder
from hookpath.errors import PredictionError, write_code
from hookpath.locking import CLAIMS_NAME, Claims, alone, entered, folder_alone, working_in
from hookpath.projects import Project


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
def predicting_together(folder: Path, work: str) -> Iterator[Claims]:
    """Be one of the processes that predict a project into `folder`.

    Args:
        work: tells what is predicted there from other work.

    Raises:
        BusyError: another process predicts something else there.
        PredictionError: it cannot be written to.
    """
    does = f"predicting into {folder}"
    with ExitStack() as held:
        held.enter_context(
            entered(folder_alone(folder, does, shared=True), partial(_not_writable, folder))
        )
        try:
            claims = held.enter_context(Claims(folder, work, does))
        except OSError as error:
            raise _not_writable(folder, error) from error
        yield claims


@contextmanager
def writing_into_project(folder: Path, project: Project) -> Iterator[None]:
    """Be the only one of the processes that share `folder` who writes into the project.

    Raises:
        BusyError: another one has not ended in a quarter of an hour.
    """
    does = f"writing into {project.source}"
    lock = alone(folder / CLAIMS_NAME / "project", does, patience_s=900.0)
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

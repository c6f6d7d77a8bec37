"""Exported files on disk: each whole or not there, and never over another model."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from hookpath.atomic_files import refuse_read_only, replace_bytes
from hookpath.errors import OutputError, write_code
from hookpath.locking import working_in


def refuse_unwritable(folder: Path) -> None:
    """Before any work is done for nothing.

    Raises:
        OutputError: the folder, or the one that it would be made in, is marked read-only.
    """
    try:
        refuse_read_only(folder)
    except OSError as error:
        raise _cannot_write(folder, error) from error


def write_files(folder: Path, files: Mapping[str, bytes]) -> list[Path]:
    """Write them in their order; what makes the folder usable comes last.

    Raises:
        OutputError: the folder cannot be made or written to.
        BusyError: another process writes a model there.
    """
    try:
        with working_in(folder, f"exporting into {folder}"):
            for name, data in files.items():
                replace_bytes(folder / name, data)
    except OSError as error:
        raise _cannot_write(folder, error) from error
    return [folder / name for name in files]


def _cannot_write(folder: Path, error: OSError) -> OutputError:
    return OutputError(
        f"{folder}: cannot be written ({error.strerror}); choose another folder with -o",
        code=write_code(error),
    )

"""Exported files on disk: each whole or not there, and never over another model."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path

from hookpath.atomic_files import make_folder, refuse_read_only, replace_bytes, replace_file
from hookpath.errors import OutputError, write_code
from hookpath.locking import working_in

#: The first date that a zip can hold.
_EARLIEST = (1980, 1, 1, 0, 0, 0)


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


def write_checked(out: Path, fill: Callable[[Path], None]) -> None:
    """One file: `fill` writes it out of sight and tries it there, then it gets its name.

    Raises:
        OutputError: it cannot be written.
    """
    try:
        make_folder(out.parent)
        refuse_read_only(out)
        replace_file(out, fill)
    except OSError as error:
        raise OutputError(
            f"{out}: cannot be written ({error.strerror}); choose another file with -o",
            code=write_code(error),
        ) from error


def zip_of(files: Mapping[str, bytes]) -> bytes:
    """Files stored as they are (weights hardly shrink), in their order and of one date."""
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_STORED) as packed:
        for name, data in files.items():
            entry = zipfile.ZipInfo(name, _EARLIEST)
            entry.create_system, entry.external_attr = 3, 0o644 << 16
            packed.writestr(entry, data)
    return target.getvalue()


def _cannot_write(folder: Path, error: OSError) -> OutputError:
    return OutputError(
        f"{folder}: cannot be written ({error.strerror}); choose another folder with -o",
        code=write_code(error),
    )

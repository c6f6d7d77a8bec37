"""The one file that a command writes: said before the work where that cannot be, and at its end."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from hookpath.errors import OutputError, write_code


def refuse_unwritable(out: Path | None) -> None:
    """Before the work; its folder is made (None: nothing is written).

    Raises:
        OutputError: it cannot be written.
    """
    from hookpath.atomic_files import try_file

    if out is None:
        return
    try:
        try_file(out)
    except OSError as error:
        raise _unwritable(out, error) from error


@contextmanager
def saving(out: Path) -> Iterator[None]:
    """Around its writing.

    Raises:
        OutputError: it cannot be written.
    """
    try:
        yield
    except OSError as error:
        raise _unwritable(out, error) from error


def _unwritable(out: Path, error: OSError) -> OutputError:
    return OutputError(
        f"{out}: cannot be written ({error.strerror or error}); choose another file with -o",
        code=write_code(error),
    )

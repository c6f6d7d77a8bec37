"""A result is made out of sight, compared with what is there, and appears when it is complete."""

from __future__ import annotations

import filecmp
import hashlib
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

from hookpath.atomic_files import replace_file
from hookpath.errors import WriteRefusedError
from hookpath.locking import alone
from hookpath.temporary_files import discard, sweep, unfinished_beside


class Stage:
    """A folder in which a result is made, with what belongs to it, under the names to come."""

    def __init__(self, folder: Path, result: Path, overwrite: bool) -> None:
        self._folder, self._result, self._overwrite = folder, result, overwrite

    def __truediv__(self, name: str) -> Path:
        return self._folder / name

    def publish(self) -> bool:
        """Put all in place, the result last; whether the very same was there already.

        Raises:
            WriteRefusedError: something else is there, and may not be replaced.
            OSError: it cannot be written.
        """
        made = sorted(self._folder.iterdir(), key=lambda path: path.name == self._result.name)
        if self._result.exists():
            if all(_same(path, self._beside(path)) for path in made):
                return True
            if not self._overwrite:
                raise WriteRefusedError(
                    f"{self._result} exists, and is not what this makes; --overwrite replaces it"
                )
        for path in made:
            replace_file(self._beside(path), partial(shutil.move, path))
        return False

    def _beside(self, made: Path) -> Path:
        return self._result.with_name(made.name)


@contextmanager
def one_result(path: Path, overwrite: bool) -> Iterator[Stage]:
    """Be the only process that makes a result; its folder is there.

    Raises:
        BusyError: another one makes it.
        OSError: the folder cannot be written to.
    """
    digest = hashlib.sha256(path.name.encode(errors="surrogateescape")).hexdigest()[:12]
    lock = path.with_name(f".hookpath-{digest}.lock")
    with alone(lock, f"making {path}"):
        sweep(path.parent)
        folder = unfinished_beside(path)
        folder.mkdir()
        try:
            yield Stage(folder, path, overwrite)
        finally:
            discard(folder)


def _same(one: Path, other: Path) -> bool:
    return other.is_file() and filecmp.cmp(one, other, shallow=False)

"""The files of an OME-Zarr as zarr gets them: ordinary ones only.

A chunk that is not there is of one value, which is zarr's way to save room. What is there and
cannot be one (a folder, a link to nothing, a pipe that nobody writes to) is damage: zarr takes the
first two for chunks that are not there, and waits for the third.
"""

from __future__ import annotations

import errno
import stat
from pathlib import Path
from typing import Any

from zarr.storage import LocalStore


class OrdinaryFiles(LocalStore):  # type: ignore[misc]  # zarr has no types here
    """A folder whose files are read only where they are files.

    Reading raises `OSError` for others.
    """

    async def get(self, key: str, prototype: Any = None, byte_range: Any = None) -> Any:
        """See zarr's ``Store.get``."""
        _refuse_other_kinds(Path(self.root) / key)
        return await super().get(key, prototype, byte_range)


def _refuse_other_kinds(path: Path) -> None:
    try:
        mode = path.lstat().st_mode
        if stat.S_ISLNK(mode):
            mode = path.stat().st_mode
    except (FileNotFoundError, NotADirectoryError):
        if path.is_symlink():
            raise OSError(errno.EINVAL, f"{path.name} is a link to nothing") from None
        return
    if not stat.S_ISREG(mode):
        raise OSError(errno.EINVAL, f"{path.name} is no ordinary file")

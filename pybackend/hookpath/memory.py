"""How much memory this process may still take.

What the system would give up (its cache of files) can be had; what a container or a batch job may
not exceed cannot, however much the machine has. Control groups set such limits, also on groups
above one's own: of version 2 in one tree, of version 1 in that of the memory controller.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

#: Version 1 says "no limit" with a number near 2⁶³.
_NO_LIMIT = 2**60


@dataclass(frozen=True)
class _Version:
    """File names of a version of control groups."""

    limit: str
    used: str
    #: In ``memory.stat``: what of it is cache that goes when room is needed.
    cache: str


_V1 = _Version("memory.limit_in_bytes", "memory.usage_in_bytes", "total_inactive_file")
_V2 = _Version("memory.max", "memory.current", "inactive_file")


def free_memory(root: Path = Path("/")) -> int | None:
    """Bytes that can be had; None where the system does not say so.

    Args:
        root: of the file system that has ``proc`` and ``sys`` in it.
    """
    limits = [_available(root), *_left_in_groups(root)]
    return min((found for found in limits if found is not None), default=None)


def _available(root: Path) -> int | None:
    """What the whole machine has; elsewhere than on Linux only what is not used for anything."""
    try:
        lines = (root / "proc/meminfo").read_text(encoding="ascii").splitlines()
        kib = next(int(line.split()[1]) for line in lines if line.startswith("MemAvailable:"))
        return 1024 * kib
    except (OSError, ValueError, IndexError, StopIteration):
        pass
    try:
        return os.sysconf("SC_AVPHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    except (AttributeError, ValueError, OSError):
        return None


def _left_in_groups(root: Path) -> Iterator[int | None]:
    for mount, group, version in _groups(root):
        # In a container the tree that can be seen may begin at its own group.
        for above in (group, *group.parents):
            yield _left(mount / str(above).lstrip("/"), version)


def _groups(root: Path) -> Iterator[tuple[Path, PurePosixPath, _Version]]:
    """Where trees are, and this process's group in them."""
    try:
        lines = (root / "proc/self/cgroup").read_text(encoding="utf-8").splitlines()
    except (OSError, ValueError):
        return
    for line in lines:
        number, controllers, group = (*line.split(":", 2), "", "")[:3]
        if number == "0" and not controllers:
            yield root / "sys/fs/cgroup", PurePosixPath(group), _V2
            yield root / "sys/fs/cgroup/unified", PurePosixPath(group), _V2
        elif "memory" in controllers.split(","):
            yield root / "sys/fs/cgroup/memory", PurePosixPath(group), _V1


def _left(folder: Path, version: _Version) -> int | None:
    limit, used = _number(folder / version.limit), _number(folder / version.used)
    if limit is None or limit >= _NO_LIMIT or used is None:
        return None
    return max(0, limit - used + _cache(folder / "memory.stat", version.cache))


def _number(file: Path) -> int | None:
    """None: no such file, or ``max``."""
    try:
        return int(file.read_text(encoding="ascii"))
    except (OSError, ValueError):
        return None


def _cache(file: Path, name: str) -> int:
    try:
        words = (line.split() for line in file.read_text(encoding="ascii").splitlines())
        return next(int(said[1]) for said in words if said[:1] == [name])
    except (OSError, ValueError, IndexError, StopIteration):
        return 0

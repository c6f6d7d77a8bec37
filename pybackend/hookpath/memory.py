"""How much memory there is, how much of it this process may still take, and what it took at most.

psutil knows the machine. What it does not know are limits of control groups, which a container or
a batch job may not exceed however much the machine has: they are read here, also those of groups
above one's own, of version 2 in one tree, of version 1 in that of the memory controller.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import suppress
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


def total_memory() -> int | None:
    """Bytes of the whole machine; None where the system does not say so."""
    found = _machine()
    return None if found is None else found[0]


def free_memory(root: Path = Path("/")) -> int | None:
    """Bytes that can be had, caches that the system would give up among them; None: unknown.

    Args:
        root: of the file system whose ``proc`` and ``sys`` say which control groups there are.
    """
    found = _machine()
    limits = [None if found is None else found[1], *_left_in_groups(root)]
    return min((limit for limit in limits if limit is not None), default=None)


def peak_memory() -> int:
    """Bytes that this process held in memory at most, up to now (its peak working set on Windows).

    psutil says what is held now, and only on Windows what was held at most. What ``getrusage``
    says begins with what the process that started this one held; Linux has a figure without that.
    """
    if sys.platform == "win32":
        import psutil

        return int(psutil.Process().memory_info().peak_wset)
    import resource

    with suppress(OSError, StopIteration, ValueError):
        lines = Path("/proc/self/status").read_text(encoding="utf-8").splitlines()
        return 1024 * next(int(line.split()[1]) for line in lines if line.startswith("VmHWM:"))
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return int(peak if sys.platform == "darwin" else peak * 1024)


def _machine() -> tuple[int, int] | None:
    """Bytes of the machine, and those that can be had; None: a system that psutil cannot read."""
    import psutil

    try:
        found = psutil.virtual_memory()
        return int(found.total), int(found.available)
    except (psutil.Error, OSError, ValueError, RuntimeError):  # no such files in a bare sandbox
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

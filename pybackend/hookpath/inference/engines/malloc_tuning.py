"""The C library's memory, so that large maps are not fetched from the system again and again."""

from __future__ import annotations

import ctypes
import sys
from collections.abc import Iterator
from contextlib import contextmanager

_TRIM_THRESHOLD, _MMAP_MAX = -1, -4
_KEEP = {_TRIM_THRESHOLD: 2**31 - 1, _MMAP_MAX: 0}
_DEFAULT = {_TRIM_THRESHOLD: 128 * 2**10, _MMAP_MAX: 65536}


@contextmanager
def large_blocks_reused() -> Iterator[None]:
    """Let freed blocks of any size be used again inside the ``with`` block; then give them back.

    glibc maps every block above 32 MiB anew, and the system clears it page by page each time: a
    third of the time of a large tile on a CPU. Elsewhere (macOS, Windows, musl) this does nothing.
    """
    library = _glibc()
    if library is None:
        yield
        return
    _set(library, _KEEP)
    try:
        yield
    finally:
        _set(library, _DEFAULT)
        library.malloc_trim(0)


def _glibc() -> ctypes.CDLL | None:
    if not sys.platform.startswith("linux"):
        return None
    library = ctypes.CDLL(None)
    return library if hasattr(library, "gnu_get_libc_version") else None


def _set(library: ctypes.CDLL, values: dict[int, int]) -> None:
    for option, value in values.items():
        library.mallopt(option, value)

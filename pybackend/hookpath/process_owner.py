"""Which process something on a disk belongs to, and whether that process still lives.

A name or a note holds the *machine* (8 digits: this boot of this system, and the namespace in which
its process numbers count, so that two containers are two machines) and the process number in it.
"""

from __future__ import annotations

import hashlib
import os
import platform
import sys
import uuid
from functools import cache
from pathlib import Path


@cache
def this_machine() -> str:
    """8 hexadecimal digits; the same for all processes that can look after each other by number."""
    said = [platform.node()]
    try:
        said.append(Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii"))
        said.append(str(Path("/proc/self/ns/pid").stat().st_ino))
    except OSError:  # no Linux: processes outlive no reboot, but their numbers may come again
        said.append(str(uuid.getnode()))
    return hashlib.sha256("\n".join(said).encode()).hexdigest()[:8]


def lives(pid: int) -> bool:
    """Whether a process of this machine has the number; True where that cannot be told."""
    if sys.platform == "win32":  # there is no harmless signal there
        return _lives_on_windows(pid)
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except (OSError, OverflowError):  # somebody else's
        return True
    return not _is_zombie(pid)


if sys.platform == "win32":
    import ctypes

    def _lives_on_windows(pid: int) -> bool:
        """Asked for with the least right that there is; what may not be asked is somebody's."""
        active, refused, to_ask = 259, 5, 0x1000
        kernel = ctypes.WinDLL("kernel32", use_last_error=True)
        handle = kernel.OpenProcess(to_ask, False, pid)
        if not handle:
            return ctypes.get_last_error() == refused
        try:
            code = ctypes.c_ulong()
            known = kernel.GetExitCodeProcess(handle, ctypes.byref(code))
            return not known or code.value == active
        finally:
            kernel.CloseHandle(handle)


def _is_zombie(pid: int) -> bool:
    """Killed, but whoever started it has not looked yet."""
    try:
        said = Path(f"/proc/{pid}/stat").read_text(encoding="ascii", errors="replace")
    except OSError:
        return False
    return said.rpartition(")")[2].split()[:1] == ["Z"]

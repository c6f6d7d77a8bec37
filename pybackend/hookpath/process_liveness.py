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
    """Whether a process of this machine has the number; True where that cannot be known.

    Not psutil's answer on Unix: where ``/proc`` shows a person only their own processes
    (``hidepid``, usual on clusters), psutil says that everybody else's are dead.
    """
    if sys.platform == "win32":  # there is no harmless signal there
        import psutil

        return bool(psutil.pid_exists(pid))
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except (OSError, OverflowError):  # somebody else's
        return True
    return not _is_zombie(pid)


def _is_zombie(pid: int) -> bool:
    """Killed, but whoever started it has not looked yet."""
    try:
        said = Path(f"/proc/{pid}/stat").read_text(encoding="ascii", errors="replace")
    except OSError:
        return False
    return said.rpartition(")")[2].split()[:1] == ["Z"]

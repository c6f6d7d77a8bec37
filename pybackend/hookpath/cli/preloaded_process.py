"""``hookpath --request -``: a process that has loaded what takes long before it gets its job.

A viewer starts one while a person still chooses settings; a training then begins at once.
"""

from __future__ import annotations

import sys
from pathlib import Path


def awaited() -> Path | None:
    """The request file that standard input names in a line; None: it ended without one."""
    _load()
    line = sys.stdin.readline().rstrip("\r\n")
    return Path(line) if line else None


def _load() -> None:
    """The libraries that training and the pretrained encoder need: most of the time to start."""
    import timm  # noqa: F401

    import hookpath.stages  # noqa: F401

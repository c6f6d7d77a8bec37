"""Tasks for worker processes, which import them by name."""

from __future__ import annotations

import os
import signal
from pathlib import Path

from hookpath.cluster import Outcome
from hookpath.errors import SlideError


def once(folder: Path, name: str) -> bool:
    """Whether this is the first call with a name, by whatever process."""
    try:
        (folder / name).touch(exist_ok=False)
        return True
    except FileExistsError:
        return False


def work(folder: Path, name: str) -> Outcome:
    """Leaves a line; some names fail, once or always, or kill the process."""
    with (folder / "log").open("a") as log:
        log.write(f"{name} {os.getpid()}\n")
    if name == "kills" and once(folder, name):
        os.kill(os.getpid(), signal.SIGKILL)
    if name == "fails once" and once(folder, name):
        raise SlideError("fails once: not readable now")
    if name == "fails":
        return Outcome("fails: µm/px is unknown", "missing_spacing")
    return Outcome()

"""Tasks for worker processes, which import them by name."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import numpy as np

from hookpath.cluster import Outcome
from hookpath.errors import EvaluationError, SlideError
from hookpath.evaluation import PredictedMap
from hookpath.projects import ImageEntry
from support.evaluation import map_of_labels


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


class MapsThatKill:
    """A class map of 1 for every image; the first process that asks for ``kills.tif`` dies of it,
    and there is none of ``none.tif``.
    """

    def __init__(self, folder: Path) -> None:
        self.folder, self.home = folder, os.getpid()

    def __call__(self, entry: ImageEntry) -> PredictedMap:
        if os.getpid() != self.home:
            with (self.folder / "log").open("a") as log:
                log.write(f"{entry.name} {os.getpid()}\n")
            if entry.name == "kills.tif" and once(self.folder, "killed"):
                os.kill(os.getpid(), signal.SIGKILL)
        if entry.name == "none.tif":
            raise EvaluationError("none.tif: no prediction")
        return map_of_labels(np.ones((256, 256), np.uint8))

"""Whether a run that was killed goes on as if nothing had happened, on a card."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from contextlib import closing
from pathlib import Path
from typing import Any

import numpy as np
import torch

from gpu_here import Here
from gpu_training import config_of
from hookpath.events import SilentReporter
from hookpath.projects import open_project
from hookpath.training import RunFolder, TrainConfig, train_network
from hookpath.training.run.metrics_log import TIME_COLUMNS


class Aloud(SilentReporter):
    """Prints a line per progress, for whoever waits to kill the process."""

    def __init__(self) -> None:
        self._steps = 0

    def advance(self, task: str, n: int = 1, **figures: float) -> None:
        if task == "train":
            self._steps += n
            print("step", self._steps, flush=True)


def short_run(here: Here) -> TrainConfig:
    """The paper's training, narrower and two epochs long, with checkpoints within each."""
    config = config_of(here, workers=0, filters=4 if here.tiny else 16)
    steps = 12 if here.tiny else 40
    shorter = {"epochs": 2, "steps_per_epoch": steps, "checkpoint_every": 5, "batch_size": 4}
    return config.model_copy(update={**shorter, "learning_rate": 1e-3})


def train_aloud(here: Here) -> None:
    """The run that is to be killed."""
    _steady()
    _train(here, "killed", reporter=Aloud())


def resume(here: Here) -> None:
    """A run that was killed and resumed against two that nothing interrupted."""
    _steady()
    whole, again = (_train(here, name) for name in ("whole", "again"))
    _kill_midway(here)
    done = len(_rows(here, "killed"))
    resumed = _train(here, "killed", go_on=True)
    here.note("epochs_before_the_kill", done)
    here.note("repeated_differs_by", _largest(whole, again))
    here.note("resumed_differs_by", _largest(whole, resumed))
    here.note("metrics", whole[-1])
    if done > 1:
        raise AssertionError("the run was over before it was killed")
    if whole != resumed:
        cause = "" if whole == again else "; so do two runs that nothing interrupted"
        raise AssertionError(f"figures of the resumed run differ{cause}")


def _steady() -> None:
    """Kernels that give the same sums each time, where torch has them."""
    os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")
    torch.use_deterministic_algorithms(True, warn_only=True)
    torch.backends.cudnn.benchmark = False


def _train(here: Here, name: str, go_on: bool = False, **options: Any) -> list[dict[str, Any]]:
    with closing(open_project(here.slides)) as project:
        train_network([project], short_run(here), here.work / name, go_on, **options)
    return _rows(here, name)


def _rows(here: Here, name: str) -> list[dict[str, Any]]:
    """All that is reproducible of each epoch."""
    rows = RunFolder(here.work / name).rows(before_epoch=99)
    return [{k: v for k, v in row.items() if k not in TIME_COLUMNS} for row in rows]


def _largest(first: list[dict[str, Any]], second: list[dict[str, Any]]) -> float:
    """Largest difference of a figure."""
    values = [[float(v or 0) for row in rows for v in row.values()] for rows in (first, second)]
    if len(values[0]) != len(values[1]):
        return float("inf")
    return float(np.abs(np.subtract(*values)).max())


def _kill_midway(here: Here) -> None:
    command = [sys.executable, str(Path(__file__).with_name("gpu_parts.py")), "_train"]
    command += [str(here.work), "--device", str(here.device), *(["--tiny"] if here.tiny else [])]
    kill_at = 1.4 * short_run(here).steps_per_epoch  # in the second epoch, well before its end
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    for line in process.stdout:
        if line.startswith("step") and int(line.split()[1]) >= kill_at:
            break
    os.kill(process.pid, signal.SIGKILL)
    process.communicate()

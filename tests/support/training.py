"""Tiny training runs, here or in a process of their own: ``python training.py PROJECT RUN …``."""

from __future__ import annotations

import csv
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from hookpath.events import SilentReporter

TESTS = Path(__file__).parents[1]

#: Three epochs of eight steps: to see how a run goes, not what it learns. In float32, wherever the
#: machine would choose bf16.
TINY = (
    "preset=fast",
    "model.depth=1",
    "model.input_size=24",
    "model.filters=4",
    "model.spacings=[1.0, 2.0]",
    "batch_size=4",
    "epochs=3",
    "steps_per_epoch=8",
    "learning_rate=0.01",
    "loss_weight=0.75",
    "validation.max_patches=24",
    "amp=off",
)

#: Learns two easy classes whatever the seed: twice the steps, and running statistics that keep up
#: with so few (of `TINY` one seed in six ends with one class everywhere).
LEARNS = (*TINY, "model.filters=8", "bn_momentum=0.3", "steps_per_epoch=16")


class Recorder(SilentReporter):
    """Keeps what was said."""

    def __init__(self) -> None:
        self.warnings: list[str] = []
        self.codes: list[str] = []
        self.infos: list[str] = []
        self.rows: list[Mapping[str, Any]] = []
        self.tasks: list[str] = []
        self.steps = 0

    def start(self, task: str, total: int | None, unit: str = "it") -> None:
        self.tasks.append(task)

    def advance(self, task: str, n: int = 1, **figures: float) -> None:
        self.steps += n * (task == "train")

    def warn(self, message: str, code: str = "") -> None:
        self.warnings.append(message)
        self.codes.append(code)

    def info(self, message: str) -> None:
        self.infos.append(message)

    def result(self, kind: str, payload: Mapping[str, Any]) -> None:
        self.rows.append(payload)


class Printer(SilentReporter):
    """One line per step, and every message."""

    def __init__(self) -> None:
        self.steps = 0

    def advance(self, task: str, n: int = 1, **figures: float) -> None:
        if task == "train":
            self.steps += n
            print("step", self.steps, flush=True)

    def info(self, message: str) -> None:
        print("info", message, flush=True)


def rows_of(run_dir: Path) -> list[dict[str, str]]:
    """The rows of ``metrics.csv`` as text."""
    with (run_dir / "metrics.csv").open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def start_training(project: Path, run_dir: Path, *overrides: str) -> subprocess.Popen[str]:
    """A training run as the leader of its own process group (as in a terminal)."""
    return subprocess.Popen(
        [sys.executable, __file__, str(project), str(run_dir), *overrides],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=TESTS,
        start_new_session=True,
    )


def wait_for_step(process: subprocess.Popen[str], step: int) -> None:
    """Read what the run prints until it says that a step is done."""
    assert process.stdout is not None
    for line in process.stdout:
        if line.strip() == f"step {step}":
            return
    assert process.stderr is not None
    raise AssertionError(f"the run ended before step {step}: {process.stderr.read()}")


def main(project: str, run_dir: str, *overrides: str) -> None:
    """Train with `TINY` and the overrides."""
    import torch

    from hookpath.projects import open_project
    from hookpath.training import TrainConfig, train_network

    torch.set_num_threads(1)
    config = TrainConfig.load(overrides=[*TINY, *overrides])
    train_network([open_project(project)], config, Path(run_dir), reporter=Printer())


if __name__ == "__main__":
    main(*sys.argv[1:])

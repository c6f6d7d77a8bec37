"""As many steps as fit into a number of CPU seconds.

Stopped by the clock, a network would end with a learning rate that has not come down yet. So a few
steps are measured first, and the whole schedule is made as long as fits.
"""

from __future__ import annotations

import json
import shutil
from dataclasses import asdict, dataclass
from pathlib import Path

from hookpath.atomic_files import make_folder, replace_text
from hookpath.errors import UsageError
from hookpath.events import Reporter, SilentReporter
from hookpath.experiments.contestant import Lesson
from hookpath.experiments.cpu_costs import cpu_seconds
from hookpath.stages import train
from hookpath.training import TrainConfig

PACE_NAME = "pace.json"

#: Steps that are measured, after those in which memory is first laid out.
_MEASURED, _WARM = 8, 3

#: A limit by the clock would count what else the machine does.
_BY_STEPS = ("minutes=none",)


@dataclass(frozen=True)
class Pace:
    """CPU seconds of a training: to begin and end it, and per step."""

    around_s: float
    step_s: float

    def steps(self, seconds: float) -> int:
        """How many fit; one at least."""
        return max(1, int((seconds - self.around_s) / self.step_s))


def within(lesson: Lesson, reporter: Reporter) -> TrainConfig:
    """The network's settings, of which a budget changes the number of steps.

    The number of epochs stays unless there are fewer steps than that.

    Raises:
        HookpathError: whatever training raises.
    """
    if lesson.budget_s is None:
        return lesson.config
    config = lesson.config.changed(_BY_STEPS)
    pace = _pace(lesson)
    steps = pace.steps(lesson.budget_s)
    epochs = min(config.epochs, steps)
    reporter.info(
        f"{pace.step_s:.2f} CPU seconds a step: {epochs} × {steps // epochs} steps in "
        f"{lesson.budget_s:g}"
    )
    return config.changed([f"epochs={epochs}", f"steps_per_epoch={steps // epochs}"])


def _pace(lesson: Lesson) -> Pace:
    """As measured earlier, or now.

    Raises:
        UsageError: what was measured is damaged.
    """
    path = lesson.folder / PACE_NAME
    if path.is_file():
        try:
            return Pace(**json.loads(path.read_text(encoding="utf-8")))
        except (OSError, ValueError, TypeError) as error:
            raise UsageError(f"{path}: cannot be read ({error}); delete it") from error
    pace = _measured(lesson, lesson.folder / "pace")
    make_folder(lesson.folder)
    replace_text(path, json.dumps(asdict(pace)))
    return pace


def _measured(lesson: Lesson, folder: Path) -> Pace:
    shutil.rmtree(folder, ignore_errors=True)
    clock, start = _Clock(), cpu_seconds()
    steps = ["epochs=1", f"steps_per_epoch={_WARM + _MEASURED}"]
    config = lesson.config.changed([*_BY_STEPS, *steps])
    try:
        train([lesson.trial.project], config, folder, False, clock)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    whole = cpu_seconds() - start
    step_s = max(1e-3, (clock.at[-1] - clock.at[-1 - _MEASURED]) / _MEASURED)
    return Pace(max(0.0, whole - (_WARM + _MEASURED) * step_s), step_s)


class _Clock(SilentReporter):
    """CPU seconds at the end of each step."""

    def __init__(self) -> None:
        self.at: list[float] = []

    def advance(self, task: str, n: int = 1, **figures: float) -> None:
        if task == "train":
            self.at.append(cpu_seconds())

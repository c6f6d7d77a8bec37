"""Steps that fit into CPU seconds: measured once, planned for the whole schedule."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from hookpath.errors import UsageError
from hookpath.events import SILENT
from hookpath.experiments import Lesson
from hookpath.experiments.folds_and_seeds import project_trials
from hookpath.experiments.step_budget import PACE_NAME, Pace, within
from hookpath.inference import PredictConfig
from hookpath.projects import open_project
from hookpath.training import TrainConfig
from support.evaluation import BLUE, RED, write_slide


@pytest.fixture
def lesson(tmp_path: Path) -> Lesson:
    """A network that would train 1000 steps, and end by the clock at once."""
    for number in range(2):
        boxes = [(RED, 0, 0, 120, 120), (BLUE, 0, 130, 120, 250)]
        write_slide(tmp_path / "slides", f"s{number}.tif", boxes)
    project = open_project(tmp_path / "slides")
    trial = project_trials(project, None, (0,), None, validation=0.0)[0]
    config = TrainConfig.of(
        {
            "preset": "fast",
            "family": "unet",
            "model": {"spacings": [1.0], "input_size": 24, "depth": 1, "filters": 2},
            "batch_size": 2,
            "epochs": 2,
            "steps_per_epoch": 500,
            "minutes": 0.001,
            "validation": {"train": trial.train, "test": trial.withheld, "fraction": 0},
        }
    )
    return Lesson(trial, config, {}, tmp_path / "out", PredictConfig())


def test_as_many_steps_as_fit() -> None:
    pace = Pace(around_s=10.0, step_s=0.5)
    assert pace.steps(60.0) == 100
    assert pace.steps(5.0) == 1


def test_without_a_budget_nothing_is_changed_or_measured(lesson: Lesson) -> None:
    assert within(lesson, SILENT) is lesson.config
    assert not lesson.folder.exists()


def test_the_pace_is_measured_and_makes_the_schedule(lesson: Lesson) -> None:
    limited = replace(lesson, budget_s=60.0)
    found = within(limited, SILENT)
    assert [p.name for p in lesson.folder.iterdir()] == [PACE_NAME]  # no run is left behind
    steps = found.epochs * found.steps_per_epoch
    assert found.epochs == 2
    assert steps > 11  # a tiny step takes far less than a second
    assert found.minutes is None  # it is CPU seconds that count, not the clock's
    changed = {"epochs", "steps_per_epoch", "minutes"}
    assert found.model_dump(exclude=changed) == lesson.config.model_dump(exclude=changed)
    # Measured once: the same budget gives the same schedule again, a large one a longer.
    assert within(limited, SILENT) == found
    (lesson.folder / PACE_NAME).write_text('{"around_s": 1.0, "step_s": 0.5}')
    assert within(replace(lesson, budget_s=51.0), SILENT).steps_per_epoch == 50
    assert within(replace(lesson, budget_s=1.5), SILENT).epochs == 1


def test_a_damaged_pace_is_reported(lesson: Lesson) -> None:
    lesson.folder.mkdir()
    (lesson.folder / PACE_NAME).write_text("{")
    with pytest.raises(UsageError, match=r"pace\.json: cannot be read.*; delete it"):
        within(replace(lesson, budget_s=9.0), SILENT)

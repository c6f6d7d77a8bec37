"""The networks as contestants."""

from __future__ import annotations

from pathlib import Path

from hookpath.evaluation import train_report
from hookpath.events import Reporter
from hookpath.experiments.contestant import Lesson
from hookpath.experiments.step_budget import within
from hookpath.inference import predict_project
from hookpath.stages import train


class Networks:
    """Trains and predicts as ``hookpath train`` and ``hookpath predict`` do."""

    def missing(self) -> str | None:
        """Never."""
        return None

    def learn(self, lesson: Lesson, reporter: Reporter) -> None:
        """Train, or go on with a begun training; within a budget as many steps as fit."""
        if lesson.model is not None:
            return
        resume = (lesson.run / "run.json").is_file()
        config = None if resume and lesson.budget_s is not None else within(lesson, reporter)
        train([lesson.trial.project], config, lesson.run, resume, reporter)
        train_report(lesson.run)

    def predict(self, lesson: Lesson, reporter: Reporter) -> Path:
        """All test slides."""
        model = lesson.model or lesson.run / "model"
        predict_project(lesson.trial.project, model, lesson.predictions, lesson.predict, reporter)
        return model

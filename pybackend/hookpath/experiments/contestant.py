"""What a contestant has to be able to do, whatever it is: a network, a classifier, QuPath's own."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from hookpath.events import Reporter
from hookpath.experiments.folds_and_seeds import Trial
from hookpath.inference import PredictConfig
from hookpath.training import TrainConfig

RUN, EVALUATION, PREDICTIONS = "run", "evaluation", "predictions"


@dataclass(frozen=True)
class Lesson:
    """One contestant on one trial: what it learns from, and what it is asked then.

    Attributes:
        trial: the slides; ``trial.withheld`` must not be learned from.
        config: which slides and classes, which seed, what undrawn tissue is (`gather` makes the
            same strokes of it for everybody); for networks all their settings, too.
        settings: the contestant's own.
        folder: the contestant's in this trial; what it writes goes there.
        predict: how to predict the test slides.
        budget_s: CPU seconds that learning may take; None: as long as it takes.
        model: for a contestant that is part of another one: its model folder.
    """

    trial: Trial
    config: TrainConfig
    settings: Mapping[str, Any]
    folder: Path
    predict: PredictConfig
    budget_s: float | None = None
    model: Path | None = None

    @property
    def run(self) -> Path:
        """Where what is learned goes."""
        return self.folder / RUN

    @property
    def evaluation(self) -> Path:
        """Where the report goes."""
        return self.folder / EVALUATION

    @property
    def predictions(self) -> Path:
        """Where predictions go, as `hookpath.inference.predict_project` leaves them."""
        return self.evaluation / PREDICTIONS


class Method(Protocol):
    """A way to learn from strokes and to predict slides.

    Both steps may be called again after they were stopped, and then go on or start anew; what they
    have finished they leave. CPU time is measured around them, that of ended child processes too.
    """

    def missing(self) -> str | None:
        """Why it cannot be had here, as in "no QuPath found; …"; None: it can."""

    def learn(self, lesson: Lesson, reporter: Reporter) -> None:
        """Learn from the strokes on the training slides, and from nothing else.

        Raises:
            HookpathError: it cannot.
        """

    def predict(self, lesson: Lesson, reporter: Reporter) -> Path | None:
        """Predict the test slides into ``lesson.predictions``, a class map of each at least.

        Returns:
            The model folder, where there is one that `hookpath.evaluation` can ask about.

        Raises:
            HookpathError: it cannot.
        """

"""What a step of the loop tells of the work inside it, and of images that fail."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from hookpath.errors import LoopError, code_of, one_line
from hookpath.events import Reporter, SilentReporter
from hookpath.projects import ImageEntry, Problem


class Inner(SilentReporter):
    """Hands on progress and messages of training or prediction within a step.

    Its results are not the step's (but for training's ``epoch``), nor is its overall progress.
    """

    def __init__(self, outer: Reporter) -> None:
        self._outer = outer

    def start(self, task: str, total: int | None, unit: str = "it") -> None:
        """See `Reporter`."""
        self._outer.start(task, total, unit)

    def advance(self, task: str, n: int = 1, **figures: float) -> None:
        """See `Reporter`."""
        self._outer.advance(task, n, **figures)

    def finish(self, task: str) -> None:
        """See `Reporter`."""
        self._outer.finish(task)

    def info(self, message: str) -> None:
        """See `Reporter`."""
        self._outer.info(message)

    def warn(self, message: str) -> None:
        """See `Reporter`."""
        self._outer.warn(message)

    def result(self, kind: str, payload: Mapping[str, Any]) -> None:
        """Learning curves are of interest, whichever step trains."""
        if kind == "epoch":
            self._outer.result(kind, payload)


class ToldError(LoopError):
    """An image failed, and a warning has said so."""


def told(entry: ImageEntry, error: Exception, reporter: Reporter) -> Problem:
    """An image that failed, after telling so; the step goes on with the others."""
    problem = Problem(entry.name, one_line(error), code_of(error), entry.id)
    if not isinstance(error, ToldError):
        reporter.warn(problem.line)
    reporter.result("problem", vars(problem))
    return problem

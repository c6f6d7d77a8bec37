"""What a step of the loop tells of the work inside it, and of images that fail."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from hookpath.errors import LoopError, code_of, one_line
from hookpath.events import PassingReporter, Reporter
from hookpath.projects import ImageEntry, Problem


class Inner(PassingReporter):
    """Hands on progress and messages of training or prediction within a step.

    Its results are not the step's (but for training's ``epoch``), nor is its overall progress.
    """

    def result(self, kind: str, payload: Mapping[str, Any]) -> None:
        """Learning curves are of interest, whichever step trains."""
        if kind == "epoch":
            super().result(kind, payload)

    def overall(self, done: float) -> None:
        """Nothing: the step is more than this."""


class ReportedError(LoopError):
    """An image failed, and a warning has said so."""


def report_failure(entry: ImageEntry, error: Exception, reporter: Reporter) -> Problem:
    """An image that failed, after telling so; the step goes on with the others."""
    problem = Problem(entry.name, one_line(error), code_of(error), entry.id)
    if not isinstance(error, ReportedError):
        reporter.warn(problem.line)
    reporter.result("problem", vars(problem))
    return problem

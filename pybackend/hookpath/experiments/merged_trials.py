"""The trials of one contestant as one report: every slide once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from hookpath.annotations import ClassTable
from hookpath.atomic_files import make_folder
from hookpath.evaluation import EvaluationReport, SlideResult, make_report, write_report
from hookpath.evaluation.scoring.slide_metrics import Measured
from hookpath.experiments.design import Contestant
from hookpath.experiments.design_runner import ExperimentResult, Score


def write_merged(result: ExperimentResult) -> dict[str, Path]:
    """A report of all test slides for every contestant, in ``reports/<contestant>``; by title.

    Slides of different seeds are different ones where they are synthetic. A project's slide that
    several seeds tested is one slide, its counts summed: seeds are no independent patients.
    """
    folders: dict[str, Path] = {}
    for contestant in result.design.contestants:
        folder = result.out / "reports" / contestant.slug
        make_folder(folder)
        write_report(merged(contestant, result.of(contestant.title)), folder)
        folders[contestant.title] = folder
    return folders


def merged(contestant: Contestant, scores: Sequence[Score]) -> EvaluationReport:
    """One report of all slides of a contestant's trials."""
    projects = {score.trial.project.source for score in scores}
    several = len(projects) > 1
    slides: dict[str, SlideResult] = {}
    classes = scores[0].report.classes
    for score in scores:
        for slide in score.report.slides:
            name = f"{score.trial.name}/{slide.name}" if several else slide.name
            own = _in_order(slide, score.report.classes, classes, name)
            slides[name] = _added(slides[name], own) if name in slides else own
    return make_report(
        contestant.title,
        list(slides.values()),
        classes,
        [problem for score in scores for problem in score.report.problems],
        {"family": scores[0].report.model.get("family", "")},
        {"trials": [score.trial.name for score in scores]},
    )


def _in_order(slide: SlideResult, own: ClassTable, order: ClassTable, name: str) -> SlideResult:
    """The slide with its classes in another order, and without pictures (they stay where made)."""
    at = [own.names.index(n) for n in order.names]
    found = slide.measured.in_order(at)
    return replace(
        slide, name=name, id=name, counts=found.counts, bins=found.bins, counted=found.counted,
        pictures={},
    )  # fmt: skip


def _added(first: SlideResult, second: SlideResult) -> SlideResult:
    unknown = {
        name: np.asarray(first.unknown.get(name, 0) + second.unknown.get(name, 0))
        for name in {*first.unknown, *second.unknown}
    }
    both = Measured.pooled([first.measured, second.measured])
    return replace(first, counts=both.counts, bins=both.bins, unknown=unknown)

"""Evaluations brought together: the same slides, the same classes, the same annotations."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from hookpath.annotations import ClassTable
from hookpath.errors import EvaluationError
from hookpath.evaluation.report.evaluation_report import EvaluationReport
from hookpath.evaluation.scoring.slide_result import SlideResult

#: Labelled areas of a class on a slide may differ by this share: pixels of runs differ in size.
_AREA_TOLERANCE = 0.1
_FEWEST_PIXELS = 50


@dataclass(frozen=True)
class ComparedRun:
    """One evaluation: its name in the comparison, its folder, its report."""

    name: str
    folder: Path
    report: EvaluationReport


def refuse_other_classes(runs: Sequence[ComparedRun]) -> None:
    """Raise `EvaluationError` unless all runs have the same classes, in whatever order."""
    first = runs[0]
    for run in runs[1:]:
        ours, theirs = first.report.classes.names, run.report.classes.names
        if set(ours) != set(theirs):
            raise EvaluationError(
                f"{run.name} has the classes {', '.join(theirs)}, {first.name} has "
                f"{', '.join(ours)}; only models of the same classes can be compared"
            )


def on_common_slides(
    runs: Sequence[ComparedRun],
) -> tuple[list[str], list[tuple[SlideResult, ...]], list[str]]:
    """The slides that all runs scored, in the order of the first; each run's results; notes.

    Raises:
        EvaluationError: no slide is in all.
    """
    by_key = _slides_by_key(runs)
    common = [key for key in by_key[0] if all(key in slides for slides in by_key)]
    if not common:
        listed = "; ".join(f"{r.name}: {few(list(s))}" for r, s in zip(runs, by_key, strict=True))
        raise EvaluationError(f"the runs have no slide in common ({listed})")
    results = [tuple(slides[key] for key in common) for slides in by_key]
    classes = runs[0].report.classes
    notes = [*_left_out(runs, by_key, common), *_changed_truth(runs, classes, results)]
    return common, results, notes


def _slides_by_key(runs: Sequence[ComparedRun]) -> list[dict[str, SlideResult]]:
    """Slides of every run by name; by name and id where a run has a name twice."""
    unique = all(len({s.name for s in r.report.slides}) == len(r.report.slides) for r in runs)
    return [
        {s.name if unique else f"{s.name} ({s.id})": s for s in run.report.slides} for run in runs
    ]


def _left_out(
    runs: Sequence[ComparedRun], by_key: Sequence[dict[str, SlideResult]], common: Sequence[str]
) -> list[str]:
    notes = []
    for run, slides in zip(runs, by_key, strict=True):
        extra = [key for key in slides if key not in common]
        if extra:
            notes.append(f"Not scored by all runs, so left out of {run.name}: {few(extra)}.")
    return notes


def _changed_truth(
    runs: Sequence[ComparedRun], classes: ClassTable, results: Sequence[Sequence[SlideResult]]
) -> list[str]:
    """Slides whose labelled area is not the same in all runs."""
    changed = [
        slide[0].name
        for slide in zip(*results, strict=True)
        if any(_truth_differs(runs, classes, slide[0], 0, other, i)
               for i, other in enumerate(slide[1:], start=1))
    ]  # fmt: skip
    if not changed:
        return []
    return [
        f"The annotations are not the same in all runs on {few(changed)}: evaluate all runs again "
        "with the same annotations."
    ]


def _truth_differs(
    runs: Sequence[ComparedRun],
    classes: ClassTable,
    one: SlideResult,
    one_run: int,
    other: SlideResult,
    other_run: int,
) -> bool:
    areas = [
        np.array([s.scores.support[runs[r].report.classes.names.index(n)] for n in classes.names])
        * s.spacing_um**2
        for s, r in ((one, one_run), (other, other_run))
    ]
    pixel_um2 = max(one.spacing_um, other.spacing_um) ** 2
    allowed = _AREA_TOLERANCE * np.maximum(*areas) + _FEWEST_PIXELS * pixel_um2
    return bool(np.any(np.abs(areas[0] - areas[1]) > allowed))


def few(names: Sequence[str], most: int = 4) -> str:
    """The first names, and how many more there are."""
    shown = ", ".join(names[:most])
    return shown + (f" and {len(names) - most} more" if len(names) > most else "")

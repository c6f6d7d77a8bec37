"""Several evaluations of the same slides, side by side."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from hookpath.annotations import ClassTable
from hookpath.errors import EvaluationError, UsageError
from hookpath.evaluation.paired import PairedTest, Values, paired_tests
from hookpath.evaluation.report import EvaluationReport, find_report, load_report
from hookpath.evaluation.results import SlideResult
from hookpath.evaluation.scores import METRICS, finite, spread

#: Rises whenever the meaning of a key of ``comparison.json`` changes.
FORMAT_VERSION = 1

#: Labelled areas of a class on a slide may differ by this share: pixels of runs differ in size.
_AREA_TOLERANCE = 0.1
_FEWEST_PIXELS = 50


@dataclass(frozen=True)
class ComparedRun:
    """One evaluation: its name in the comparison, its folder, its report."""

    name: str
    folder: Path
    report: EvaluationReport


@dataclass(frozen=True)
class Comparison:
    """Runs on the slides that all of them have, in the order of the first.

    Attributes:
        results: for each run, its result of every slide of `slides`.
        notes: what a reader should know: slides left out, annotations that changed.
    """

    runs: tuple[ComparedRun, ...]
    classes: ClassTable
    metric: str
    slides: tuple[str, ...]
    results: tuple[tuple[SlideResult, ...], ...]
    notes: tuple[str, ...] = ()

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the runs."""
        return tuple(run.name for run in self.runs)

    @cached_property
    def macro(self) -> Values:
        """``(slides, runs)`` macro means of the metric."""
        return np.array([[r.scores.macro(self.metric) for r in run] for run in self.results]).T

    @cached_property
    def per_class(self) -> Values:
        """``(runs, slides, classes)``, NaN where a class is not drawn."""
        return np.array(
            [[self._in_order(number, result) for result in run]
             for number, run in enumerate(self.results)]
        )  # fmt: skip

    @cached_property
    def tests(self) -> tuple[PairedTest, ...]:
        """Every pair of runs on the macro means of the slides."""
        return tuple(paired_tests(self.names, {"macro": self.macro}))

    def as_dict(self) -> dict[str, Any]:
        """Plain Python for JSON; undefined figures are None."""
        return {
            "format_version": FORMAT_VERSION,
            "metric": self.metric,
            "classes": list(self.classes.names),
            "runs": [self._run_dict(i) for i in range(len(self.runs))],
            "slides": [
                {
                    "name": name,
                    "macro": {n: finite(v) for n, v in zip(self.names, row, strict=True)},
                }
                for name, row in zip(self.slides, self.macro, strict=True)
            ],
            "tests": [t.as_dict() for t in self.tests],
            "notes": list(self.notes),
        }

    def _run_dict(self, number: int) -> dict[str, Any]:
        run = self.runs[number]
        columns = zip(self.classes.names, self.per_class[number].T, strict=True)
        return {
            "name": run.name,
            "folder": str(run.folder),
            "model": dict(run.report.model),
            "macro": spread(self.macro[:, number]).as_dict(),
            "accuracy": spread([r.scores.accuracy for r in self.results[number]]).as_dict(),
            "per_class": {name: spread(column).as_dict() for name, column in columns},
        }

    def _in_order(self, number: int, result: SlideResult) -> Values:
        """A slide's figures per class in the order of `classes`."""
        own = self.runs[number].report.classes.names
        return result.scores.drawn(self.metric)[[own.index(n) for n in self.classes.names]]


def compare_reports(
    runs: Sequence[str | Path],
    *,
    names: Sequence[str] | None = None,
    out_dir: Path | None = None,
    metric: str = "f1",
    title: str | None = None,
) -> Comparison:
    """Compare evaluations slide by slide, on the slides that all of them scored.

    Args:
        runs: folders that `evaluate_project` wrote (or ``report.json`` files, or folders with an
            ``evaluation/`` in them); two or more.
        names: what to call them; default: their folders' names.
        out_dir: where ``comparison.html``, ``.json`` and ``.png`` go; None: nothing is written.
        metric: ``f1`` (= Dice), ``precision``, ``recall`` or ``iou``.
        title: headline of the page.

    Raises:
        UsageError: fewer than two runs, one given twice, or an unknown metric.
        EvaluationError: no report there, classes differ, no slide in common, or `out_dir` cannot
            be written.
    """
    _check_call(runs, names, metric)
    found = [find_report(Path(run)) for run in runs]
    _refuse_twice(found)
    chosen = names or short_names([path.parent for path in found])
    loaded = [
        ComparedRun(name, path.parent, load_report(path))
        for name, path in zip(chosen, found, strict=True)
    ]
    _refuse_other_classes(loaded)
    comparison = _on_common_slides(loaded, metric)
    if out_dir is not None:
        from hookpath.evaluation.compare_page import write_comparison

        write_comparison(comparison, out_dir, title or " · ".join(comparison.names))
    return comparison


def short_names(folders: Sequence[Path]) -> list[str]:
    """The shortest ends of the paths that tell them apart, without ``evaluation``."""
    parts = [[p for p in f.resolve().parts if p != f.anchor] for f in folders]
    while all(p and p[-1] == "evaluation" for p in parts):
        parts = [p[:-1] for p in parts]
    for length in range(1, max(map(len, parts)) + 1):
        names = ["/".join(p[-length:]) for p in parts]
        if len(set(names)) == len(names):
            return names
    return [str(f) for f in folders]


def _check_call(runs: Sequence[str | Path], names: Sequence[str] | None, metric: str) -> None:
    if len(runs) < 2:
        raise UsageError("give at least two evaluations to compare")
    if names is not None and (len(names) != len(runs) or len(set(names)) != len(names)):
        raise UsageError(f"give one name of its own for each of the {len(runs)} evaluations")
    if metric not in METRICS:
        raise UsageError(f"metric {metric!r} is none of {', '.join(METRICS)}")


def _refuse_twice(found: Sequence[Path]) -> None:
    paths = [path.resolve() for path in found]
    for path in paths:
        if paths.count(path) > 1:
            raise UsageError(f"{path}: given twice")


def _refuse_other_classes(runs: Sequence[ComparedRun]) -> None:
    first = runs[0]
    for run in runs[1:]:
        ours, theirs = first.report.classes.names, run.report.classes.names
        if set(ours) != set(theirs):
            raise EvaluationError(
                f"{run.name} has the classes {', '.join(theirs)}, {first.name} has "
                f"{', '.join(ours)}; only models of the same classes can be compared"
            )


def _on_common_slides(runs: Sequence[ComparedRun], metric: str) -> Comparison:
    by_key = _slides_by_key(runs)
    common = [key for key in by_key[0] if all(key in slides for slides in by_key)]
    if not common:
        listed = "; ".join(f"{r.name}: {_few(list(s))}" for r, s in zip(runs, by_key, strict=True))
        raise EvaluationError(f"the runs have no slide in common ({listed})")
    results = tuple(tuple(slides[key] for key in common) for slides in by_key)
    classes = runs[0].report.classes
    notes = [*_left_out(runs, by_key, common), *_changed_truth(runs, classes, results)]
    return Comparison(tuple(runs), classes, metric, tuple(common), results, tuple(notes))


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
            notes.append(f"Not scored by all runs, so left out of {run.name}: {_few(extra)}.")
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
        f"The annotations are not the same in all runs on {_few(changed)}: evaluate all runs again "
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


def _few(names: Sequence[str], most: int = 4) -> str:
    shown = ", ".join(names[:most])
    return shown + (f" and {len(names) - most} more" if len(names) > most else "")

"""Runs on their common slides, and everything that is said about them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from hookpath.annotations import ClassTable
from hookpath.evaluation.class_metrics import WHOLE_METRICS, finite, spread
from hookpath.evaluation.comparison.common_slides_and_annotations import ComparedRun
from hookpath.evaluation.scoring.slide_groups import by_group
from hookpath.evaluation.scoring.slide_metrics import CLASS_METRICS, Measured, pooled_intervals_of
from hookpath.evaluation.scoring.slide_result import SlideResult
from hookpath.evaluation.statistics.bootstrap import NONE, Interval, mean_interval
from hookpath.evaluation.statistics.paired_test import PairedTest, Values, paired_tests
from hookpath.evaluation.statistics.tukey import RangeTest, range_tests

#: Rises whenever the meaning of a key of ``comparison.json`` changes.
FORMAT_VERSION = 2

#: What can be compared.
COMPARED = (*(m for m in CLASS_METRICS if m != "ece"), *WHOLE_METRICS)


@dataclass(frozen=True)
class Comparison:
    """Runs on the slides that all of them have, in the order of the first.

    Attributes:
        results: for each run, its result of every slide of `slides`.
        notes: what a reader should know: slides left out, annotations that changed.
        correction: of the paired tests' p values, one of `CORRECTIONS`.
        baseline: the run that the others are tested against; None: every pair.
        group_by: metadata keys whose groups are shown.
    """

    runs: tuple[ComparedRun, ...]
    classes: ClassTable
    metric: str
    slides: tuple[str, ...]
    results: tuple[tuple[SlideResult, ...], ...]
    notes: tuple[str, ...] = ()
    correction: str = "holm"
    baseline: str | None = None
    group_by: tuple[str, ...] = ()

    def __repr__(self) -> str:
        runs, slides = ", ".join(self.names), len(self.slides)
        return f"Comparison({runs}; {self.metric} on {slides} slide{'s' * (slides != 1)})"

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the runs."""
        return tuple(run.name for run in self.runs)

    @cached_property
    def macro(self) -> Values:
        """``(slides, runs)`` the metric for all classes: a macro mean, or as κ and accuracy are."""
        return self.table(self.metric)

    def table(self, metric: str) -> Values:
        """``(slides, runs)`` of another metric."""
        return np.array([[r.measured.value(metric) for r in run] for run in self.results]).T

    @cached_property
    def per_class(self) -> Values:
        """``(runs, slides, classes)``, NaN where a class is not annotated."""
        found = [
            [self._in_order(number, result.measured.per_class(self.metric)) for result in run]
            for number, run in enumerate(self.results)
        ]
        return np.array(found)

    @property
    def by_class(self) -> bool:
        """Whether the metric is one that a single class has."""
        return self.metric in CLASS_METRICS

    @property
    def has_probabilities(self) -> bool:
        """Whether every run has probability maps, for ROC curves."""
        return all(m.bins is not None for m in self.pooled)

    @cached_property
    def pooled(self) -> tuple[Measured, ...]:
        """Every run's slides counted together, classes in the order of `classes`."""
        return tuple(
            Measured.pooled([r.measured for r in run]).in_order(self._own_order(number))
            for number, run in enumerate(self.results)
        )

    @cached_property
    def intervals(self) -> tuple[Interval, ...]:
        """For every run, of the metric's mean over slides."""
        return tuple(mean_interval(column) for column in self.macro.T)

    @cached_property
    def pooled_intervals(self) -> tuple[Interval, ...]:
        """For every run, of the pooled metric, slides drawn again."""
        parts = [[r.measured for r in run] for run in self.results]
        found = [pooled_intervals_of(p, [self.metric]) for p in parts]
        return tuple(f[self.metric][0] if self.metric in f else NONE for f in found)

    @cached_property
    def tests(self) -> tuple[PairedTest, ...]:
        """Every pair of runs on the metric for all classes of the slides."""
        tables = {"macro": self.macro}
        return tuple(paired_tests(self.names, tables, self.correction, self.baseline))

    @cached_property
    def class_tests(self) -> tuple[PairedTest, ...]:
        """Every pair of runs on every class, all of them corrected for together."""
        if not self.by_class:
            return ()
        tables = {n: self.per_class[:, :, i].T for i, n in enumerate(self.classes.names)}
        return tuple(paired_tests(self.names, tables, self.correction, self.baseline))

    @cached_property
    def range_tests(self) -> tuple[RangeTest, ...]:
        """Tukey's range test of all runs on the metric for all classes of the slides."""
        return tuple(range_tests(self.names, list(self.macro.T)))

    @cached_property
    def groups(self) -> dict[str, dict[str, list[int]]]:
        """Metadata key → its value → indices of the slides."""
        values = [groups_of_slide(slide) for slide in zip(*self.results, strict=True)]
        return {key: by_group(values, key) for key in self.group_by}

    def as_dict(self) -> dict[str, Any]:
        """Plain Python for JSON; undefined metrics are None."""
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
            "correction": self.correction,
            "tests": [t.as_dict() for t in self.tests],
            "class_tests": [t.as_dict() for t in self.class_tests],
            "range_tests": [t.as_dict() for t in self.range_tests],
            "groups": {
                key: {value: self._group_dict(indices) for value, indices in parts.items()}
                for key, parts in self.groups.items()
            },
            "notes": list(self.notes),
        }

    def _run_dict(self, number: int) -> dict[str, Any]:
        run, pooled = self.runs[number], self.pooled[number]
        columns = zip(self.classes.names, self.per_class[number].T, strict=True)
        whole = {m: spread(self.table(m)[:, number]).as_dict() for m in WHOLE_METRICS}
        return {
            "name": run.name,
            "folder": str(run.folder),
            "model": dict(run.report.model),
            "macro": self._spread_dict(self.macro[:, number]),
            **whole,
            "pooled": {
                "macro": finite(pooled.value(self.metric)),
                "interval": self.pooled_intervals[number].as_dict(),
                "confusion": pooled.counts.tolist(),
                "auc": [finite(v) for v in pooled.auc],
            },
            "per_class": {name: self._spread_dict(column) for name, column in columns},
        }

    def _group_dict(self, indices: list[int]) -> dict[str, Any]:
        runs = zip(self.names, self.macro[indices].T, strict=True)
        return {
            "slides": [self.slides[i] for i in indices],
            "runs": {name: self._spread_dict(column) for name, column in runs},
        }

    def _spread_dict(self, values: Values) -> dict[str, Any]:
        return {**spread(values).as_dict(), "interval": mean_interval(values).as_dict()}

    def _own_order(self, number: int) -> list[int]:
        """Indices of `classes` among the run's own."""
        own = self.runs[number].report.classes.names
        return [own.index(name) for name in self.classes.names]

    def _in_order(self, number: int, values: Values) -> Values:
        return values[self._own_order(number)]


def groups_of_slide(slide: Sequence[SlideResult]) -> dict[str, str]:
    """What the first run that knows a key says of the slide."""
    found: dict[str, str] = {}
    for result in slide:
        found = {**result.groups, **found}
    return found

"""What was counted of a slide (or of several together), and every metric that follows from it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from types import MappingProxyType
from typing import Any

import numpy as np

from hookpath.evaluation.class_metrics import (
    METRICS,
    WHOLE_METRICS,
    Counts,
    Scores,
    finite,
    mean_of,
    per_class_metrics,
    scores,
)
from hookpath.evaluation.scoring.calibration import ap_of_bins, ece_of_bins
from hookpath.evaluation.scoring.roc import Bins, Values, auc_of_bins
from hookpath.evaluation.shape_scoring.shape_metrics import (
    OBJECT_METRICS,
    SHAPE_METRICS,
    ShapeMetrics,
    assd,
)
from hookpath.evaluation.statistics.bootstrap import Interval, each, pooled_intervals

#: Metrics of a class; of a slide, their mean over the annotated classes.
CLASS_METRICS = (*METRICS, "dice", "auc", "ap", "ece", *SHAPE_METRICS)

#: Metrics of counted probabilities: ``(…, 2, 256)`` → ``(…)``.
BIN_METRICS: Mapping[str, Callable[[Bins], Values]] = MappingProxyType(
    {"auc": auc_of_bins, "ap": ap_of_bins, "ece": ece_of_bins}
)

#: Every metric's name in tables and on axes.
TITLES = MappingProxyType(
    {
        "f1": "F1",
        "dice": "Dice",
        "precision": "precision",
        "recall": "recall",
        "iou": "IoU",
        "auc": "AUC",
        "ap": "AP",
        "ece": "ECE",
        "object_f1": "object F1",
        "object_precision": "object precision",
        "object_recall": "object recall",
        "assd_um": "ASSD, µm",
        "hd95_um": "HD95, µm",
        "accuracy": "accuracy",
        "balanced_accuracy": "balanced accuracy",
        "kappa": "κ",
        "quadratic_kappa": "quadratic κ",
    }
)


def title_of(metric: str) -> str:
    """``macro F1``, ``κ``: what one number for all classes is called."""
    return f"macro {TITLES[metric]}" if metric in CLASS_METRICS else TITLES[metric]


@dataclass(frozen=True)
class Measured:
    """Counts and all metrics.

    Attributes:
        counts: ``(C, C + 1)``: rows = truth, last column = not predicted.
        bins: ``(C, 2, 256)`` counted probabilities; None where there are no probability maps.
        counted: of each class whether it enters means; None: all do.
        shapes: objects and boundaries; None: they were not counted.
    """

    counts: Counts
    bins: Bins | None = None
    counted: tuple[bool, ...] | None = None
    shapes: ShapeMetrics | None = None

    @classmethod
    def pooled(cls, parts: Sequence[Measured]) -> Measured:
        """All parts counted together; probabilities of those that have some."""
        bins = [p.bins for p in parts if p.bins is not None]
        counts = np.sum([p.counts for p in parts], axis=0)
        shapes = [p.shapes for p in parts if p.shapes is not None]
        return cls(
            counts,
            np.sum(bins, axis=0) if bins else None,
            parts[0].counted,
            ShapeMetrics.pooled(shapes) if len(shapes) == len(parts) else None,
        )

    def in_order(self, order: Sequence[int]) -> Measured:
        """With the classes at these indices, in this order."""
        at = list(order)
        counts = self.counts[at][:, [*at, self.counts.shape[1] - 1]]
        counted = None if self.counted is None else tuple(self.counted[i] for i in at)
        bins = None if self.bins is None else self.bins[at]
        shapes = None if self.shapes is None else self.shapes.in_order(at)
        return Measured(counts, bins, counted, shapes)

    @cached_property
    def scores(self) -> Scores:
        """The metrics that follow from the counts."""
        return scores(self.counts, self.counted)

    @property
    def auc(self) -> Values:
        """``(C,)`` area under each class's ROC curve, NaN where undefined."""
        return self.of_bins["auc"]

    @cached_property
    def of_bins(self) -> dict[str, Values]:
        """Each of `BIN_METRICS`, ``(C,)``, NaN where undefined."""
        if self.bins is None:
            return {m: np.full(len(self.counts), np.nan) for m in BIN_METRICS}
        return {metric: compute(self.bins) for metric, compute in BIN_METRICS.items()}

    def per_class(self, metric: str) -> Values:
        """One of `CLASS_METRICS`, ``(C,)``, NaN for classes that are not annotated.

        All NaN for `WHOLE_METRICS`, which no single class has.
        """
        if metric in WHOLE_METRICS:
            return np.full(len(self.counts), np.nan)
        if metric in SHAPE_METRICS:
            return self.of_shapes(metric)
        return self.of_bins[metric] if metric in BIN_METRICS else self.scores.annotated(metric)

    def of_shapes(self, metric: str) -> Values:
        """One of `SHAPE_METRICS`, ``(C,)``, NaN where undefined."""
        if self.shapes is None:
            return np.full(len(self.counts), np.nan)
        return self.shapes.of(metric)

    def value(self, metric: str) -> float:
        """One number for all classes: a macro mean, or one of `WHOLE_METRICS`."""
        if metric in WHOLE_METRICS:
            return float(getattr(self.scores, metric))
        return mean_of(self.per_class(metric), self.counted)

    def as_dict(self, names: Sequence[str]) -> dict[str, Any]:
        """Plain Python for JSON; undefined metrics are None."""
        found = self.scores.as_dict(names)
        more = {} if self.bins is None else dict(self.of_bins)
        if self.shapes is not None:
            more |= {metric: self.of_shapes(metric) for metric in SHAPE_METRICS}
        for metric, metrics in more.items():
            found["macro"][metric] = finite(self.value(metric))
            for name, value in zip(names, metrics, strict=True):
                found["classes"][name][metric] = finite(value)
        return found


def pooled_intervals_of(
    parts: Sequence[Measured], metrics: Sequence[str]
) -> dict[str, tuple[Interval, list[Interval]]]:
    """Bootstrap intervals of pooled metrics, slides drawn again.

    Returns:
        Metric → interval of the figure for all classes, and of each class (none of metrics that
        no single class has). Metrics of what was not counted, and HD95, have none.
    """
    counts, bins = np.stack([p.counts for p in parts]), [p.bins for p in parts]
    which = parts[0].counted
    plain = [m for m in metrics if m not in BIN_METRICS and m not in SHAPE_METRICS]
    found = {m: _split(pooled_intervals(counts, _of_many(m, which))) for m in plain}
    known = [b for b in bins if b is not None]
    for metric in (m for m in metrics if m in BIN_METRICS and known):
        found[metric] = _split(pooled_intervals(np.stack(known), _of_many_bins(metric, which)))
    shapes = [p.shapes for p in parts if p.shapes is not None]
    for metric in (m for m in metrics if m in SHAPE_METRICS and len(shapes) == len(parts)):
        if metric in OBJECT_METRICS:
            counted, compute = np.stack([s.objects for s in shapes]), OBJECT_METRICS[metric]
        elif metric == "assd_um":
            counted, compute = np.stack([s.boundaries for s in shapes]), assd
        else:
            continue
        found[metric] = _split(pooled_intervals(counted, _then_mean(compute, which)))
    return found


def _of_many_bins(metric: str, counted: tuple[bool, ...] | None) -> Callable[[Bins], Values]:
    return _then_mean(BIN_METRICS[metric], counted)


def _then_mean(
    compute: Callable[[Any], Values], counted: tuple[bool, ...] | None
) -> Callable[[Any], Values]:
    return lambda sums: _with_mean(compute(sums), counted)


def _of_many(metric: str, counted: tuple[bool, ...] | None) -> Callable[[Counts], Values]:
    """Many confusion matrices → of each the metric for all classes, then that of each class."""
    if metric in WHOLE_METRICS:
        return each(lambda counts: [Measured(counts, None, counted).value(metric)])
    return lambda sums: _with_mean(_annotated(sums, metric), counted)


def _annotated(sums: Counts, metric: str) -> Values:
    metrics = per_class_metrics(sums)["f1" if metric == "dice" else metric]
    return np.where(sums.sum(axis=-1) > 0, metrics, np.nan)


def _with_mean(per_class: Values, counted: tuple[bool, ...] | None) -> Values:
    return np.column_stack([[mean_of(row, counted) for row in per_class], per_class])


def _split(intervals: list[Interval]) -> tuple[Interval, list[Interval]]:
    return intervals[0], intervals[1:]

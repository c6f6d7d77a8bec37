"""The metrics of training, validation and test slides apart: a model knows the first by heart."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from hookpath.evaluation.class_metrics import finite
from hookpath.evaluation.scoring.slide_metrics import Measured, pooled_intervals_of
from hookpath.evaluation.scoring.slide_result import SlideResult
from hookpath.evaluation.statistics.bootstrap import Interval

#: Name of all slides together.
ALL = "all"


def metrics_by_part(slides: Sequence[SlideResult], names: Sequence[str]) -> dict[str, Any]:
    """Part of the split → its confusion matrix, and F1 by class and over classes with intervals.

    `ALL` has every slide; slides without a part are in no other. Plain Python for JSON.
    """
    parts = dict.fromkeys(s.split for s in slides if s.split)
    chosen = {part: [s for s in slides if s.split == part] for part in parts}
    return {name: _figures(some, names) for name, some in {ALL: list(slides), **chosen}.items()}


def _figures(slides: Sequence[SlideResult], names: Sequence[str]) -> dict[str, Any]:
    measured = [s.measured for s in slides]
    pooled = Measured.pooled(measured)
    whole, by_class = pooled_intervals_of(measured, ("f1",))["f1"]
    annotated = pooled.per_class("f1")
    return {
        "slides": len(slides),
        "confusion": pooled.counts.tolist(),
        "macro_f1": _with_interval(pooled.value("f1"), whole),
        "f1": {
            name: _with_interval(value, interval)
            for name, value, interval in zip(names, annotated.tolist(), by_class, strict=True)
        },
    }


def _with_interval(value: float, interval: Interval) -> dict[str, float | None]:
    return {"value": finite(value), "low": finite(interval.low), "high": finite(interval.high)}

"""Bootstrap confidence intervals: slides are drawn again and again, with replacement.

Slides, never pixels: pixels of one slide are alike, slides are what a model will meet anew. The
interval holds the middle of the resampled metrics (percentile method; Efron and Tibshirani, 1993).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from hookpath.evaluation.class_metrics import finite

Values = npt.NDArray[np.float64]

#: How often the slides are drawn again.
RESAMPLES = 2000

#: Below this many slides there is no interval: of two, it would be the two figures themselves.
FEWEST_SLIDES = 3

LEVEL = 0.95


@dataclass(frozen=True)
class Interval:
    """A metric lies between `low` and `high` in the share `level` of the resamplings; NaN: none."""

    low: float
    high: float
    level: float = LEVEL

    def as_dict(self) -> dict[str, Any]:
        """Plain Python for JSON; undefined metrics are None."""
        return {"low": finite(self.low), "high": finite(self.high), "level": self.level}


NONE = Interval(float("nan"), float("nan"))


def resampled_slides(
    slides: int, resamples: int = RESAMPLES, seed: int = 0
) -> npt.NDArray[np.int64]:
    """``(resamples, slides)`` indices of slides; the same for the same numbers."""
    rng = np.random.default_rng(seed)
    return rng.integers(0, slides, (resamples, slides))


def mean_interval(
    values: npt.ArrayLike, level: float = LEVEL, resamples: int = RESAMPLES, seed: int = 0
) -> Interval:
    """Interval of the mean over slides, those without the metric (NaN) left out.

    Of paired differences it is the paired interval of the difference.

    Args:
        values: ``(slides,)``.
    """
    array = np.asarray(values, dtype=np.float64)
    kept = array[~np.isnan(array)]
    if kept.size < FEWEST_SLIDES:
        return NONE
    return _middle(kept[resampled_slides(kept.size, resamples, seed)].mean(axis=1), level)


def pooled_intervals(
    counts: npt.NDArray[Any],
    metrics: Callable[[npt.NDArray[Any]], Values],
    level: float = LEVEL,
    resamples: int = RESAMPLES,
    seed: int = 0,
) -> list[Interval]:
    """Intervals of metrics of all slides' counts together, the slides drawn again.

    Args:
        counts: ``(slides, …)`` whatever is counted, or summed, of each slide.
        metrics: ``(n, …)`` summed counts of n resamplings → ``(n, k)`` metrics.
    """
    if len(counts) < FEWEST_SLIDES:
        return [NONE] * metrics(counts.sum(axis=0, keepdims=True)).shape[1]
    found = metrics(resampled_sums(counts, resamples, seed))
    return [_middle(column, level) for column in found.T]


def resampled_sums(
    counts: npt.NDArray[Any], resamples: int = RESAMPLES, seed: int = 0
) -> npt.NDArray[Any]:
    """``(resamples, …)`` sums of the counts of the slides drawn."""
    resampled = resampled_slides(len(counts), resamples, seed)
    times = np.stack([np.bincount(row, minlength=len(counts)) for row in resampled])
    # Products of floats are many times as quick, and exact below 2⁵³ pixels.
    flat = times.astype(np.float64) @ counts.reshape(len(counts), -1).astype(np.float64)
    return flat.astype(counts.dtype).reshape(resamples, *counts.shape[1:])


def each(figure: Callable[[npt.NDArray[Any]], Sequence[float] | Values]) -> Callable[..., Any]:
    """A function of one sum of counts as one of many."""
    return lambda sums: np.array([figure(one) for one in sums], dtype=np.float64)


def _middle(values: Values, level: float) -> Interval:
    known = values[~np.isnan(values)]
    if not known.size:
        return NONE
    outside = 50 * (1 - level)
    low, high = np.percentile(known, [outside, 100 - outside])
    return Interval(float(low), float(high), level)

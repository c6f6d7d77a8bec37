"""Tukey's range test: which of several runs (or groups of slides) differ in their mean.

All pairs at once, corrected for their number; with unequal numbers of slides after
Tukey and Kramer. It takes every metric for independent and equally spread, so on the same slides
it sees less than a paired test does; H2G-Net's paper (section 3.3) compares its designs by it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any

import numpy as np
import numpy.typing as npt

from hookpath.evaluation.class_metrics import finite

Values = npt.NDArray[np.float64]


@dataclass(frozen=True)
class RangeTest:
    """One pair.

    Attributes:
        first, second: names; the difference is second − first.
        n_first, n_second: slides.
        difference: of the means.
        low, high: its simultaneous 95 % confidence interval.
        p: corrected for all pairs.
    """

    first: str
    second: str
    n_first: int
    n_second: int
    difference: float
    low: float
    high: float
    p: float

    def as_dict(self) -> dict[str, Any]:
        """Plain Python for JSON; undefined metrics are None."""
        numbers = {k: finite(v) if isinstance(v, float) else v for k, v in vars(self).items()}
        return {**numbers, "test": "Tukey's range test"}


def range_tests(names: Sequence[str], samples: Sequence[npt.ArrayLike]) -> list[RangeTest]:
    """Every pair of the samples that have at least two values; none if fewer than two have.

    Args:
        names: of the samples.
        samples: the metric of every slide of each; NaN values are left out.
    """
    kept = [(n, v[~np.isnan(v)]) for n, v in zip(names, map(_floats, samples), strict=True)]
    usable = [(name, values) for name, values in kept if values.size >= 2]
    if len(usable) < 2 or not any(np.ptp(values) > 0 for _, values in usable):
        return []
    return _tested(usable)


def _tested(usable: Sequence[tuple[str, Values]]) -> list[RangeTest]:
    from scipy import stats

    found: Any = stats.tukey_hsd(*(values for _, values in usable))
    bounds = found.confidence_interval(0.95)
    return [
        RangeTest(
            usable[i][0], usable[j][0], usable[i][1].size, usable[j][1].size,
            float(found.statistic[j, i]), float(bounds.low[j, i]), float(bounds.high[j, i]),
            float(found.pvalue[j, i]),
        )
        for i, j in combinations(range(len(usable)), 2)
    ]  # fmt: skip


def _floats(values: npt.ArrayLike) -> Values:
    return np.asarray(values, dtype=np.float64)

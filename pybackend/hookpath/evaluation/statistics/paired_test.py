"""Is one run better than another? A paired test over slides, and an honest "too few"."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import combinations
from typing import Any

import numpy as np
import numpy.typing as npt

from hookpath.evaluation.class_metrics import finite
from hookpath.evaluation.statistics.bootstrap import Interval, mean_interval
from hookpath.evaluation.statistics.multiple_testing import corrected

Values = npt.NDArray[np.float64]

#: Below this many differing slides not even the clearest outcome reaches p < 0.05.
FEWEST = 6

#: Up to here the distribution is counted out; beyond, it is normal for all purposes.
_COUNTED_OUT = 500


@dataclass(frozen=True)
class PairedTest:
    """Wilcoxon's signed-rank test of one metric of two runs on the same slides.

    Attributes:
        first, second: names of the runs; differences are second − first.
        n: slides on which the metric is defined for both.
        mean, std, median: of the differences; `std` NaN for fewer than two slides.
        better, worse, equal: slides on which the second is higher, lower, the same.
        interval: of the mean difference, slides resampled.
        p: two-sided, None where fewer than `FEWEST` slides differ.
        figure: what was compared: ``macro``, or a class.
        p_corrected: `p` after the correction for all that were tested together.
    """

    first: str
    second: str
    n: int
    mean: float
    std: float
    median: float
    better: int
    worse: int
    equal: int
    interval: Interval
    p: float | None
    figure: str = "macro"
    p_corrected: float | None = None

    @property
    def verdict(self) -> str:
        """One sentence that does not say more than the numbers do."""
        differing = self.better + self.worse
        if self.n == 0:
            return "No slide has a figure for both."
        if self.p is None or self.p_corrected is None:
            return (
                f"Too few slides to test: {differing} differ, at least {FEWEST} must "
                f"(with {differing} the smallest possible p is {min(1.0, 2 / 2**differing):.3g})."
            )
        if self.p_corrected >= 0.05:
            return "No difference is shown; that does not show that there is none."
        higher = self.second if self.mean > 0 else self.first
        return f"{higher} is higher."

    def as_dict(self) -> dict[str, Any]:
        """Plain Python for JSON; undefined metrics are None."""
        numbers = {k: finite(v) if isinstance(v, float) else v for k, v in vars(self).items()}
        return {
            **numbers,
            "interval": self.interval.as_dict(),
            "test": "Wilcoxon signed-rank, two-sided",
            "verdict": self.verdict,
        }


def paired_tests(
    names: Sequence[str],
    tables: Mapping[str, Values],
    correction: str = "holm",
    baseline: str | None = None,
) -> list[PairedTest]:
    """Every pair of runs, by every metric; all of them are corrected for together.

    Args:
        names: of the runs.
        tables: metric → ``(slides, runs)``, NaN where it is undefined.
        correction: one of `hookpath.evaluation.statistics.multiple_testing.CORRECTIONS`.
        baseline: only pairs with this run, which is then the first.
    """
    tests = [
        _test(figure, names[i], names[j], table[:, j] - table[:, i])
        for figure, table in tables.items()
        for i, j in _pairs(names, baseline)
    ]
    found = corrected([t.p for t in tests], correction)
    return [replace(t, p_corrected=p) for t, p in zip(tests, found, strict=True)]


def _pairs(names: Sequence[str], baseline: str | None) -> list[tuple[int, int]]:
    if baseline is None:
        return list(combinations(range(len(names)), 2))
    first = list(names).index(baseline)
    return [(first, i) for i in range(len(names)) if i != first]


def _test(figure: str, first: str, second: str, differences: Values) -> PairedTest:
    # What rounding alone tells apart is equal.
    known = np.round(differences[~np.isnan(differences)], 12)
    n, nan = int(known.size), float("nan")
    better, worse = int((known > 0).sum()), int((known < 0).sum())
    return PairedTest(
        first=first,
        second=second,
        n=n,
        mean=float(known.mean()) if n else nan,
        std=float(known.std(ddof=1)) if n > 1 else nan,
        median=float(np.median(known)) if n else nan,
        better=better,
        worse=worse,
        equal=n - better - worse,
        interval=mean_interval(known),
        figure=figure,
        p=signed_rank_p(known) if better + worse >= FEWEST else None,
    )


def signed_rank_p(differences: npt.ArrayLike) -> float:
    """Two-sided p of Wilcoxon's signed-rank test; differences of 0 are left out.

    Exact also with ties: all signs of the given ranks are counted out (for up to 500 differences;
    for more the normal approximation).
    """
    from scipy import stats

    values = np.asarray(differences, dtype=np.float64)
    values = values[values != 0]
    if values.size == 0:
        return 1.0
    if values.size > _COUNTED_OUT:
        return float(stats.wilcoxon(values, method="approx").pvalue)
    # Ties have half ranks: twice the rank is whole.
    ranks = np.rint(2 * stats.rankdata(np.abs(values))).astype(np.int64)
    share = np.array([1.0])
    for rank in ranks:
        share = (np.pad(share, (0, rank)) + np.pad(share, (rank, 0))) / 2
    positive = int(ranks[values > 0].sum())
    tail = min(share[: positive + 1].sum(), share[positive:].sum())
    return min(1.0, 2 * float(tail))

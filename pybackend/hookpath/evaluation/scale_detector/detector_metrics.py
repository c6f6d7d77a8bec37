"""What a scale detector answered, and every metric that follows from it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from types import MappingProxyType
from typing import Any, Self

import numpy as np
import numpy.typing as npt

from hookpath.confusion_metrics import balanced_accuracy, cohen_kappa, confusion, nearest
from hookpath.evaluation.class_metrics import Counts, finite
from hookpath.evaluation.statistics.bootstrap import Interval, each, pooled_intervals

Values = npt.NDArray[np.float64]

#: Every metric's name in tables (Marini et al. 2021, section 3.1.2); κ weighs as in training.
SCALE_TITLES = MappingProxyType(
    {
        "r2": "R²",
        "mse": "MSE",
        "balanced_accuracy": "balanced accuracy",
        "quadratic_kappa": "quadratic κ",
    }
)
SCALE_METRICS = tuple(SCALE_TITLES)

_NAN = float("nan")


@dataclass(frozen=True)
class ScaleMeasured:
    """What was counted of a slide's patches, or of several slides' together.

    Attributes:
        magnifications: ``(M,)`` the trained ones, ascending; patches were read at these.
        counts: ``(M, M)``: row = read at, column = the trained magnification nearest to the answer.
        errors: ``(M,)`` sums of squared errors.
        answers: ``(M,)`` sums of the answers.
    """

    magnifications: tuple[float, ...]
    counts: Counts
    errors: Values
    answers: Values

    @classmethod
    def of(cls, asked: Values, found: Values, magnifications: Sequence[float]) -> Self:
        """Count answers; `asked` are trained magnifications, `found` the detector's answers."""
        steps = tuple(magnifications)
        true, n = nearest(asked, steps), len(steps)
        squares = (found - asked) ** 2
        return cls(
            steps,
            confusion(true, nearest(found, steps), n),
            np.bincount(true - 1, squares, minlength=n).astype(np.float64),
            np.bincount(true - 1, found, minlength=n).astype(np.float64),
        )

    @classmethod
    def pooled(cls, parts: Sequence[ScaleMeasured]) -> Self:
        """All parts together."""
        sums = np.sum([p._flat for p in parts], axis=0)
        return cls._of_flat(parts[0].magnifications, sums)

    @property
    def _flat(self) -> Values:
        """All that is summed over slides, in one row."""
        return np.concatenate([self.counts.ravel().astype(float), self.errors, self.answers])

    @classmethod
    def _of_flat(cls, magnifications: tuple[float, ...], flat: Values) -> Self:
        n = len(magnifications)
        counts = flat[: n * n].reshape(n, n).astype(np.int64)
        return cls(magnifications, counts, flat[n * n : n * n + n], flat[n * n + n :])

    @property
    def patches(self) -> Counts:
        """``(M,)`` how many were read at each magnification."""
        return np.asarray(self.counts.sum(axis=1), dtype=np.int64)

    @cached_property
    def per_magnification(self) -> dict[str, Values]:
        """``(M,)`` mean answer, MSE and share nearest to the truth; NaN without patches."""
        n = np.where(self.patches > 0, self.patches, np.nan)
        return {
            "mean_answer": self.answers / n,
            "mse": self.errors / n,
            "nearest_right": np.diag(self.counts) / n,
        }

    def value(self, metric: str) -> float:
        """One of `SCALE_METRICS`; NaN where undefined."""
        if metric == "mse":
            return float(self.errors.sum() / self.patches.sum())
        if metric == "r2":
            return 1 - float(self.errors.sum()) / variation if (variation := self._spread) else _NAN
        if metric == "balanced_accuracy":
            return balanced_accuracy(self.counts)
        return cohen_kappa(self.counts, "quadratic")

    @property
    def _spread(self) -> float:
        """Squared deviations of the magnifications from their mean; 0 where they are all one."""
        if np.count_nonzero(self.patches) < 2:
            return 0.0
        steps = np.array(self.magnifications)
        mean = (self.patches * steps).sum() / self.patches.sum()
        return float((self.patches * (steps - mean) ** 2).sum())

    def metrics(self) -> dict[str, float | None]:
        """All of `SCALE_METRICS` for JSON; undefined ones are None."""
        return {metric: finite(self.value(metric)) for metric in SCALE_METRICS}

    def as_dict(self) -> dict[str, Any]:
        """Plain Python for JSON."""
        columns = {k: [finite(v) for v in row] for k, row in self.per_magnification.items()}
        return {
            **self.metrics(),
            "patches": self.patches.tolist(),
            "confusion": self.counts.tolist(),
            "by_magnification": columns,
        }


def scale_intervals(parts: Sequence[ScaleMeasured]) -> dict[str, Interval]:
    """Metric → 95 % bootstrap interval of its pooled metric, slides drawn again."""
    steps = parts[0].magnifications

    def metrics(flat: Any) -> list[float]:
        together = ScaleMeasured._of_flat(steps, flat)
        return [together.value(metric) for metric in SCALE_METRICS]

    found = pooled_intervals(np.stack([p._flat for p in parts]), each(metrics))
    return dict(zip(SCALE_METRICS, found, strict=True))

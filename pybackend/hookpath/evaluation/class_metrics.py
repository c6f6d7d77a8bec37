"""From confusion counts to metrics: F1/Dice, precision, recall, IoU, accuracy, and their means.

What counts: only pixels that somebody labelled. Their truth is a row; the prediction is a column,
and the last column ("none") holds labelled pixels for which nothing was predicted (for instance
outside the tissue mask). Such a pixel is a miss of its class: it lowers recall, F1, IoU and
accuracy, and is nobody's false alarm.

Undefined stays undefined (NaN, shown as "–"), never 0 or 1, and is left out of means:

* F1 and IoU of a class that neither truth nor prediction holds,
* precision of a class that was never predicted, recall of one that the truth does not hold.

Means go over the classes that were annotated, as in training
(`hookpath.confusion_metrics.macro_f1`). A class that was predicted but not annotated has F1 = 0, as
in scikit-learn, but enters no mean: with sparse truth, one wrong pixel of it would halve the macro
F1 of a slide. Such pixels lower the F1 of the class that they were taken from.

Classes of no interest (``Ignore*``, see `hookpath.annotations.classes`) have metrics of their own,
but enter no mean.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from hookpath.confusion_metrics import balanced_accuracy, cohen_kappa, confusion

Counts = npt.NDArray[np.int64]
Values = npt.NDArray[np.float64]

#: The per-class metrics, in the order in which tables show them. Dice equals F1 on pixels.
METRICS = ("f1", "precision", "recall", "iou")

#: The metrics of all classes together.
WHOLE_METRICS = ("accuracy", "balanced_accuracy", "kappa", "quadratic_kappa")


def confusion_matrix(
    truth: npt.ArrayLike, predicted: npt.ArrayLike, n_classes: int, n_truth: int | None = None
) -> Counts:
    """Count labelled pixels: rows = truth, columns = predicted class, last column = none.

    Args:
        truth: labels of any shape, 0 = ignore (never counted), 1…`n_truth`.
        predicted: labels of the same shape, 1…`n_classes`, 0 = not predicted.
        n_classes: classes that the model knows.
        n_truth: classes that the truth uses, the model's first; default: the same.

    Returns:
        ``(n_truth, n_classes + 1)`` int64.

    Raises:
        ValueError: shapes differ, or a label is out of range on a labelled pixel.
    """
    rows = n_classes if n_truth is None else n_truth
    none = max(rows, n_classes) + 1
    guess = np.asarray(predicted)
    known = np.asarray(truth) != 0
    if guess.shape == known.shape and np.any(guess[known] > n_classes):
        raise ValueError(f"the prediction has labels above {n_classes}")
    counts = confusion(truth, np.where(guess == 0, none, guess), none)
    columns = [*range(n_classes), none - 1]
    return counts[:rows, columns]


@dataclass(frozen=True)
class Scores:
    """Per-class metrics of one confusion matrix, each ``(C,)`` float64, NaN where undefined.

    `counted`: ``(C,)`` of each class whether it enters means; None: all do.
    """

    counts: Counts
    f1: Values
    precision: Values
    recall: Values
    iou: Values
    counted: tuple[bool, ...] | None = None

    @property
    def dice(self) -> Values:
        """The same as F1 when counted on pixels."""
        return self.f1

    @property
    def support(self) -> Counts:
        """Labelled pixels of every class."""
        return np.asarray(self.counts.sum(axis=1))

    @property
    def balanced_accuracy(self) -> float:
        """Mean recall over the annotated classes: `accuracy` with classes of equal weight."""
        return balanced_accuracy(self.counts, self.counted)

    @property
    def kappa(self) -> float:
        """Cohen's κ; "not predicted" disagrees with every class."""
        return cohen_kappa(_square(self.counts))

    @property
    def quadratic_kappa(self) -> float:
        """Cohen's κ with quadratic weights, for classes whose order is a scale (grades).

        "Not predicted" has no place on a scale: such pixels are left out of this metric.
        """
        return cohen_kappa(self.counts[:, : len(self.counts)], weights="quadratic")

    @property
    def accuracy(self) -> float:
        """Share of labelled pixels that are right; NaN without any."""
        total = self.counts.sum()
        return float(np.trace(self.counts) / total) if total else float("nan")

    def of(self, metric: str) -> Values:
        """One of `METRICS` by name."""
        return np.asarray(getattr(self, metric))

    def annotated(self, metric: str = "f1") -> Values:
        """One of `METRICS`, NaN for classes without a labelled pixel."""
        return np.where(self.support > 0, self.of(metric), np.nan)

    def macro(self, metric: str = "f1") -> float:
        """Unweighted mean over the annotated classes; NaN if none is, or it is defined for none."""
        return mean_of(self.annotated(metric), self.counted)

    def as_dict(self, names: Sequence[str]) -> dict[str, Any]:
        """Plain Python for JSON; undefined metrics are None."""
        per_class = {
            name: {metric: finite(self.of(metric)[i]) for metric in METRICS}
            | {"dice": finite(self.dice[i]), "support": int(self.support[i])}
            for i, name in enumerate(names)
        }
        macro = {metric: finite(self.macro(metric)) for metric in METRICS}
        whole = {name: finite(getattr(self, name)) for name in WHOLE_METRICS}
        return {**whole, "macro": macro, "classes": per_class}


def scores(counts: npt.ArrayLike, counted: Sequence[bool] | None = None) -> Scores:
    """All metrics of one confusion matrix.

    Args:
        counts: ``(C, C)`` or ``(C, C + 1)`` pixel counts as `confusion_matrix` gives them.
        counted: of each class whether it enters means; None: all do.
    """
    matrix = np.asarray(counts, dtype=np.int64)
    n_classes = matrix.shape[0]
    if matrix.shape[1] not in (n_classes, n_classes + 1):
        raise ValueError(f"confusion counts of shape {matrix.shape} are not (C, C) or (C, C + 1)")
    which = None if counted is None else tuple(counted)
    return Scores(counts=matrix, counted=which, **per_class_metrics(matrix))


def per_class_metrics(counts: Counts) -> dict[str, Values]:
    """`METRICS` of every class, of one confusion matrix or of many at once.

    Args:
        counts: ``(…, C, C)`` or ``(…, C, C + 1)``.

    Returns:
        Metric → ``(…, C)``, NaN where undefined.
    """
    hit = np.diagonal(counts, axis1=-2, axis2=-1).astype(np.float64)
    truth, predicted = counts.sum(axis=-1), counts.sum(axis=-2)[..., : counts.shape[-2]]
    return {
        "f1": _ratio(2 * hit, truth + predicted),
        "precision": _ratio(hit, predicted),
        "recall": _ratio(hit, truth),
        "iou": _ratio(hit, truth + predicted - hit),
    }


def row_normalised(counts: npt.ArrayLike) -> Values:
    """Every row divided by its sum (share of that class's labelled pixels); NaN rows if empty."""
    matrix = np.asarray(counts, dtype=np.float64)
    return _ratio(matrix, np.broadcast_to(matrix.sum(axis=1, keepdims=True), matrix.shape))


@dataclass(frozen=True)
class Spread:
    """Mean and sample standard deviation (n − 1) of `n` slides where the metric is defined.

    `std` is NaN for fewer than two slides.
    """

    mean: float
    std: float
    n: int

    def as_dict(self) -> dict[str, Any]:
        """Plain Python for JSON; undefined metrics are None."""
        return {"mean": finite(self.mean), "std": finite(self.std), "n": self.n}


def spread(values: npt.ArrayLike) -> Spread:
    """Mean ± standard deviation over slides, NaN values left out."""
    array = np.asarray(values, dtype=np.float64)
    kept = array[~np.isnan(array)]
    std = float(kept.std(ddof=1)) if kept.size > 1 else float("nan")
    return Spread(nanmean(kept), std, int(kept.size))


def nanmean(values: npt.ArrayLike) -> float:
    """Mean of the defined values; NaN when there is none."""
    array = np.asarray(values, dtype=np.float64)
    kept = array[~np.isnan(array)]
    return float(kept.mean()) if kept.size else float("nan")


def mean_of(values: Values, counted: Sequence[bool] | None) -> float:
    """Mean of the defined values of the classes that are counted; NaN when there is none."""
    return nanmean(values if counted is None else values[np.asarray(counted, bool)])


def finite(value: float) -> float | None:
    """The number as JSON can hold it: NaN becomes None."""
    return None if np.isnan(value) else float(value)


def _square(matrix: Counts) -> Counts:
    """``(C, C + 1)`` counts as a square matrix: "none" as a class that the truth never holds."""
    missing = matrix.shape[1] - matrix.shape[0]
    return np.pad(matrix, ((0, missing), (0, 0)))[:, : matrix.shape[1]]


def _ratio(top: npt.NDArray[Any], bottom: npt.NDArray[Any]) -> Values:
    share: Values = np.divide(top, bottom, out=np.full(top.shape, np.nan), where=bottom > 0)
    return share

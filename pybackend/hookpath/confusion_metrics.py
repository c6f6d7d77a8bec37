"""Confusion counts and what follows from them, in plain NumPy.

Shared by training (validation) and evaluation; imports no room. Labels are those of
`hookpath.annotations.ClassTable`: 0 is ignore, class ``i`` (0-based) is label ``i + 1``.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import numpy as np
import numpy.typing as npt

Counts = npt.NDArray[np.int64]
"""``(C, C)`` int64 pixel counts; row = truth, column = prediction, both 0-based classes."""


def confusion(truth: npt.ArrayLike, predicted: npt.ArrayLike, n_classes: int) -> Counts:
    """Count the labelled pixels of one map.

    Args:
        truth: label map of any shape, 0 = ignore, 1…C.
        predicted: label map of the same shape, 1…C wherever `truth` is labelled.
        n_classes: C.

    Raises:
        ValueError: shapes differ, or a label is outside 1…C where it counts.
    """
    true = np.asarray(truth)
    guess = np.asarray(predicted)
    if true.shape != guess.shape:
        raise ValueError(f"truth is {true.shape} but the prediction {guess.shape}")
    known = true != 0
    t = true[known].astype(np.int64) - 1
    p = guess[known].astype(np.int64) - 1
    for name, values in (("truth", t), ("prediction", p)):
        if values.size and not (values.min() >= 0 and values.max() < n_classes):
            raise ValueError(f"{name} has labels outside 1…{n_classes} on labelled pixels")
    flat = np.bincount(t * n_classes + p, minlength=n_classes * n_classes)
    return flat.reshape(n_classes, n_classes)


def nearest(values: npt.ArrayLike, steps: npt.ArrayLike) -> npt.NDArray[np.int64]:
    """Labels 1…n of the step nearest to each value (the first of two as near), shape ``(N,)``."""
    apart = np.abs(np.asarray(values, np.float64).reshape(-1, 1) - np.asarray(steps, np.float64))
    return np.asarray(apart.argmin(axis=1) + 1, dtype=np.int64)


def f1_per_class(counts: npt.ArrayLike) -> npt.NDArray[np.float64]:
    """``2·TP / (2·TP + FP + FN)`` of every class, shape (C,).

    NaN for a class that neither the truth nor the prediction holds: it was not asked about.
    """
    matrix = np.asarray(counts, dtype=np.float64)
    hit = np.diag(matrix)
    total = matrix.sum(axis=0) + matrix.sum(axis=1)
    f1 = np.full(hit.shape, np.nan)
    np.divide(2 * hit, total, out=f1, where=total > 0)
    return f1


def macro_f1(counts: npt.ArrayLike, counted: Sequence[bool] | None = None) -> float:
    """Mean F1 over the classes that the truth holds; NaN when it holds none.

    A class without truth pixels cannot be found, only missed: it is left out of the mean, while
    its wrongly predicted pixels still lower the F1 of the classes they were taken from.

    Args:
        counted: (C,) of each class whether it enters the mean (classes of no interest do not);
            None: all do.
    """
    matrix = np.asarray(counts)
    present = matrix.sum(axis=1) > 0
    if counted is not None:
        present &= np.asarray(counted, bool)
    if not present.any():
        return float("nan")
    return float(f1_per_class(matrix)[present].mean())


def balanced_accuracy(counts: npt.ArrayLike, counted: Sequence[bool] | None = None) -> float:
    """Mean recall over the classes that the truth holds; NaN when it holds none.

    Args:
        counts: ``(C, C)``, or ``(C, C + 1)`` with "not predicted" last.
        counted: as for `macro_f1`.
    """
    matrix = np.asarray(counts, dtype=np.float64)
    annotated = matrix.sum(axis=1)
    present = annotated > 0
    if counted is not None:
        present &= np.asarray(counted, bool)
    if not present.any():
        return float("nan")
    return float((np.diag(matrix)[present] / annotated[present]).mean())


def cohen_kappa(
    counts: npt.ArrayLike, weights: Literal["linear", "quadratic"] | None = None
) -> float:
    """Cohen's κ, agreement beyond chance: 1 − observed / expected disagreement.

    Args:
        counts: ``(C, C)``.
        weights: how much a confusion of classes i and j weighs, their order being a scale (of
            grades): |i − j| or its square; None: all the same.

    Returns:
        κ ≤ 1; NaN without counts, and where truth and prediction are one and the same class.
    """
    matrix = np.asarray(counts, dtype=np.float64)
    total = matrix.sum()
    apart = np.abs(np.subtract.outer(np.arange(len(matrix)), np.arange(len(matrix))))
    weight = {None: apart > 0, "linear": apart, "quadratic": apart**2}[weights]
    expected = np.outer(matrix.sum(axis=1), matrix.sum(axis=0)) * weight
    if total == 0 or not expected.any():
        return float("nan")
    return float(1 - (weight * matrix).sum() * total / expected.sum())


def mean_squared_error(truth: npt.ArrayLike, predicted: npt.ArrayLike) -> float:
    """Mean of the squared differences; NaN without values."""
    true, guess = _pair(truth, predicted)
    return float(((true - guess) ** 2).mean()) if true.size else float("nan")


def r_squared(truth: npt.ArrayLike, predicted: npt.ArrayLike) -> float:
    """Coefficient of determination R², 1 − squared errors / squared deviations from the mean.

    1 is perfect, 0 as good as always saying the mean, below 0 worse than that; NaN where all true
    values are the same (or there are none).
    """
    true, guess = _pair(truth, predicted)
    if not true.size or np.ptp(true) == 0:
        return float("nan")
    return float(1 - ((true - guess) ** 2).sum() / ((true - true.mean()) ** 2).sum())


def _pair(
    truth: npt.ArrayLike, predicted: npt.ArrayLike
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    true, guess = (np.asarray(v, dtype=np.float64).ravel() for v in (truth, predicted))
    if true.size != guess.size:
        raise ValueError(f"{true.size} true values but {guess.size} predicted ones")
    return true, guess

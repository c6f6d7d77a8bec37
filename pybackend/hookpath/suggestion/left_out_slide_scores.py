"""How well views tell the classes apart on slides that were left out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
import torch

from hookpath.annotations import is_of_interest
from hookpath.confusion_metrics import f1_per_class
from hookpath.probing.head_fitting import Table, fit_table
from hookpath.suggestion.resolution_candidates import Views

#: Least share of a class's cells on a slide for its F1 there to say something.
_LEAST_CELLS = 10


@dataclass(frozen=True)
class Judged:
    """What the folds left out say of views.

    Attributes:
        views: which.
        macro_f1: mean over the classes of interest, as if all had been annotated equally much.
        by_class: F1 of each; NaN where nothing could be left out.
        by_fold: macro F1 on each fold alone.
    """

    views: Views
    macro_f1: float
    by_class: Mapping[str, float]
    by_fold: Mapping[int, float]

    @property
    def error(self) -> float:
        """Standard error of the mean over folds; NaN for fewer than two."""
        values = np.array(list(self.by_fold.values()))
        return float(values.std(ddof=1) / len(values) ** 0.5) if len(values) > 1 else float("nan")


def judge(
    table: Table,
    views: Views,
    columns: npt.NDArray[np.bool_],
    names: Sequence[str],
    penalties: Sequence[float],
) -> Judged | None:
    """Fit heads on the views' features without each fold in turn, and score that fold.

    Args:
        table: cells with the features of all views.
        columns: ``(F,)`` which of them these views have.
        names: of the classes, in channel order.

    Returns:
        None where no fold can be left out (a class would be gone).
    """
    kept = torch.from_numpy(columns)
    material = replace(table.material, features=table.material.features[:, kept].contiguous())
    part = replace(table, material=material, mean=table.mean[kept], std=table.std[kept])
    fitted = fit_table(part, penalties, hidden=0, seed=0)
    if fitted.held_out is None:
        return None
    scores, known = fitted.held_out
    found = scores.argmax(dim=1).numpy()[known]
    truth = table.material.labels.numpy()[known]
    folds = table.folds.numpy()[known]
    f1 = _balanced_f1(truth, found, len(names))
    counted = np.array([is_of_interest(name) for name in names])
    by_fold = {
        int(fold): _macro(truth[folds == fold], found[folds == fold], counted)
        for fold in np.unique(folds)
    }
    return Judged(
        views=views,
        macro_f1=float(np.nanmean(f1[counted])),
        by_class=dict(zip(names, map(float, f1), strict=True)),
        by_fold={fold: value for fold, value in by_fold.items() if value == value},
    )


def _balanced_f1(
    truth: npt.NDArray[np.int64], found: npt.NDArray[np.int64], n: int
) -> npt.NDArray[np.float64]:
    """``(n,)`` F1 of the classes that `truth` holds, each weighing the same; NaN for the others."""
    counts = np.zeros((n, n))
    np.add.at(counts, (truth, found), 1)
    annotated = counts.sum(axis=1, keepdims=True)
    f1 = f1_per_class(np.divide(counts, annotated, out=np.zeros_like(counts), where=annotated > 0))
    return np.where(annotated[:, 0] > 0, f1, np.nan)


def _macro(
    truth: npt.NDArray[np.int64], found: npt.NDArray[np.int64], counted: npt.NDArray[np.bool_]
) -> float:
    """Macro F1 over the classes with enough cells here; NaN for fewer than two of them.

    Args:
        counted: ``(n,)`` of each class whether it enters means.
    """
    enough = np.bincount(truth, minlength=len(counted)) >= _LEAST_CELLS
    if enough.sum() < 2 or not (enough & counted).any():
        return float("nan")
    f1 = _balanced_f1(truth, found, len(counted))
    return float(np.nanmean(f1[enough & counted]))

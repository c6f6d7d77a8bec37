"""What a network is trained for and judged by: one kind for each of `Network.scores`.

A new kind of output needs a `Goal` here and a line in `goal_of`; the loop, the checkpoints, the
report and the command line know no other difference between the kinds.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, Protocol

import numpy as np
from torch import Tensor

from hookpath.annotations import is_of_interest
from hookpath.confusion_metrics import (
    Counts,
    balanced_accuracy,
    cohen_kappa,
    confusion,
    f1_per_class,
    macro_f1,
    mean_squared_error,
    nearest,
    r_squared,
)
from hookpath.models import Network
from hookpath.training.losses.head_losses import HeadLoss, absolute_error, sparse_cross_entropy


@dataclass(frozen=True)
class Validation:
    """How good the network is on the validation slides.

    Attributes:
        loss: mean loss per batch.
        score: what the kept weights are the best of; higher is better.
        metrics: columns of ``metrics.csv``; NaN where nothing can be said.
        card: ``metrics`` of ``model.json``, JSON-ready.
        known: labelled pixels (patches, magnifications) that it was judged by.
    """

    loss: float
    score: float
    metrics: Mapping[str, float]
    card: Mapping[str, Any]
    known: int


class Judge(Protocol):
    """Compares outputs with what is known, batch by batch."""

    def add(self, output: Tensor, target: Tensor) -> None:
        """Take up the first head's output ``(N, C, h, w)`` and its target ``(N, h, w)``."""
        ...

    def verdict(self, loss: float) -> Validation:
        """The metrics of all that was added."""
        ...


class Goal(Protocol):
    """Loss, metrics and score of one kind of output.

    Attributes:
        name: the score as a person reads it: ``macro F1``.
        column: the score's column in ``metrics.csv``: ``f1``.
        columns: all columns that a `Validation` fills, in order.
        head_loss: of one head, by which runs are compared whatever they minimise.
    """

    name: str
    column: str
    columns: Sequence[str]
    head_loss: HeadLoss

    def judge(self) -> Judge:
        """A new judge, for one validation."""
        ...


def goal_of(model: Network, class_names: Sequence[str]) -> Goal:
    """What a network is trained for, by what its output stands for."""
    if model.scores == "magnification":
        return MagnificationGoal(tuple(getattr(model, "magnifications", ())))
    return ClassGoal(tuple(class_names), agreement=model.scores == "patches")


class ClassGoal:
    """Classes of pixels or of patches: cross-entropy, macro F1.

    Args:
        names: classes in channel order.
        agreement: add Cohen's κ and balanced accuracy, by which patch classifiers are compared
            (Marini et al. 2021, section 3.1.3).
    """

    name, column = "macro F1", "f1"
    head_loss: HeadLoss = staticmethod(sparse_cross_entropy)

    def __init__(self, names: Sequence[str], agreement: bool) -> None:
        self.names, self.agreement = names, agreement
        #: Of each class whether it enters means.
        self.counted = [is_of_interest(name) for name in names]
        extra = ("kappa", "balanced_accuracy") if agreement else ()
        self.columns: Sequence[str] = ("f1", *(f"f1:{name}" for name in names), *extra)

    def judge(self) -> Judge:
        return _ClassJudge(self)


class _ClassJudge:
    def __init__(self, goal: ClassGoal) -> None:
        self._goal = goal
        n = len(goal.names)
        self._counts: Counts = np.zeros((n, n), dtype=np.int64)

    def add(self, output: Tensor, target: Tensor) -> None:
        predicted = output.argmax(dim=1).add_(1).cpu().numpy()
        self._counts += confusion(target.cpu().numpy(), predicted, len(self._counts))

    def verdict(self, loss: float) -> Validation:
        counts, names = self._counts, self._goal.names
        of_class = dict(zip(names, map(float, f1_per_class(counts)), strict=True))
        found = {
            "f1": macro_f1(counts, self._goal.counted),
            **{f"f1:{n}": value for n, value in of_class.items()},
        }
        card = {
            "validation_macro_f1": found["f1"],
            "validation_f1": {n: _or_none(value) for n, value in of_class.items()},
            "validation_confusion": counts.tolist(),
        }
        if self._goal.agreement:
            agreement = _agreement(counts, counted=self._goal.counted)
            found |= agreement
            card |= {f"validation_{k}": _or_none(value) for k, value in agreement.items()}
        return Validation(loss, found["f1"], found, card, int(counts.sum()))


class MagnificationGoal:
    """Magnification: absolute error, R²; classes are the nearest of the trained magnifications.

    The metrics are those of the scale detector (Marini et al. 2021, section 3.1.2). Its κ weighs a
    confusion by the squared distance of the two (only so do the printed κ and balanced accuracy go
    together).

    Args:
        magnifications: the trained ones, ascending; κ and balanced accuracy need them.
    """

    name, column = "R²", "r2"
    head_loss: HeadLoss = staticmethod(absolute_error)

    def __init__(self, magnifications: Sequence[float] = ()) -> None:
        self.magnifications = magnifications
        extra = ("kappa", "balanced_accuracy") if magnifications else ()
        self.columns: Sequence[str] = ("r2", "mse", *extra)

    def judge(self) -> Judge:
        return _MagnificationJudge(self)


class _MagnificationJudge:
    def __init__(self, goal: MagnificationGoal) -> None:
        self._goal = goal
        self._truth: list[float] = []
        self._found: list[float] = []

    def add(self, output: Tensor, target: Tensor) -> None:
        known = target != 0
        self._truth += target[known].double().tolist()
        self._found += output[:, 0][known].double().tolist()

    def verdict(self, loss: float) -> Validation:
        truth, found = np.array(self._truth), np.array(self._found)
        metrics = {"r2": r_squared(truth, found), "mse": mean_squared_error(truth, found)}
        if self._goal.magnifications:
            metrics |= _agreement(self._nearest(truth, found), "quadratic")
        card = {f"validation_{k}": _or_none(value) for k, value in metrics.items()}
        score = metrics["r2"] if metrics["r2"] == metrics["r2"] else -metrics["mse"]
        return Validation(loss, score, metrics, card, len(truth))

    def _nearest(self, truth: Any, found: Any) -> Counts:
        """Both as the nearest trained magnification."""
        steps = self._goal.magnifications
        return confusion(nearest(truth, steps), nearest(found, steps), len(steps))


def _agreement(
    counts: Counts,
    weights: Literal["quadratic"] | None = None,
    counted: Sequence[bool] | None = None,
) -> dict[str, float]:
    return {
        "kappa": cohen_kappa(counts, weights),
        "balanced_accuracy": balanced_accuracy(counts, counted),
    }


def _or_none(value: float) -> float | None:
    return value if value == value else None

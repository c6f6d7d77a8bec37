"""From cells to a head: balance, strength of the penalty, temperature, and how good it is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from hookpath.models.linear_probe import ProbeHead
from hookpath.probing.cross_fitting import Folds
from hookpath.probing.feature_heads import (
    LabelledFeatures,
    Weights,
    best_temperature,
    fit_head,
    log_loss,
    starting,
)
from hookpath.probing.labelled_samples import Places

#: A cell of a rare class counts at most this many times as much as one on average.
_MOST_WEIGHT = 20.0
#: Features that hardly vary would make much of nothing: least deviation, as a share of the median.
_LEAST_STD = 0.05


@dataclass(frozen=True)
class Table:
    """All cells of all slides and copies, and where each comes from.

    Attributes:
        material: what is learned from.
        mean, std: ``(F,)`` that the features were standardised by.
        plain: ``(N,)`` bool: as the slide is, not in other colours.
        folds: ``(N,)`` int64.
    """

    material: LabelledFeatures
    mean: Tensor
    std: Tensor
    plain: Tensor
    folds: Tensor


@dataclass(frozen=True)
class FittedHead:
    """A head, and what the folds left out say of it.

    Attributes:
        weights: scores already divided by `temperature`.
        l2: the coefficient that was chosen.
        held_out: ``(N, C)`` scores of the cells by heads that had not seen their fold, and ``(N,)``
            which cells there are any for; None where nothing could be left out.
    """

    weights: Weights
    mean: Tensor
    std: Tensor
    l2: float
    temperature: float
    loss: float
    held_out: tuple[Tensor, Tensor] | None

    def scores(self, features: Tensor) -> Tensor:
        """``(N, F)`` features as they are → ``(N, C)``."""
        return self.weights.scores((features - self.mean) / self.std)

    def put_into(self, head: ProbeHead) -> None:
        """Make it a network's."""
        with torch.no_grad():
            head.mean.copy_(self.mean)
            head.std.copy_(self.std)
        self.weights.put_into(head)


def table_of(places: Sequence[Places], folds: Folds, n_classes: int) -> Table:
    """All places as one table, each class and (within it) each slide counting the same."""
    copies = places[0].vectors.shape[0]
    features = torch.from_numpy(np.concatenate([p.vectors for p in places], axis=1)).float()
    features = features.flatten(0, 1)
    labels = np.concatenate([p.labels for p in places]).astype(np.int64) - 1
    slides = np.repeat(np.arange(len(places)), [len(p.labels) for p in places])
    weights = np.tile(balanced(labels, slides), copies) / copies
    mean, std = features.mean(0), features.std(0, unbiased=False)
    std = std.clamp(min=_LEAST_STD * float(std.median()) or 1.0)
    material = LabelledFeatures(
        (features - mean) / std,
        torch.from_numpy(np.tile(labels, copies)),
        torch.from_numpy(weights).float(),
        n_classes,
    )
    plain = torch.arange(len(features)) < len(labels)
    return Table(material, mean, std, plain, torch.from_numpy(np.tile(folds, copies)))


def balanced(labels: np.ndarray, slides: np.ndarray) -> np.ndarray:
    """``(N,)`` weights that add up to 1: every class the same, in it every slide the same.

    A few cells never count for more than `_MOST_WEIGHT` times their number.
    """
    groups, index, counts = np.unique(
        np.stack([labels, slides]), axis=1, return_inverse=True, return_counts=True
    )
    index = index.ravel()
    _, of_class, slides_with = np.unique(groups[0], return_inverse=True, return_counts=True)
    share = 1 / (len(slides_with) * slides_with[of_class] * counts)
    share = np.minimum(share, _MOST_WEIGHT / len(labels))
    weights = share[index]
    return np.asarray(weights / weights.sum())


def fit_table(
    table: Table,
    candidates: Sequence[float],
    hidden: int,
    seed: int,
    known: tuple[float, float] | None = None,
) -> FittedHead:
    """Choose the penalty by what folds say that are left out, then learn from all cells.

    Args:
        candidates: coefficients of the penalty.
        hidden: units of the hidden layer; 0: none.
        seed: of where a hidden layer starts.
        known: penalty and temperature, chosen before; then nothing is left out.
    """
    start = starting(table.material, hidden, seed)
    tried = sorted(candidates, reverse=True)
    found = None if known else _best(table, tried, start)
    if found is not None:
        known = found.l2, found.temperature
    l2, temperature = known or (tried[len(tried) // 2], 1.0)
    weights = fit_head(table.material, l2, start).cooler(temperature)
    return FittedHead(
        weights=weights,
        mean=table.mean,
        std=table.std,
        l2=l2,
        temperature=temperature,
        loss=log_loss(weights.scores(table.material.features), table.material),
        held_out=None if found is None else (found.scores / temperature, found.known),
    )


@dataclass(frozen=True)
class _Tried:
    """A penalty, and what heads fitted with it say of the cells left out."""

    loss: float
    l2: float
    temperature: float
    scores: Tensor
    known: Tensor


def _best(table: Table, tried: Sequence[float], start: Weights) -> _Tried | None:
    """The penalty of the least log loss at its best temperature; None: nothing can be left out."""
    best: _Tried | None = None
    for l2 in tried:
        scores, known = _held_out(table, l2, start)
        if not bool(known.any()):
            return None
        judged = table.material.only(known)
        temperature = best_temperature(scores[known], judged)
        loss = log_loss(scores[known] / temperature, judged)
        if best is None or loss < best.loss:
            best = _Tried(loss, l2, temperature, scores, known)
    return best


def _held_out(table: Table, l2: float, start: Weights) -> tuple[Tensor, Tensor]:
    """``(N, C)`` scores by heads fitted without a cell's fold; ``(N,)`` where there are any.

    Without its fold a class may be unknown: such folds cannot be left out.
    """
    material = table.material
    scores = torch.zeros(len(material.labels), material.n_classes)
    known = torch.zeros(len(material.labels), dtype=torch.bool)
    for fold in set(table.folds.tolist()):
        rest, out = table.folds != fold, (table.folds == fold) & table.plain
        if len(set(material.labels[rest].tolist())) < len(set(material.labels.tolist())):
            continue
        weights = fit_head(material.only(rest), l2, start)
        scores[out] = weights.scores(material.features[out])
        known |= out
    return scores, known

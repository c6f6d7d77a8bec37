"""Losses of class scores, over labelled pixels only: cross-entropy, focal loss, Dice.

Each takes, besides scores and labels, what every pixel counts (`losses.even_weights`, `by_class`);
an unlabelled pixel has no weight, so it never enters.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor
from torch.nn import functional

from hookpath.annotations import IGNORE
from hookpath.errors import UsageError
from hookpath.training.losses.head_losses import Total, Weigher, even_weights, own
from hookpath.training.training_config import LossKind

#: No class is taken for rarer than this share of all pixels when weights balance what was seen.
_RAREST = 0.01


@dataclass(frozen=True)
class ClassLoss:
    """The loss of one head's class scores (a `losses.HeadLoss`).

    Attributes:
        kind: ``ce``: cross-entropy; ``ce+dice``: that plus the soft Dice loss; ``focal``: every
            pixel's cross-entropy times (1 − p)^γ (Lin et al. 2017, equation 4; p: what the
            label's own class got).
        smoothing: share of each label that is spread over all classes (Szegedy et al. 2016,
            section 7), in the cross-entropy part.
        gamma: γ of ``focal``.
    """

    kind: LossKind = "ce"
    smoothing: float = 0.0
    gamma: float = 2.0

    @property
    def adds_up(self) -> bool:
        """Whether the losses of a batch's parts sum to that of the batch."""
        return self.kind != "ce+dice"

    def __call__(self, logits: Tensor, labels: Tensor, weights: Tensor | None = None) -> Tensor:
        """The loss, a scalar float32 that always has a gradient path to `logits`.

        Args:
            logits: ``(N, C, H, W)``, any float type (computed in float32).
            labels: ``(N, H, W)`` int64; 0 = ignore, label ``c + 1`` is channel ``c``.
            weights: ``(N, H, W)``, 0 where nothing is known; None: all labelled pixels alike.
        """
        weights = even_weights(labels) if weights is None else weights
        each = functional.cross_entropy(
            logits.float(),
            labels - 1,
            ignore_index=IGNORE - 1,
            reduction="none",
            label_smoothing=self.smoothing,
        )
        if self.kind == "focal":
            each = each * (1 - _of_label(logits, labels)).pow(self.gamma)
        loss = (each * weights).sum()
        return loss + dice_loss(logits, labels, weights) if self.kind == "ce+dice" else loss


def _of_label(logits: Tensor, labels: Tensor) -> Tensor:
    """``(N, H, W)``: the probability of each pixel's own class (of an unlabelled one: any)."""
    index = (labels - 1).clamp(min=0)[:, None]
    return logits.float().softmax(dim=1).gather(1, index)[:, 0]


def dice_loss(logits: Tensor, labels: Tensor, weights: Tensor) -> Tensor:
    """1 − the mean soft Dice of the classes that a batch holds.

    As Milletari et al. 2016, section 3, but for their squares in the denominator.
    Sums run over the whole batch, since a patch with sparse labels often holds one class only:
    Dice of class c is 2·Σwpy / (Σwp + Σwy), with probabilities p, labels y (0 or 1) and weights w.

    Args:
        logits, labels, weights: as in `ClassLoss`.

    Returns:
        Scalar float32 in [0, 1]; 0 where nothing is labelled.
    """
    classes = logits.shape[1]
    p = logits.float().softmax(dim=1)
    y = functional.one_hot(labels, classes + 1)[..., 1:].movedim(-1, 1).float()
    w = weights[:, None]
    over = (0, 2, 3)
    both, found, there = (x.sum(dim=over) for x in (w * p * y, w * p, w * y))
    held = (there > 0).float()
    dice = 2 * both / (found + there).clamp(min=1e-12)
    return (held * (1 - dice)).sum() / held.sum().clamp(min=1)


ClassWeights = Callable[[], Sequence[float]]
"""What a pixel of each class counts, in channel order, for the batch at hand."""


def by_class(weigh: Weigher, weights: ClassWeights, total: Total = own) -> Weigher:
    """Multiply what `weigh` says by a weight for each class; the batch's sums stay as they were."""

    def weighed(images: Sequence[Tensor], targets: Sequence[Tensor]) -> list[Tensor]:
        table = torch.tensor([0.0, *weights()], dtype=torch.float32)
        return [
            _rescaled(before * table.to(before.device)[target], total(before.sum()), total)
            for before, target in zip(weigh(images, targets), targets, strict=True)
        ]

    return weighed


def _rescaled(weights: Tensor, wanted: Tensor, total: Total) -> Tensor:
    return weights * (wanted / total(weights.sum()).clamp(min=1e-12))


def balanced(pixels: npt.NDArray[np.int64]) -> list[float]:
    """Weights that go with one over each class's share of the pixels seen so far.

    A class that is rarer than one in a hundred counts as one in a hundred: a few stray pixels must
    not outweigh all others.

    Args:
        pixels: ``(C,)`` labelled pixels of each class.
    """
    shares = pixels / max(1, int(pixels.sum()))
    return [1 / (len(pixels) * max(float(share), _RAREST)) for share in shares]


def given(weights: Mapping[str, float], names: Sequence[str]) -> list[float]:
    """Weights by class name in channel order; a class that is not named counts 1.

    Raises:
        UsageError: a name is no class.
    """
    for name in weights:
        if name not in names:
            raise UsageError(f"class_weights: {name!r} is no class; there are: {', '.join(names)}")
    return [float(weights.get(name, 1.0)) for name in names]

"""The optimiser, and which weights decay."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor

from hookpath.training.optimization.learning_rate import FACTOR

if TYPE_CHECKING:
    from hookpath.models import Network
    from hookpath.training.training_config import TrainConfig


def make_optimizer(model: Network, config: TrainConfig) -> torch.optim.Optimizer:
    """Adam with L2 on convolution kernels only (HookNet's paper, section 3.6), or AdamW.

    The authors' Keras regulariser adds ``l2·Σw²`` to the loss, whose gradient is ``2·l2·w``;
    torch's Adam adds ``weight_decay·w`` to the gradient. Hence the factor 2. The reported loss
    is without it. Pretrained kernels have no such L2, which would pull them away from what was
    learned elsewhere; AdamW's decay, which they were mostly trained with, is for all kernels and
    matrices.

    Pretrained parts are groups of their own, after all others.
    """
    pretrained = {id(p) for e in model.encoder_modules() for p in e.parameters()}
    own = [p for p in model.parameters() if id(p) not in pretrained]
    others = [p for p in model.parameters() if id(p) in pretrained]
    factor = config.finetune.encoder_rate
    if config.optimizer == "adamw":
        decay = config.weight_decay
        groups = [
            *_by_decay(own, _wide(own), decay),
            *_by_decay(others, _wide(others), decay, factor),
        ]
        return torch.optim.AdamW(groups, lr=config.learning_rate)
    l2 = [p for p in model.l2_parameters() if id(p) not in pretrained]
    groups = _by_decay(own, l2, 2 * config.l2) + _by_decay(others, [], 0.0, factor)
    # Otsu has no weights, and torch takes an empty group but not none at all.
    return torch.optim.Adam(groups or [{"params": []}], lr=config.learning_rate)


def _wide(parameters: Iterable[Tensor]) -> list[Tensor]:
    """Kernels and matrices; no biases, no scales and shifts of normalisations."""
    return [p for p in parameters if p.ndim > 1]


def _by_decay(
    parameters: Sequence[Tensor], decayed: Sequence[Tensor], decay: float, factor: float = 1.0
) -> list[dict[str, Any]]:
    """Two groups, with decay and without; none where there are no parameters."""
    if not parameters:
        return []
    inside = {id(p) for p in decayed}
    free = [p for p in parameters if id(p) not in inside]
    return [
        {"params": list(decayed), "weight_decay": decay, FACTOR: factor},
        {"params": free, "weight_decay": 0.0, FACTOR: factor},
    ]

"""Learning rate and optimiser."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor

if TYPE_CHECKING:
    from hookpath.models import Network
    from hookpath.training.config import TrainConfig


#: Of a parameter group: its rate is this part of the run's.
FACTOR = "rate_factor"


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


def set_rates(optimizer: torch.optim.Optimizer, config: TrainConfig, place: float) -> None:
    """Give every group its rate for a step; those of pretrained parts warm up once they move."""
    rate = learning_rate(config, place)
    for group in optimizer.param_groups:
        factor = group.get(FACTOR, 1.0)  # a checkpoint of version 0.1 has none
        group["lr"] = rate * factor * (1.0 if factor == 1 else _thawed(config, place))


def _thawed(config: TrainConfig, place: float) -> float:
    """How far pretrained parts have come into motion: they rise as slowly as the run began."""
    total = config.epochs * config.steps_per_epoch
    first = config.finetune.freeze_encoder * total
    rising = round(config.warmup * total)
    return 1.0 if first == 0 else min(1.0, (max(0.0, place - first) + 1) / (rising + 1))


def learning_rate(config: TrainConfig, place: float) -> float:
    """The rate at a place of the schedule (`plan.Plan.place`; the step, from 0, of a whole run).

    Linear warm-up, then constant or a half cosine to 1 %. A pure function, so there is no
    scheduler state to save.
    """
    total = config.epochs * config.steps_per_epoch
    rising = round(config.warmup * total)
    if place < rising:
        return config.learning_rate * (place + 1) / (rising + 1)
    if config.schedule == "constant":
        return config.learning_rate
    done = min(1.0, (place - rising) / max(1, total - rising))
    return config.learning_rate * (0.01 + 0.99 * (1 + math.cos(math.pi * done)) / 2)

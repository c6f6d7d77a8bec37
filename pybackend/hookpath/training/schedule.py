"""Learning rate and optimiser."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import torch

if TYPE_CHECKING:
    from hookpath.models import Network
    from hookpath.training.config import TrainConfig


def make_optimizer(model: Network, config: TrainConfig) -> torch.optim.Adam:
    """Adam, with L2 on the convolution kernels only (paper, section 3.6).

    The authors' Keras regulariser adds ``l2·Σw²`` to the loss, whose gradient is ``2·l2·w``;
    torch's Adam adds ``weight_decay·w`` to the gradient. Hence the factor 2. The reported loss
    is the cross-entropy alone.
    """
    decayed = list(model.l2_parameters())
    inside = {id(p) for p in decayed}
    free = [p for p in model.parameters() if id(p) not in inside]
    groups: list[dict[str, Any]] = [
        {"params": decayed, "weight_decay": 2 * config.l2},
        {"params": free},
    ]
    return torch.optim.Adam(groups, lr=config.learning_rate)


def learning_rate(config: TrainConfig, step: int) -> float:
    """Learning rate of a step (0-based): linear warm-up, then constant or a half cosine to 1 %.

    A pure function of the step, so there is no scheduler state to save.
    """
    total = config.epochs * config.steps_per_epoch
    rising = round(config.warmup * total)
    if step < rising:
        return config.learning_rate * (step + 1) / (rising + 1)
    if config.schedule == "constant":
        return config.learning_rate
    done = min(1.0, (step - rising) / max(1, total - rising))
    return config.learning_rate * (0.01 + 0.99 * (1 + math.cos(math.pi * done)) / 2)

"""The learning rate at every step of a run: warm-up, schedule, and when pretrained parts move."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import torch

if TYPE_CHECKING:
    from hookpath.training.training_config import TrainConfig

#: Of a parameter group: its rate is this part of the run's.
FACTOR = "rate_factor"


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

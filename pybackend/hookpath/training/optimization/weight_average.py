"""The exponential moving average of a network's weights."""

from __future__ import annotations

import copy
from typing import Any

import torch

from hookpath.models import Network


class Average:
    """A second network whose weights follow the first one's slowly.

    After step t (from 0) it moves by 1 − d towards it, where d is `decay` or, while that is less,
    (1 + t) / (10 + t), so that the first random weights are soon forgotten (as TensorFlow's
    ``ExponentialMovingAverage`` with ``num_updates``). Running statistics are averaged like
    weights; what is no floating-point number is copied.

    Attributes:
        network: in evaluation mode, without gradients.
    """

    def __init__(self, model: Network, decay: float) -> None:
        self.network = copy.deepcopy(model).eval().requires_grad_(False)
        self._decay = decay

    @torch.no_grad()
    def follow(self, model: Network, step: int) -> None:
        """Take up the weights after a step (counted from 0 over the whole run)."""
        share = 1 - min(self._decay, (1 + step) / (10 + step))
        own = self.network.state_dict()
        for name, value in model.state_dict().items():
            if value.is_floating_point():
                own[name].lerp_(value, share)
            else:
                own[name].copy_(value)

    def state_dict(self) -> dict[str, Any]:
        """Weights of the average."""
        return self.network.state_dict()

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Go on from there."""
        self.network.load_state_dict(state)

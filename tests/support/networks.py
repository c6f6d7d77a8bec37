"""Small networks with weights that make every pixel of their input matter."""

from __future__ import annotations

from typing import Any

import torch
from torch import nn

from hookpath.models import SegmentationModel, build_model


def random_network(family: str, seed: int = 0, **config: Any) -> SegmentationModel:
    """A network in evaluation mode, with batch normalisation as if it had been trained."""
    torch.manual_seed(seed)
    model = build_model(family, **config)
    for module in model.modules():
        if isinstance(module, nn.BatchNorm2d):
            nn.init.uniform_(module.running_mean, -0.2, 0.2)
            nn.init.uniform_(module.running_var, 0.5, 1.5)
            nn.init.uniform_(module.weight, 0.7, 1.3)
            nn.init.uniform_(module.bias, -0.2, 0.2)
    return model.eval()

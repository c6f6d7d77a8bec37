"""Small networks with weights that make every pixel of their input matter."""

from __future__ import annotations

from typing import Any, cast

import torch
from torch import nn

from hookpath.models import SegmentationModel, build_model


def random_network(family: str, seed: int = 0, **config: Any) -> SegmentationModel:
    """A network in evaluation mode, with batch normalisation as if it had been trained."""
    torch.manual_seed(seed)
    model = cast(SegmentationModel, build_model(family, **config))
    for module in model.modules():
        if isinstance(module, nn.BatchNorm2d):
            assert module.running_mean is not None
            assert module.running_var is not None
            nn.init.uniform_(module.running_mean, -0.2, 0.2)
            nn.init.uniform_(module.running_var, 0.5, 1.5)
            if module.weight is not None:
                nn.init.uniform_(module.weight, 0.7, 1.3)
            nn.init.uniform_(module.bias, -0.2, 0.2)
    return model.eval()


def red_network(
    threshold: float = 0.5, channel: int = 0, in_channels: int = 3
) -> SegmentationModel:
    """A U-Net at 1 µm/px whose answer is known: class 0 where red is below `threshold`, else 1.

    Or another `channel` of `in_channels`.

    Only the skip connection's centre taps carry anything, so every output pixel depends on its own
    input pixel alone.
    """
    size = {"spacings": (1.0,), "input_size": 44, "depth": 1, "filters": 2}
    model = cast(
        SegmentationModel, build_model("unet", n_classes=2, in_channels=in_channels, **size)
    )
    body: Any = model.body
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.zero_()
        first, second = (body.encoder[0][i] for i in (0, 3))
        last = [body.decoder[0][i] for i in (0, 3)]
        for norm in (m for m in model.modules() if isinstance(m, nn.BatchNorm2d)):
            norm.weight.fill_(1)
        first.weight[0, channel, 1, 1], first.bias[0] = -1, threshold
        first.weight[1, channel, 1, 1], first.bias[1] = 1, -threshold
        for channel in (0, 1):
            second.weight[channel, channel, 1, 1] = 1
            last[0].weight[channel, 2 + channel, 1, 1] = 1  # 2: after the upsampled map
            last[1].weight[channel, channel, 1, 1] = 1
            model.head.weight[channel, channel] = 40  # type: ignore[index, union-attr]
    return model.eval()

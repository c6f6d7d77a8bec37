"""What FAST expects of a network's output: probabilities, and for pixels a background first."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

from hookpath.models import Network


class PatchProbabilities(nn.Module):
    """``(N, 3, S, S)`` in [0, 1] → ``(N, C)`` probabilities of the classes."""

    def __init__(self, model: Network) -> None:
        super().__init__()
        self.model = model

    def forward(self, images: list[Tensor]) -> Tensor:
        scores: Tensor = self.model(images)[0]
        return scores.flatten(1).softmax(1)


class PixelProbabilities(nn.Module):
    """``(N, 3, S, S)`` in [0, 1] → ``(N, 1 + C, S, S)``: FAST's labels are then our class numbers.

    FAST takes channel 0 for the background and expects a map as large as the patch: channel 0 is
    zero, and so is what valid convolutions leave no output for. FAST cuts that off when it stitches
    patches that overlap.
    """

    def __init__(self, model: Network) -> None:
        super().__init__()
        self.model = model
        (branch,) = model.branches
        left = (branch.input_size - branch.output_size) // 2
        self.margins = (left, branch.input_size - branch.output_size - left) * 2

    def forward(self, images: list[Tensor]) -> Tensor:
        found = with_background(self.model(images)[0].softmax(1))
        return functional.pad(found, self.margins)


def with_background(probabilities: Tensor) -> Tensor:
    """``(N, C, H, W)`` → ``(N, 1 + C, H, W)``, the first channel 0."""
    return torch.cat([torch.zeros_like(probabilities[:, :1]), probabilities], dim=1)

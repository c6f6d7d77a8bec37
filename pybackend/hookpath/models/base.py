"""What every segmentation model is to training, inference and export."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from hookpath.geometry import BranchSpec
from hookpath.models.shapes import Hook


@dataclass
class BranchOutput:
    """What one branch gives: class scores (if it has a head) and the map that it hooks onwards."""

    logits: Tensor | None
    hook: Tensor | None


class SegmentationModel(nn.Module):
    """Base of all segmentation networks.

    Attributes:
        family: name in the registry.
        config: constructor arguments, JSON-serialisable; ``build_model(family, **config)``
            builds an equal network.
        branches: one entry per input, finest ("target") first.
        heads: branch index of each output of `forward`; ``heads[0] == 0``.
        hooks: ``hooks[i]`` goes from branch ``i + 1`` into branch ``i`` (empty: one branch).
        depth: number of poolings.

    Class channel ``c`` is label ``c + 1`` (label 0 is "ignore").
    """

    family: str
    config: dict[str, Any]
    branches: tuple[BranchSpec, ...]
    heads: tuple[int, ...]
    hooks: tuple[Hook, ...]
    n_classes: int
    depth: int

    def forward(self, images: Sequence[Tensor]) -> list[Tensor]:
        """Concentric patches to class scores.

        Args:
            images: per branch ``(N, 3, input_size, input_size)`` float in [0, 1].

        Returns:
            Per head ``(N, n_classes, output_size, output_size)`` logits.
        """
        raise NotImplementedError

    def run_branch(self, index: int, image: Tensor, hook: Tensor | None = None) -> BranchOutput:
        """One branch alone, on a tile of any valid size: the piece dense prediction is made of.

        Args:
            image: ``(N, 3, S, S')`` float in [0, 1], both sides valid (`shapes.map_sizes`).
            hook: for a branch that receives one: the coarser branch's hook map, already cut to
                the size and place of this branch's decoder map at ``hooks[index].to_depth``.
        """
        raise NotImplementedError

    def l2_parameters(self) -> Iterator[Tensor]:
        """Weights under L2: the kernels of all 3×3 convolutions, not the head's, no biases."""
        for module in self.modules():
            if isinstance(module, nn.Conv2d) and module.kernel_size != (1, 1):
                yield module.weight


def centre_crop(x: Tensor, height: int, width: int) -> Tensor:
    """The central ``height`` × ``width`` of ``(N, C, H, W)``; differences must be even."""
    top, left = x.shape[-2] - height, x.shape[-1] - width
    if top < 0 or left < 0 or top % 2 or left % 2:
        raise ValueError(f"cannot centre-crop {tuple(x.shape[-2:])} to {(height, width)}")
    return x[..., top // 2 : top // 2 + height, left // 2 : left // 2 + width]


def initialise(model: nn.Module) -> None:
    """He-normal kernels, zero biases, as in the authors' configuration."""
    for module in model.modules():
        if isinstance(module, nn.Conv2d):
            nn.init.kaiming_normal_(module.weight, nonlinearity="relu")
            if module.bias is not None:
                nn.init.zeros_(module.bias)


def count_parameters(model: nn.Module) -> tuple[int, int]:
    """(total, trainable), the total with batch normalisation's running statistics."""
    trainable = sum(p.numel() for p in model.parameters())
    statistics = sum(b.numel() for b in model.buffers() if b.dtype is not torch.int64)
    return trainable + statistics, trainable

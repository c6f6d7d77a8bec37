"""What the networks that read a whole slide at once have in common, and their building blocks."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

import torch
from torch import Tensor, nn
from torch.nn import functional

from hookpath.errors import ModelDesignError
from hookpath.geometry import BranchSpec
from hookpath.models.encoder_decoder import BN_EPS, BN_MOMENTUM
from hookpath.models.network_base import Network, Reads

#: Filters of the paper's U-Net from top to bottom (Pedersen et al. 2022, section 3.2).
FILTERS = (8, 16, 32, 64, 128, 128, 256, 256, 512)


class OverviewNetwork(Network):
    """A network that sees a whole slide, made small and padded to a square.

    Input: ``(N, 3 + heatmaps, size, size)`` in [0, 1]: RGB, then a first stage's probabilities.
    Output: ``(N, n_classes, size, size)``. Every slide has a µm/px of its own.

    Args:
        n_classes: number of classes.
        size: side of the square in px.
        heatmaps: number of heatmap channels.
        filters: of each block from top to bottom; between two of them is a pooling.
        spacing_um: µm/px of a usual slide's overview; known to elastic augmentation only.

    Raises:
        ModelDesignError: `size` cannot be halved that often.
    """

    reads: ClassVar[Reads] = "overview"

    def __init__(
        self, n_classes: int, size: int, heatmaps: int, filters: Sequence[int], spacing_um: float
    ) -> None:
        super().__init__()
        self._refuse_size(size, len(filters) - 1)
        self.config = {
            "n_classes": n_classes,
            "size": size,
            "heatmaps": heatmaps,
            "filters": list(filters),
            "spacing_um": spacing_um,
        }
        self.n_classes, self.size, self.heatmaps = n_classes, size, heatmaps
        self.filters = tuple(filters)
        self.branches = (BranchSpec(spacing_um, size, size),)
        self.heads = (0,)

    @property
    def channels(self) -> tuple[int, ...]:
        return (3 + self.heatmaps,)

    def _refuse_size(self, size: int, halvings: int) -> None:
        if halvings < 1 or size < 2**halvings or size % 2**halvings:
            unit = 2 ** max(halvings, 1)
            nearest = max(unit, round(size / unit) * unit)
            raise ModelDesignError(
                f"{self.family}: an overview of {size} px cannot be halved {halvings} times; "
                f"the nearest size that works is {nearest} px"
            )


def conv_bn_relu(
    channels_in: int, channels_out: int, kernel: int = 3, dilation: int = 1
) -> nn.Module:
    """Convolution (same padding) → batch normalisation → ReLU."""
    padding = dilation * (kernel // 2)
    return nn.Sequential(
        nn.Conv2d(channels_in, channels_out, kernel, padding=padding, dilation=dilation),
        nn.BatchNorm2d(channels_out, eps=BN_EPS, momentum=BN_MOMENTUM),
        nn.ReLU(inplace=True),
    )


def double_conv(channels_in: int, channels_out: int) -> nn.Module:
    """2 × (convolution → batch normalisation → ReLU), as in section 3.2."""
    return nn.Sequential(
        conv_bn_relu(channels_in, channels_out), conv_bn_relu(channels_out, channels_out)
    )


def pooled(x: Tensor) -> Tensor:
    """Halved by the maximum of 2 × 2."""
    return functional.max_pool2d(x, 2)


def doubled(x: Tensor) -> Tensor:
    """Nearest ×2."""
    return functional.interpolate(x, scale_factor=2.0)


def enlarged(x: Tensor, like: Tensor) -> Tensor:
    """Bilinear to the size of another map."""
    return functional.interpolate(x, like.shape[-2:], mode="bilinear", align_corners=False)


class Encoder(nn.Module):
    """Blocks with poolings between: the maps of all blocks, finest first."""

    def __init__(self, channels_in: int, filters: Sequence[int]) -> None:
        super().__init__()
        inputs = (channels_in, *filters[:-1])
        self.blocks = nn.ModuleList(double_conv(i, o) for i, o in zip(inputs, filters, strict=True))

    def forward(self, x: Tensor) -> list[Tensor]:
        maps: list[Tensor] = []
        for block in self.blocks:
            maps.append(block(pooled(maps[-1]) if maps else x))
        return maps


class Decoder(nn.Module):
    """From the bottom up: ×2, skip connection concatenated, block.

    Args:
        bottom: channels of the lowest map.
        filters: of the blocks above it, finest first.
        skips: channels of the skip connections, finest first; None: `filters`.
    """

    def __init__(
        self, bottom: int, filters: Sequence[int], skips: Sequence[int] | None = None
    ) -> None:
        super().__init__()
        below = (*filters[1:], bottom)
        joined = zip(below, skips or filters, filters, strict=True)
        self.blocks = nn.ModuleList(double_conv(b + s, f) for b, s, f in joined)

    def forward(self, x: Tensor, skips: Sequence[Tensor]) -> Tensor:
        for block, skip in zip(reversed(self.blocks), reversed(skips), strict=True):
            x = block(torch.cat([doubled(x), skip], dim=1))
        return x

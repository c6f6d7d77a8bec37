"""AGU-Net and DAGU-Net on overviews: attention gates, and attention over the whole slide."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import torch
from torch import Tensor, nn
from torch.nn import functional

from hookpath.models.network_base import initialise
from hookpath.models.overview_network_base import (
    FILTERS,
    OverviewNetwork,
    conv_bn_relu,
    double_conv,
    enlarged,
    pooled,
)
from hookpath.models.registry import register


@register
class AGUNet(OverviewNetwork):
    """Attention-gated U-Net (Bouget et al., Frontiers in Radiology 2021) for overviews.

    Attention gates on the skip connections, the input made smaller at every level of the encoder
    ("multi-scale input"), an output at every level of the decoder ("deep supervision"). Eight
    levels, as in H2G-Net (Pedersen et al. 2022, section 3.2).

    Assumed, where the papers are silent: the smaller inputs pass a 3×3 convolution with the
    level's filters before they are concatenated, upsampling is a 2×2 transposed convolution, the
    gates have half of the level's filters (Oktay et al. 2018). That makes 7,645,505 parameters
    with one heatmap and two classes; the paper says "~7.68M". See `OverviewNetwork` for the
    arguments. The first output is the finest level's.
    """

    family = "agunet"
    window_place = None  # not in the window: it is there to compare `unet-lr` with

    def __init__(
        self,
        n_classes: int,
        size: int = 1024,
        heatmaps: int = 0,
        filters: Sequence[int] = FILTERS[:-1],
        spacing_um: float = 32.0,
    ) -> None:
        super().__init__(n_classes, size, heatmaps, filters, spacing_um)
        self.encoder = _MultiScaleEncoder(3 + heatmaps, filters)
        self.bottom = self._bottom(filters[-1])
        self.steps = nn.ModuleList(_GatedStep(below, own) for own, below in pairwise(filters))
        self.head = nn.ModuleList(nn.Conv2d(own, n_classes, 1) for own in filters[:-1])
        self.heads = (0,) * (len(filters) - 1)
        initialise(self)

    def _bottom(self, channels: int) -> nn.Module:
        return nn.Identity()

    def forward(self, images: Sequence[Tensor]) -> list[Tensor]:
        (overview,) = images
        *skips, x = self.encoder(overview)
        x = self.bottom(x)
        found: list[Tensor] = []
        for step, head, skip in zip(
            reversed(self.steps), reversed(self.head), reversed(skips), strict=True
        ):
            x = step(x, skip)
            found.append(enlarged(head(x), like=overview))
        return found[::-1]


@register
class DAGUNet(AGUNet):
    """AGU-Net with a dual attention module at its lowest level (Bouget et al. 2021).

    The module is that of Fu et al. 2019 (DANet): attention between all positions and between all
    channels, each between two 3×3 convolutions, then summed. With the convolutions as wide as the
    level and keys of an eighth of it: 10,092,163 parameters; the paper says "~9.99M".
    """

    family = "dagunet"
    window_place = None  # as `AGUNet`

    def _bottom(self, channels: int) -> nn.Module:
        return DualAttention(channels)


class _MultiScaleEncoder(nn.Module):
    """Maps of all levels, finest first; each level also sees the input at its own size."""

    def __init__(self, channels_in: int, filters: Sequence[int]) -> None:
        super().__init__()
        above = pairwise(filters)
        self.first = double_conv(channels_in, filters[0])
        self.inputs = nn.ModuleList(nn.Conv2d(channels_in, f, 3, padding=1) for f in filters[1:])
        self.blocks = nn.ModuleList(double_conv(a + own, own) for a, own in above)

    def forward(self, x: Tensor) -> list[Tensor]:
        maps = [self.first(x)]
        for smaller, block in zip(self.inputs, self.blocks, strict=True):
            x = functional.avg_pool2d(x, 2)
            seen = functional.relu(smaller(x))
            maps.append(block(torch.cat([seen, pooled(maps[-1])], dim=1)))
        return maps


class _GatedStep(nn.Module):
    """One level up, with the skip connection weighted by a gate."""

    def __init__(self, below: int, own: int) -> None:
        super().__init__()
        self.gate = AttentionGate(own, below)
        self.up = nn.ConvTranspose2d(below, own, 2, stride=2)
        self.block = double_conv(2 * own, own)

    def forward(self, x: Tensor, skip: Tensor) -> Tensor:
        gated = self.gate(skip, x)
        found: Tensor = self.block(torch.cat([self.up(x), gated], dim=1))
        return found


class AttentionGate(nn.Module):
    """Additive attention gate (Oktay et al. 2018): where the coarser map says that it counts.

    Args:
        skip: channels of the skip connection.
        gating: channels of the map from one level below, of half the size.
    """

    def __init__(self, skip: int, gating: int) -> None:
        super().__init__()
        inner = max(1, skip // 2)
        self.skip = nn.Conv2d(skip, inner, 1)
        self.gating = nn.Conv2d(gating, inner, 1)
        self.weight = nn.Conv2d(inner, 1, 1)

    def forward(self, skip: Tensor, gating: Tensor) -> Tensor:
        asked = enlarged(self.gating(gating), like=skip)
        weight: Tensor = self.weight(functional.relu(self.skip(skip) + asked)).sigmoid()
        return skip * weight


class DualAttention(nn.Module):
    """Dual attention (Fu et al. 2019): ``(N, C, H, W)`` to the same shape."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.positions = nn.Sequential(
            conv_bn_relu(channels, channels), _Positions(channels), conv_bn_relu(channels, channels)
        )
        self.channels = nn.Sequential(
            conv_bn_relu(channels, channels), _Channels(), conv_bn_relu(channels, channels)
        )

    def forward(self, x: Tensor) -> Tensor:
        found: Tensor = self.positions(x) + self.channels(x)
        return found


class _Positions(nn.Module):
    """Every position gathers from all others that resemble it; starts as the identity."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        keys = max(1, channels // 8)
        self.query = nn.Conv2d(channels, keys, 1)
        self.key = nn.Conv2d(channels, keys, 1)
        self.value = nn.Conv2d(channels, channels, 1)
        self.share = nn.Parameter(torch.zeros(1))

    def forward(self, x: Tensor) -> Tensor:
        query, key, value = (f(x).flatten(2) for f in (self.query, self.key, self.value))
        alike = (query.transpose(1, 2) @ key).softmax(dim=-1)
        gathered: Tensor = (value @ alike.transpose(1, 2)).reshape(x.shape)
        return self.share * gathered + x


class _Channels(nn.Module):
    """Every channel gathers from all others that resemble it; starts as the identity."""

    def __init__(self) -> None:
        super().__init__()
        self.share = nn.Parameter(torch.zeros(1))

    def forward(self, x: Tensor) -> Tensor:
        flat = x.flatten(2)
        alike = flat @ flat.transpose(1, 2)
        weights = (alike.amax(dim=-1, keepdim=True) - alike).softmax(dim=-1)
        return self.share * (weights @ flat).reshape(x.shape) + x

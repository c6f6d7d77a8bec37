"""DoubleU-Net on overviews: a second U-Net looks where the first one found something."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from hookpath.models.network_base import initialise
from hookpath.models.overview_network_base import (
    FILTERS,
    OverviewNetwork,
    conv_bn_relu,
    doubled,
    enlarged,
    pooled,
)
from hookpath.models.registry import register


@register
class DoubleUNet(OverviewNetwork):
    """DoubleU-Net (Jha et al. 2020) for overviews, as in H2G-Net (Pedersen et al. 2022).

    The first encoder has VGG-19's number of convolutions (two in the first two blocks, four in the
    others), though H2G-Net's filters. The first network's foreground (all but the background) is
    multiplied with the input of the second, whose decoder gets the skip connections of both
    encoders. Squeeze-and-excitation in the blocks, atrous spatial pyramid pooling (42 filters) at
    both bottoms. Eight levels in both networks, none of them pretrained (section 3.2).

    With one heatmap and two classes: 15,114,964 parameters; the paper says 16.04M. Outputs: the
    second network's, then the first's. See `OverviewNetwork` for the arguments.

    Args:
        aspp: filters of the pyramid pooling.
        background: label (1…n_classes) of what is not foreground; None: the last class.
    """

    family = "doubleunet"
    window_place = None  # as `AGUNet`

    def __init__(
        self,
        n_classes: int,
        size: int = 1024,
        heatmaps: int = 0,
        filters: Sequence[int] = FILTERS[:-1],
        spacing_um: float = 32.0,
        aspp: int = 42,
        background: int | None = None,
    ) -> None:
        super().__init__(n_classes, size, heatmaps, filters, spacing_um)
        self.config |= {"aspp": aspp, "background": background}
        self.background = (background or n_classes) - 1
        depths = [2 if level < 2 else 4 for level in range(len(filters))]
        self.first = _Half(3 + heatmaps, filters, aspp, depths, skips=1)
        self.second = _Half(3 + heatmaps, filters, aspp, [2] * len(filters), skips=2)
        self.head = nn.ModuleList(nn.Conv2d(filters[0], n_classes, 1) for _ in range(2))
        self.heads = (0, 0)
        initialise(self)

    def forward(self, images: Sequence[Tensor]) -> list[Tensor]:
        (overview,) = images
        x, skips = self.first(overview, [])
        rough = self.head[1](x)
        foreground = 1 - rough.softmax(dim=1)[:, self.background]
        x, _ = self.second(overview * foreground[:, None], skips)
        return [self.head[0](x), rough]


class _Half(nn.Module):
    """One of the two U-Nets: its last map, and its encoder's maps above the bottom.

    Args:
        depths: number of convolutions of the encoder's blocks.
        skips: how many encoders the decoder has skip connections from.
    """

    def __init__(
        self, channels_in: int, filters: Sequence[int], aspp: int, depths: Sequence[int], skips: int
    ) -> None:
        super().__init__()
        inputs = (channels_in, *filters[:-1])
        self.encoder = nn.ModuleList(
            _excited(i, o, n) for i, o, n in zip(inputs, filters, depths, strict=True)
        )
        self.pyramid = PyramidPooling(filters[-1], aspp)
        below = (*filters[1:-1], aspp)
        self.decoder = nn.ModuleList(
            _excited(b + skips * f, f) for b, f in zip(below, filters[:-1], strict=True)
        )

    def forward(self, x: Tensor, others: Sequence[Tensor]) -> tuple[Tensor, list[Tensor]]:
        maps: list[Tensor] = []
        for block in self.encoder:
            maps.append(block(pooled(maps[-1]) if maps else x))
        x = self.pyramid(maps.pop())
        joined = [torch.cat(pair, dim=1) for pair in zip(maps, others, strict=False)]
        for block, skip in zip(reversed(self.decoder), reversed(joined or maps), strict=True):
            x = block(torch.cat([doubled(x), skip], dim=1))
        return x, maps


def _excited(channels_in: int, channels_out: int, convolutions: int = 2) -> nn.Module:
    inputs = (channels_in, *[channels_out] * (convolutions - 1))
    layers = [conv_bn_relu(i, channels_out) for i in inputs]
    return nn.Sequential(*layers, SqueezeExcite(channels_out))


class SqueezeExcite(nn.Module):
    """Channels weighted by what the whole map holds (Hu et al. 2018), an eighth of them inside."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        inner = max(4, channels // 8)  # one unit alone may never wake
        self.weigh = nn.Sequential(
            nn.AdaptiveAvgPool2d(1),
            nn.Conv2d(channels, inner, 1),
            nn.ReLU(inplace=True),
            nn.Conv2d(inner, channels, 1),
            nn.Sigmoid(),
        )

    def forward(self, x: Tensor) -> Tensor:
        weights: Tensor = self.weigh(x)
        return x * weights


class PyramidPooling(nn.Module):
    """Atrous spatial pyramid pooling (Chen et al. 2017): mean, 1×1, 3×3 with dilation 6, 12, 18."""

    def __init__(self, channels_in: int, channels_out: int) -> None:
        super().__init__()
        self.mean = conv_bn_relu(channels_in, channels_out, kernel=1)
        self.views = nn.ModuleList(
            [conv_bn_relu(channels_in, channels_out, kernel=1)]
            + [conv_bn_relu(channels_in, channels_out, dilation=d) for d in (6, 12, 18)]
        )
        self.joined = conv_bn_relu(5 * channels_out, channels_out, kernel=1)

    def forward(self, x: Tensor) -> Tensor:
        mean = enlarged(self.mean(x.mean(dim=(-2, -1), keepdim=True)), like=x)
        found: Tensor = self.joined(torch.cat([mean, *(view(x) for view in self.views)], dim=1))
        return found

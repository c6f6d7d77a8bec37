"""The encoder-decoder that every HookNet branch is, and the U-Net is one of.

HookNet (van Rijthoven et al. 2021), sections 3.1 and 3.6: valid 3×3 convolutions, each followed by
ReLU and batch normalisation; 2×2 max pooling; nearest-neighbour ×2 upsampling followed by a
convolution (Odena et al. 2016); skip connections centre-cropped and concatenated.

Where paper and authors' code differ we follow the code, whose parameter counts the paper's
"approximately 50 million" fit: no batch normalisation after the upsampling's convolution, and a
bottleneck of 2(D + 1)·n filters (10n at D = 4) rather than 2^D·n.
One thing is neither's: a new network's first biases are not 0 (`EncoderDecoder.centre_on`).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

import torch
from torch import Tensor, nn
from torch.nn import functional

from hookpath.models.network_base import centre_crop

BN_EPS = 1e-3
BN_MOMENTUM = 0.01


def conv_block(channels_in: int, channels_out: int) -> nn.Sequential:
    """2 × (valid 3×3 convolution → ReLU → batch normalisation): ``(N, C, H−4, W−4)``."""
    layers: list[nn.Module] = []
    for channels in (channels_in, channels_out):
        layers += [
            nn.Conv2d(channels, channels_out, 3),
            nn.ReLU(inplace=True),
            nn.BatchNorm2d(channels_out, eps=BN_EPS, momentum=BN_MOMENTUM),
        ]
    return nn.Sequential(*layers)


class Upsample(nn.Module):
    """Nearest ×2 → valid 3×3 convolution → ReLU: ``(N, C, H, W)`` → ``(N, C', 2H−2, 2W−2)``."""

    def __init__(self, channels_in: int, channels_out: int) -> None:
        super().__init__()
        self.conv = nn.Conv2d(channels_in, channels_out, 3)

    def forward(self, x: Tensor) -> Tensor:
        return functional.relu(self.conv(functional.interpolate(x, scale_factor=2.0)))


class EncoderDecoder(nn.Module):
    """A U-Net without its head, that can take in another branch's map.

    Args:
        filters: n; encoder and decoder have n·2^d filters at depth d.
        depth: number of poolings D.
        hook_depth: decoder depth at which `hook` is concatenated; None: takes no hook.
        hook_channels: channels of that hook.
        in_channels: of the image.
        stop_depth: last decoder depth that is built (0: up to the input's resolution). A context
            branch without a loss of its own stops where it is hooked from.
    """

    def __init__(
        self,
        filters: int,
        depth: int,
        hook_depth: int | None = None,
        hook_channels: int = 0,
        stop_depth: int = 0,
        in_channels: int = 3,
    ) -> None:
        super().__init__()
        self.depth, self.hook_depth, self.stop_depth = depth, hook_depth, stop_depth
        self.channels: list[int] = [filters << d for d in range(depth)] + [
            2 * (depth + 1) * filters
        ]
        inputs: list[int] = [in_channels, *self.channels]
        self.encoder = nn.ModuleList(conv_block(inputs[d], self.channels[d]) for d in range(depth))
        self.bottleneck = conv_block(inputs[depth], self.channels[depth])

        def decoder_inputs(d: int) -> int:
            hooked = hook_channels if d + 1 == hook_depth else 0
            return self.channels[d + 1] + hooked

        depths = self.depths_up
        self.up = nn.ModuleList(Upsample(decoder_inputs(d), self.channels[d]) for d in depths)
        self.decoder = nn.ModuleList(
            conv_block(2 * self.channels[d], self.channels[d]) for d in depths
        )

    @property
    def depths_up(self) -> range:
        """Depths of the decoder's steps, in their order."""
        return range(self.depth - 1, self.stop_depth - 1, -1)

    @torch.no_grad()
    def centre_on(self, colour: Tensor) -> None:
        """Let the first filters of a new network answer 0 to this colour ``(in_channels,)``.

        An image is positive throughout, and ReLU comes before batch normalisation: what a random
        filter without a bias answers is little but the sum of its weights times the colour. On
        stained tissue a third of them would be below 0 everywhere, give nothing and never learn,
        and another third above 0 everywhere, where ReLU changes nothing
        (tests/models/test_encoder_decoder.py). With this bias each answers to what is darker, or
        brighter, or otherwise coloured than the mean, and to edges.
        """
        first = next(m for m in self.modules() if isinstance(m, nn.Conv2d))
        assert first.bias is not None
        first.bias.copy_(-(first.weight.sum((2, 3)) @ colour.to(first.weight)))

    def forward(self, x: Tensor, hook: Tensor | None = None) -> dict[int, Tensor]:
        """The decoder's maps by depth, bottleneck (`depth`) to `stop_depth`, before any hook.

        `hook` has the size of the map at `hook_depth`.
        """
        skips: dict[int, Tensor] = {}
        for d, block in enumerate(self.encoder):
            skips[d] = block(x)
            x = functional.max_pool2d(skips[d], 2)
        return decode(self, self.bottleneck(x), skips, hook)


class Decoding(Protocol):
    """What `decode` needs of a branch."""

    depth: int
    hook_depth: int | None
    up: nn.ModuleList
    decoder: nn.ModuleList

    @property
    def depths_up(self) -> range: ...


def decode(
    branch: Decoding, bottom: Tensor, skips: Mapping[int, Tensor], hook: Tensor | None
) -> dict[int, Tensor]:
    """A decoder's maps by depth, from the bottom's on.

    Args:
        bottom: the coarsest map.
        skips: maps of the encoder, each at least as large as the decoder's at its depth; where
            there is none, nothing is concatenated.
        hook: as large as the map at ``branch.hook_depth``, which it is concatenated with.
    """
    x, maps = bottom, {branch.depth: bottom}
    for d, up, block in zip(branch.depths_up, branch.up, branch.decoder, strict=True):
        if hook is not None and d + 1 == branch.hook_depth:
            x = torch.cat([x, hook], dim=1)
        x = up(x)
        if d in skips:
            x = torch.cat([x, centre_crop(skips[d], x.shape[-2], x.shape[-1])], dim=1)
        x = maps[d] = block(x)
    return maps

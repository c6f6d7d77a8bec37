"""The multi-resolution networks (MRN): several encoders, one decoder."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import Literal

import torch
from torch import Tensor, nn
from torch.nn import functional

from hookpath.errors import ModelDesignError
from hookpath.geometry import BranchSpec
from hookpath.models.encoder_decoder import BN_EPS, BN_MOMENTUM
from hookpath.models.encoders import PAPER, Encoder
from hookpath.models.network_base import Network, centre_crop, initialise, learned_elsewhere
from hookpath.models.registry import register

Upscaling = Literal["bilinear", "transposed"]
"""How the cropped maps of a coarser encoder get back to their size."""


@register
class MRN(Network):
    """MRN (Gu et al. 2018), section 3.2: a U-Net with one encoder per resolution.

    At every level, the bottleneck included, the map of a coarser encoder is cropped to the centre
    that the finest encoder sees (by γ, the ratio of their µm/px) and scaled up by γ again. The maps
    of all encoders, concatenated, pass a 1 × 1 convolution with identity activation and go on into
    the decoder. Convolutions pad ("same"), so the output is as large as the input; every
    convolution but the last has batch normalisation (section 4.1).

    Where the paper is silent: batch normalisation before the ReLU; an upscaling by γ = 2ᵏ is k
    transposed convolutions of 2 × 2; two classes have two outputs and a softmax, which is the
    paper's sigmoid. With one resolution it is the U-Net that the paper compares with.

    Args:
        n_classes: number of classes.
        spacings: µm/px of the inputs, finest first, each a power of two times the first.
        input_size: side of every input in px.
        depth: number of poolings.
        filters: n; a level d has n·2^d, so the bottleneck 16n at a depth of 4.
        upscaling: ``bilinear`` or ``transposed``.
        encoder: of every input: ``paper``, or a pretrained network by its timm name
            (`hookpath.models.encoders`) whose maps take the place of levels 1 and above.
        in_channels: of the images: 3 for RGB, else as many as are chosen (docs/channels.md).

    Raises:
        ModelDesignError: the spacings or the input size do not fit; names what would. Or the
            encoder has no map for a level.
    """

    family = "mrn"
    window_place = 40

    def __init__(
        self,
        n_classes: int,
        spacings: Sequence[float] = (0.5, 1.0, 2.0, 4.0),
        input_size: int = 512,
        depth: int = 4,
        filters: int = 64,
        upscaling: Upscaling = "bilinear",
        encoder: str = PAPER,
        in_channels: int = 3,
    ) -> None:
        super().__init__()
        ratios = [_ratio(spacings[0], s) for s in spacings]
        _check(spacings, ratios, input_size, depth, upscaling)
        self.config = {
            "n_classes": n_classes,
            "spacings": [float(s) for s in spacings],
            "input_size": input_size,
            "depth": depth,
            "filters": filters,
            "upscaling": upscaling,
            "encoder": encoder,
        }
        self._take(in_channels)
        self.n_classes, self.heads = n_classes, (0,)
        self.branches = tuple(BranchSpec(s, input_size, input_size) for s in spacings)
        channels = [filters << d for d in range(depth + 1)]
        encoders = [_encoder(encoder, channels, in_channels) for _ in spacings]
        self.encoders, given = nn.ModuleList(encoders), encoders[0].channels
        self.centres = nn.ModuleList(_Centres(given, r, upscaling) for r in ratios[1:])
        merged = zip(given, channels, strict=True)
        self.merges = nn.ModuleList(_merge(len(ratios), a, b) for a, b in merged)
        self.decoder = _Decoder(channels)
        self.head = nn.Conv2d(filters, n_classes, 1)
        initialise(self)
        _initialise_transposed(self)

    def forward(self, images: Sequence[Tensor]) -> list[Tensor]:
        fine, *coarser = (run(image) for run, image in zip(self.encoders, images, strict=True))
        seen = [fine, *(cut(maps) for cut, maps in zip(self.centres, coarser, strict=True))]
        levels = zip(*seen, strict=True)
        merged = [
            m(torch.cat(level, dim=1)) for m, level in zip(self.merges, levels, strict=True)
        ]  # fmt: skip
        return [self.head(self.decoder(merged))]

    def deepest(self) -> nn.Module:
        """The bottleneck's map, of all encoders together."""
        return self.merges[-1]

    def l2_parameters(self) -> Iterator[Tensor]:
        """The kernels of all (transposed) convolutions but the head's (section 4.1)."""
        elsewhere = learned_elsewhere(self)
        for name, module in self.named_modules():
            is_kernel = isinstance(module, nn.Conv2d | nn.ConvTranspose2d)
            if is_kernel and name != "head" and module not in elsewhere:
                yield module.weight


def _normalised(layer: nn.Conv2d | nn.ConvTranspose2d, relu: bool = True) -> list[nn.Module]:
    norm = nn.BatchNorm2d(layer.out_channels, eps=BN_EPS, momentum=BN_MOMENTUM)
    return [layer, norm, nn.ReLU(inplace=True)] if relu else [layer, norm]


def _block(channels_in: int, channels: int) -> nn.Sequential:
    """2 × (3×3 convolution → batch normalisation → ReLU), same size."""
    return nn.Sequential(
        *_normalised(nn.Conv2d(channels_in, channels, 3, padding=1)),
        *_normalised(nn.Conv2d(channels, channels, 3, padding=1)),
    )


def _doubling(channels_in: int, channels: int) -> list[nn.Module]:
    """2×2 transposed convolution with stride 2 → batch normalisation → ReLU."""
    return _normalised(nn.ConvTranspose2d(channels_in, channels, 2, stride=2))


def _merge(encoders: int, given: int, channels: int) -> nn.Module:
    """The weighted sum of all encoders' maps of one level."""
    if encoders == 1 and given == channels:
        return nn.Identity()
    return nn.Sequential(*_normalised(nn.Conv2d(encoders * given, channels, 1), relu=False))


def _encoder(name: str, channels: Sequence[int], in_channels: int) -> _Encoder | _PretrainedEncoder:
    if name == PAPER:
        return _Encoder(channels, in_channels)
    return _PretrainedEncoder(name, channels, in_channels)


class _Encoder(nn.Module):
    """Blocks with 2×2 max pooling between them: the map of every level, largest first."""

    def __init__(self, channels: Sequence[int], in_channels: int) -> None:
        super().__init__()
        self.channels = list(channels)
        self.blocks = nn.ModuleList(_block(a, b) for a, b in pairwise([in_channels, *channels]))

    def forward(self, x: Tensor) -> list[Tensor]:
        maps = [self.blocks[0](x)]
        for block in self.blocks[1:]:
            maps.append(block(functional.max_pool2d(maps[-1], 2)))
        return maps


class _PretrainedEncoder(nn.Module):
    """A block at the input's resolution, which no pretrained network has, and its maps below."""

    def __init__(self, name: str, channels: Sequence[int], in_channels: int) -> None:
        super().__init__()
        self.finest = _block(in_channels, channels[0])
        self.encoder = Encoder(name, len(channels) - 1, in_channels)
        given = self.encoder.channels
        if missing := [d for d in range(1, len(channels)) if d not in given]:
            raise ModelDesignError(
                f"{name} has no map of {2 ** missing[0]} px, which MRN merges; use an encoder that "
                "has one for every halving, or another depth"
            )
        self.channels = [channels[0], *(given[d] for d in range(1, len(channels)))]

    def forward(self, x: Tensor) -> list[Tensor]:
        maps = self.encoder.whole(x)
        return [self.finest(x), *(maps[d] for d in sorted(maps))]


class _Centres(nn.Module):
    """Equation 2: every level's map cropped to its centre and scaled up by γ."""

    def __init__(self, channels: Sequence[int], ratio: int, upscaling: Upscaling) -> None:
        super().__init__()
        self.ratio = ratio
        self.ups = nn.ModuleList(_upscale(c, ratio, upscaling) for c in channels)

    def forward(self, maps: Sequence[Tensor]) -> list[Tensor]:
        return [up(self._centre(x)) for up, x in zip(self.ups, maps, strict=True)]

    def _centre(self, x: Tensor) -> Tensor:
        return centre_crop(x, x.shape[-2] // self.ratio, x.shape[-1] // self.ratio)


def _upscale(channels: int, ratio: int, upscaling: Upscaling) -> nn.Module:
    if upscaling == "bilinear":
        return nn.Upsample(scale_factor=float(ratio), mode="bilinear", align_corners=False)
    steps = range(ratio.bit_length() - 1)
    return nn.Sequential(*(layer for _ in steps for layer in _doubling(channels, channels)))


class _Decoder(nn.Module):
    """From the merged maps of all levels, largest first, to the finest level's."""

    def __init__(self, channels: Sequence[int]) -> None:
        super().__init__()
        steps = [(coarse, fine) for fine, coarse in reversed(list(pairwise(channels)))]
        self.ups = nn.ModuleList(nn.Sequential(*_doubling(a, b)) for a, b in steps)
        self.blocks = nn.ModuleList(_block(2 * b, b) for _, b in steps)

    def forward(self, merged: Sequence[Tensor]) -> Tensor:
        *skips, x = merged
        for up, block, skip in zip(self.ups, self.blocks, reversed(skips), strict=True):
            x = block(torch.cat([up(x), skip], dim=1))
        return x


def _ratio(fine_um: float, coarse_um: float) -> int:
    exponent = math.log2(coarse_um / fine_um) if coarse_um / fine_um > 0 else -1.0
    if exponent < -1e-6 or abs(exponent - round(exponent)) > 1e-6:
        nearest = fine_um * 2.0 ** max(1, round(exponent))
        raise ModelDesignError(
            f"{coarse_um:g} µm/px over {fine_um:g} µm/px is {coarse_um / fine_um:g}, but MRN crops "
            f"and enlarges by powers of two; the nearest that works is {nearest:g} µm/px"
        )
    return int(2 ** round(exponent))


def _check(
    spacings: Sequence[float],
    ratios: Sequence[int],
    input_size: int,
    depth: int,
    upscaling: Upscaling,
) -> None:
    if any(a >= b for a, b in pairwise(ratios)):
        listed = ", ".join(f"{s:g}" for s in spacings)
        raise ModelDesignError(f"µm/px must grow from each input to the next, not {listed}")
    if upscaling not in ("bilinear", "transposed"):
        raise ModelDesignError(f"upscaling is bilinear or transposed, not {upscaling!r}")
    # An even number of px in the crop of the bottleneck: its centre lies on the px grid.
    step = 2**depth * (2 * ratios[-1] if len(ratios) > 1 else 1)
    if input_size < 1 or input_size % step:
        lower = input_size // step * step
        sizes = " and ".join(f"{s} px" for s in (lower, lower + step) if s > 0)
        raise ModelDesignError(
            f"an input of {input_size} px cannot be pooled {depth} times and then cropped "
            f"{ratios[-1]} times smaller about its centre; nearest valid input sizes: {sizes}"
        )


def _initialise_transposed(model: nn.Module) -> None:
    """He-normal: of a 2×2 kernel with stride 2, one weight per input channel meets an output px."""
    for module in model.modules():
        if isinstance(module, nn.ConvTranspose2d):
            nn.init.normal_(module.weight, std=math.sqrt(2 / module.in_channels))
            if module.bias is not None:
                nn.init.zeros_(module.bias)

"""Colour, stain, blur and noise: the same draw for all branches of a sample."""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor

from hookpath.sampling.augmentation.augmentation_config import AugmentationConfig
from hookpath.sampling.augmentation.stain_augmentation import StainChange

#: Keeps black and grey from being divided by 0.
_TINY = 1e-8


@dataclass(frozen=True)
class Colouring:
    """What happens to the colours of each of N samples; None: nothing of that kind.

    Attributes:
        stain: what happens to the densities of the stains.
        hue_saturation: ``(3, N)`` turn in radians, factor and then shift of the saturation.
        brightness_contrast: ``(2, N)`` factors.
    """

    stain: StainChange | None
    hue_saturation: Tensor | None
    brightness_contrast: Tensor | None

    @classmethod
    def drawn(cls, config: AugmentationConfig, n: int, draw: torch.Generator) -> Colouring:
        """Random ones for `n` samples, on the CPU."""
        amounts = torch.rand((n, 11), generator=draw) * 2 - 1
        chance = torch.rand((n, 3), generator=draw)
        # What chance leaves out is drawn with amount 0.
        amounts[:, :6] *= config.stain * (chance[:, :1] < config.stain_chance)
        amounts[:, 6:9] *= chance[:, 1:2] < config.colour_chance
        amounts[:, 9:] *= chance[:, 2:] < config.brightness_chance
        limits = torch.tensor(
            [config.hue * 2 * math.pi, config.saturation, config.saturation_shift]
        )
        middle = torch.tensor([0.0, 1.0, 0.0])
        hue_saturation = (middle + amounts[:, 6:9] * limits).T
        factors = (1 + amounts[:, 9:] * torch.tensor([config.brightness, config.contrast])).T
        stain = StainChange(amounts[:, :3], amounts[:, 3:6], config.stain_basis)
        return cls(
            stain if config.stain else None,
            hue_saturation if limits.any() else None,
            factors if config.brightness or config.contrast else None,
        )

    def to(self, device: torch.device | str) -> Colouring:
        """The same on a device."""
        return Colouring(
            None if self.stain is None else self.stain.to(device),
            None if self.hue_saturation is None else self.hue_saturation.to(device),
            None if self.brightness_contrast is None else self.brightness_contrast.to(device),
        )

    def apply(self, branches: list[Tensor]) -> list[Tensor]:
        """Every branch's ``(N, 3, M, M)`` images in [0, 1], changed by the same function."""
        if self.stain is not None:
            branches = self.stain.apply(branches)
        if self.hue_saturation is not None:
            branches = [_recoloured(images, *self.hue_saturation) for images in branches]
        if self.brightness_contrast is not None:
            brightness, contrast = (_each(t) for t in self.brightness_contrast)
            # About one grey for all branches, or they would no longer have the same colours.
            means = torch.stack([images.mean((1, 2, 3)) for images in branches])
            grey = _each(means.mean(0))
            branches = [
                (((images - grey) * contrast + grey) * brightness).clamp_(0, 1)
                for images in branches
            ]
        return branches


@dataclass(frozen=True)
class Gains:
    """What happens to each channel of each of N samples of images that are no RGB.

    Attributes:
        brightness, contrast: ``(N, C, 1, 1)`` factors.
    """

    brightness: Tensor
    contrast: Tensor

    @classmethod
    def drawn(
        cls, config: AugmentationConfig, n: int, channels: int, draw: torch.Generator
    ) -> Gains:
        """Random ones for `n` samples, on the CPU."""
        amounts = torch.rand((2, n, channels, 1, 1), generator=draw) * 2 - 1
        chance = torch.rand((n, 1, 1, 1), generator=draw) < config.brightness_chance
        return cls(
            1 + amounts[0] * config.brightness * chance, 1 + amounts[1] * config.contrast * chance
        )

    def to(self, device: torch.device | str) -> Gains:
        """The same on a device."""
        return Gains(self.brightness.to(device), self.contrast.to(device))

    def apply(self, branches: list[Tensor]) -> list[Tensor]:
        """Every branch's ``(N, C, M, M)`` images in [0, 1]; dark stays dark.

        Contrast acts about the channel's mean where it is brighter than that, so that the ground
        of a fluorescence image is not lifted.
        """
        means = torch.stack([x.mean((2, 3), keepdim=True) for x in branches]).mean(0)
        return [(self._contrasted(x, means) * self.brightness).clamp_(0, 1) for x in branches]

    def _contrasted(self, images: Tensor, means: Tensor) -> Tensor:
        above = (images - means).clamp(min=0)
        return images + above * (self.contrast - 1)


def _recoloured(images: Tensor, hue: Tensor, saturation: Tensor, shift: Tensor) -> Tensor:
    """Through HSV and back, without a picture of angles: a quarter of kornia's time."""
    high, chroma = images.amax(1), images.amax(1) - images.amin(1)
    sixths = _hue(images, high, chroma)
    sixths.add_(hue[:, None, None] * (3 / math.pi)).remainder_(6)
    share = chroma.div_(high.clamp(min=_TINY))
    share.mul_(saturation[:, None, None]).add_(shift[:, None, None]).clamp_(0, 1)
    chroma = share.mul_(high)
    red = (sixths - 3).abs_().sub_(1)
    green, blue = (2 - (sixths - middle).abs_() for middle in (2, 4))
    lights = torch.stack([red, green, blue], 1).clamp_(0, 1).sub_(1)
    return lights.mul_(chroma[:, None]).add_(high[:, None])


def _hue(images: Tensor, high: Tensor, chroma: Tensor) -> Tensor:
    """``(N, M, M)`` hue in sixths of the circle from red on, -1…5; 0 for grey."""
    red, green, blue = images.unbind(1)
    chroma = chroma.clamp(min=_TINY)
    from_blue = ((red - green) / chroma).add_(4)
    from_green = ((blue - red) / chroma).add_(2)
    from_red = (green - blue) / chroma
    return torch.where(high == red, from_red, torch.where(high == green, from_green, from_blue))


def _each(values: Tensor) -> Tensor:
    """``(N,)`` as ``(N, 1, 1, 1)``."""
    return values[:, None, None, None]


@dataclass(frozen=True)
class Grain:
    """Blur and noise of each of N samples: standard deviations, 0 for none."""

    blur_sigma_px: Tensor
    noise: Tensor

    @classmethod
    def drawn(cls, config: AugmentationConfig, n: int, draw: torch.Generator) -> Grain:
        """Random ones for `n` samples, on the CPU."""
        chance, amount = torch.rand((2, 2, n), generator=draw)
        return cls(
            amount[0] * config.blur_sigma_px * (chance[0] < config.blur_chance),
            amount[1] * config.noise * (chance[1] < config.noise_chance),
        )

    def apply(self, images: Tensor, draw: torch.Generator) -> Tensor:
        """``(N, 3, M, M)`` images blurred, then with noise from `draw` (on their device)."""
        blurred = self.blur_sigma_px.nonzero()[:, 0].to(images.device)
        if len(blurred):
            sigma = self.blur_sigma_px.to(images.device)[blurred]
            images = images.index_copy(0, blurred, _blurred(images[blurred], sigma))
        noisy = self.noise.nonzero()[:, 0].to(images.device)
        if len(noisy):
            spread = _each(self.noise.to(images.device)[noisy])
            chosen = images[noisy]
            noise = torch.randn(chosen.shape, generator=draw, device=images.device)
            images = images.index_copy(0, noisy, (chosen + noise * spread).clamp_(0, 1))
        return images


def _blurred(images: Tensor, sigma: Tensor) -> Tensor:
    """Gaussian with a sigma of its own for each sample, cut off at 3 σ of the largest."""
    from kornia.filters import gaussian_blur2d

    size = 2 * math.ceil(3 * float(sigma.max())) + 1
    found: Tensor = gaussian_blur2d(images, (size, size), sigma[:, None].expand(-1, 2))
    return found

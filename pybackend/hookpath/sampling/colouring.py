"""Colour, stain, blur and noise: the same draw for all branches of a sample."""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor

from hookpath.sampling.augmentation_config import AugmentationConfig

#: Optical density (natural logarithm) of haematoxylin, eosin and DAB in red, green and blue, one
#: row a stain (Ruifrok & Johnston 2001), each row of length 1 here.
_STAINS = ((0.65, 0.70, 0.29), (0.07, 0.99, 0.11), (0.27, 0.57, 0.78))

#: Darkest value told apart from black when taking logarithms.
_BLACK = 1 / 255


@dataclass(frozen=True)
class Colouring:
    """What happens to the colours of each of N samples; None: nothing of that kind.

    Attributes:
        stain: matrix ``(N, 3, 3)`` and bias ``(N, 3)`` on optical densities.
        hue: turn in radians, `saturation`: factor, ``(N,)`` each.
        brightness, contrast: factors, ``(N,)`` each.
    """

    stain: tuple[Tensor, Tensor] | None
    hue_saturation: tuple[Tensor, Tensor] | None
    brightness_contrast: tuple[Tensor, Tensor] | None

    @classmethod
    def drawn(cls, config: AugmentationConfig, n: int, draw: torch.Generator) -> Colouring:
        """Random ones for `n` samples, on the CPU."""
        amounts = torch.rand((n, 10), generator=draw) * 2 - 1
        hue = amounts[:, 6] * config.hue * 2 * math.pi
        saturation = 1 + amounts[:, 7] * config.saturation
        brightness = 1 + amounts[:, 8] * config.brightness
        contrast = 1 + amounts[:, 9] * config.contrast
        return cls(
            _stain_change(amounts[:, :6] * config.stain) if config.stain else None,
            (hue, saturation) if config.hue or config.saturation else None,
            (brightness, contrast) if config.brightness or config.contrast else None,
        )

    def to(self, device: torch.device | str) -> Colouring:
        """The same on a device."""
        return Colouring(
            _moved(self.stain, device),
            _moved(self.hue_saturation, device),
            _moved(self.brightness_contrast, device),
        )

    def apply(self, branches: list[Tensor]) -> list[Tensor]:
        """Every branch's ``(N, 3, M, M)`` images in [0, 1], changed by the same function."""
        if self.stain is not None:
            branches = [_restained(images, *self.stain) for images in branches]
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


def _stain_change(amounts: Tensor) -> tuple[Tensor, Tensor]:
    """Every stain's density d becomes ``(1 + a)·d + b`` (Tellez et al. 2018): matrix and bias.

    Args:
        amounts: ``(N, 6)``, a and b of haematoxylin, eosin and the rest.
    """
    rgb_of_stain = torch.nn.functional.normalize(torch.tensor(_STAINS), dim=1)
    stain_of_rgb = torch.linalg.inv(rgb_of_stain)
    scaled = stain_of_rgb * (1 + amounts[:, None, :3])  # columns are stains
    return scaled @ rgb_of_stain, amounts[:, 3:] @ rgb_of_stain


def _restained(images: Tensor, matrix: Tensor, bias: Tensor) -> Tensor:
    density = images.clamp(min=_BLACK).log_().neg_()
    changed = torch.einsum("ncyx,ncd->ndyx", density, matrix) + bias[:, :, None, None]
    return changed.neg_().exp_().clamp_(0, 1)


def _recoloured(images: Tensor, hue: Tensor, saturation: Tensor) -> Tensor:
    from kornia.color import hsv_to_rgb, rgb_to_hsv

    h, s, v = rgb_to_hsv(images).unbind(1)
    h = (h + hue[:, None, None]) % (2 * math.pi)
    s = (s * saturation[:, None, None]).clamp(0, 1)
    recoloured: Tensor = hsv_to_rgb(torch.stack([h, s, v], 1))
    return recoloured


def _moved(
    pair: tuple[Tensor, Tensor] | None, device: torch.device | str
) -> tuple[Tensor, Tensor] | None:
    return None if pair is None else (pair[0].to(device), pair[1].to(device))


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

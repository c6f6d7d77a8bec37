"""Changing how strongly each stain took: optical densities taken apart, varied, put together."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor
from torch.nn import functional

StainBasis = Literal["fixed", "macenko"]

#: Optical density (natural logarithm) of haematoxylin, eosin and DAB in red, green and blue, one
#: row a stain (Ruifrok & Johnston 2001); rows are scaled to length 1 before use.
FIXED = ((0.65, 0.70, 0.29), (0.07, 0.99, 0.11), (0.27, 0.57, 0.78))

#: Darkest value distinguished from black when taking logarithms.
_BLACK = 1 / 255

#: Macenko et al. 2009: optical density below which a pixel is no tissue (β), and the share of
#: pixels beyond each of the two stains' directions (α).
STAINED, BEYOND = 0.15, 0.01
#: Stains that differ by less are one stain; pixels that are too few show none.
_LEAST_ANGLE = math.radians(8)
_LEAST_PIXELS = 64
#: Pixels along each side of a patch that are looked at: 64 × 64 settle a percentile well enough.
_LOOKED_AT = 64


@dataclass(frozen=True)
class StainChange:
    """Every stain's density d becomes ``(1 + a)·d + b``, for each of N samples.

    Attributes:
        scales, shifts: ``(N, 3)`` a and b of haematoxylin, eosin and the rest.
        basis: what the stains are. ``fixed``: haematoxylin, eosin and DAB as published, whatever
            the slide. ``macenko``: the two that the sample itself shows (`macenko_stains`, over
            all branches together); the rest stays as it is.
    """

    scales: Tensor
    shifts: Tensor
    basis: StainBasis = "fixed"

    def to(self, device: torch.device | str) -> StainChange:
        """The same on a device."""
        return StainChange(self.scales.to(device), self.shifts.to(device), self.basis)

    def apply(self, branches: Sequence[Tensor]) -> list[Tensor]:
        """Every branch's ``(N, 3, M, M)`` images in [0, 1], changed by the same function."""
        if self.basis == "macenko":
            stains = macenko_stains(branches)
        else:
            stains = fixed_stains(branches[0].device)[None]
        kinds = stains.shape[1]
        # d' = d + (a·c + b)·stains, where c = d·stains⁻¹ are the stains' densities: linear in d.
        taken_apart = torch.linalg.pinv(stains)
        matrix = torch.eye(3, device=stains.device) + (
            taken_apart * self.scales[:, None, :kinds]
        ) @ stains.expand(len(self.scales), -1, -1)
        bias = (self.shifts[:, None, :kinds] @ stains)[:, 0]
        return [_restained(images, matrix, bias) for images in branches]


def fixed_stains(device: torch.device | str = "cpu") -> Tensor:
    """``(3, 3)`` the published stains, one a row, of length 1."""
    return functional.normalize(torch.tensor(FIXED, device=device), dim=1)


def macenko_stains(branches: Sequence[Tensor]) -> Tensor:
    """The two stains of each sample (Macenko et al. 2009), haematoxylin first.

    Densities of tissue lie in a plane, between the directions of the two stains: the plane is that
    of the two largest singular vectors, the directions are those that 1 % of the pixels lie
    beyond. A sample that shows fewer than two stains (little tissue, one colour) gets the
    published haematoxylin and eosin.

    Args:
        branches: per branch ``(N, 3, M, M)`` images in [0, 1].

    Returns:
        ``(N, 2, 3)`` optical densities of red, green and blue, rows of length 1.
    """
    density = torch.cat([_looked_at(images) for images in branches], dim=1)
    stained = density.amax(dim=2) >= STAINED
    tissue = density * stained[..., None]
    _, vectors = torch.linalg.eigh(tissue.transpose(1, 2) @ tissue)
    # Densities are no less than 0, so the largest vector's components have one sign: made
    # positive, all pixels lie in front of it and angles cannot wrap.
    plane = vectors[..., [2, 1]] * torch.where(vectors[..., [2, 1]].sum(1, keepdim=True) < 0, -1, 1)
    across = tissue @ plane
    angle = torch.atan2(across[..., 1], across[..., 0])
    bounds = _quantiles(angle, stained, (BEYOND, 1 - BEYOND))
    ends = torch.stack([torch.cos(bounds), torch.sin(bounds)], dim=2)
    stains = functional.normalize((ends @ plane.transpose(1, 2)).clamp(min=0), dim=2)
    # Haematoxylin takes away more red.
    swapped = stains[:, 0, 0] < stains[:, 1, 0]
    stains = torch.where(swapped[:, None, None], stains.flip(1), stains)
    several = (bounds[:, 1] - bounds[:, 0] >= _LEAST_ANGLE) & (stained.sum(1) >= _LEAST_PIXELS)
    return torch.where(several[:, None, None], stains, fixed_stains(stains.device)[:2])


def _looked_at(images: Tensor) -> Tensor:
    """``(N, P, 3)`` densities on a regular grid over the images."""
    step = max(1, images.shape[-1] // _LOOKED_AT)
    return _density(images[..., ::step, ::step]).flatten(2).transpose(1, 2)


def _density(images: Tensor) -> Tensor:
    return images.clamp(min=_BLACK).log().neg()


def _quantiles(values: Tensor, counted: Tensor, shares: tuple[float, ...]) -> Tensor:
    """``(N, len(shares))`` quantiles of the counted ones of ``(N, P)`` values; 0 without any.

    Linear between values, as numpy's default. (`torch.nanquantile` takes no more than 2²⁴.)
    """
    ordered = torch.where(counted, values, torch.inf).sort(dim=1).values
    last = (counted.sum(dim=1, keepdim=True) - 1).clamp(min=0)
    place = last * torch.tensor(shares, device=values.device)
    low = place.floor().long()
    below, above = ordered.gather(1, low), ordered.gather(1, torch.minimum(low + 1, last))
    found = below + (above - below) * (place - low)
    return torch.where(counted.any(dim=1, keepdim=True), found, 0.0)


def _restained(images: Tensor, matrix: Tensor, bias: Tensor) -> Tensor:
    density = images.clamp(min=_BLACK).log_().neg_()
    changed = torch.einsum("ncyx,ncd->ndyx", density, matrix) + bias[:, :, None, None]
    return changed.neg_().exp_().clamp_(0, 1)

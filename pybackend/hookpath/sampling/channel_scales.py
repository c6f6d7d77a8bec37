"""Bounds of channels, measured on slides: what becomes 0 and what becomes 255."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt

from hookpath.geometry import Region
from hookpath.slides import Slide, SlideRef
from hookpath.slides.channels import ChannelScale, positions

#: Windows of a slide that are looked at, at most; their side in px; every so many px along each.
_WINDOWS, _SIDE, _STEP = 64, 256, 4
#: µm/px that is looked at, where the slide is no coarser.
_SPACING_UM = 1.0

Values = npt.NDArray[np.float32]
"""``(N, C)`` samples of the wanted channels."""


def measured_scales(
    slides: Sequence[SlideRef],
    names: Sequence[str],
    percentiles: tuple[float, float],
    fixed: Mapping[str, tuple[float, float]],
) -> tuple[ChannelScale, ...]:
    """One scale for each name, the same for all slides; every slide has the same say.

    Args:
        slides: as they are, to be looked at.
        percentiles: of all samples, that become 0 and 255.
        fixed: bounds that are given and not measured.

    Raises:
        SlideError: a slide cannot be read.
        ChannelError: a slide lacks a channel.
    """
    if set(names) <= set(fixed):
        return tuple(ChannelScale(name=n, low=fixed[n][0], high=fixed[n][1]) for n in names)
    seen = [_samples_of(ref, names) for ref in slides]
    shares = np.concatenate([np.full(len(values), 1 / len(values)) for values in seen])
    values = np.concatenate(seen)
    return tuple(
        _scale(name, fixed.get(name) or _bounds(values[:, i], shares, percentiles))
        for i, name in enumerate(names)
    )


def _scale(name: str, bounds: tuple[float, float]) -> ChannelScale:
    return ChannelScale(name=name, low=bounds[0], high=bounds[1])


def _bounds(
    values: npt.NDArray[np.float32],
    shares: npt.NDArray[np.float64],
    percentiles: tuple[float, float],
) -> tuple[float, float]:
    """Weighted percentiles; a channel of one value becomes dark."""
    known = np.isfinite(values)
    if not known.any():
        return 0.0, 1.0
    order = np.argsort(values[known], kind="stable")
    ranked, weight = values[known][order], np.cumsum(shares[known][order])
    places = np.searchsorted(weight, np.array(percentiles) / 100 * weight[-1])
    low, high = (float(ranked[min(place, len(ranked) - 1)]) for place in places)
    return (low, high) if high > low else (low, low + max(1.0, abs(low) * 1e-3))


def _samples_of(ref: SlideRef, names: Sequence[str]) -> Values:
    with ref.open() as slide:
        at = positions(names, slide.channels, str(ref.path))
        return np.concatenate([_samples(slide, region)[:, at] for region in _windows(slide)])


def _samples(slide: Slide, region: Region) -> Values:
    pixels = slide.read(region)[::_STEP, ::_STEP]
    return np.asarray(pixels.reshape(-1, pixels.shape[2]), np.float32)


def _windows(slide: Slide) -> list[Region]:
    """Evenly over the slide, none beyond its edges."""
    dx, dy = _SPACING_UM / slide.calibration.mpp_x, _SPACING_UM / slide.calibration.mpp_y
    dx, dy = max(1.0, dx), max(1.0, dy)
    across, down = int(slide.width_l0 / dx), int(slide.height_l0 / dy)
    width, height = max(1, min(_SIDE, across)), max(1, min(_SIDE, down))
    columns, rows = _grid(math.ceil(across / width), math.ceil(down / height))
    return [
        Region(x * dx, y * dy, width, height, dx, dy)
        for y in np.linspace(0, max(0, down - height), rows)
        for x in np.linspace(0, max(0, across - width), columns)
    ]


def _grid(columns: int, rows: int) -> tuple[int, int]:
    """Fewer of both, in the same proportion, where they would be too many."""
    excess = math.sqrt(max(1.0, columns * rows / _WINDOWS))
    return max(1, int(columns / excess)), max(1, int(rows / excess))

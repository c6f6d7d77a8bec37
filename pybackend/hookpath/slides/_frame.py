"""Where the pixels of each level lie: true scale factors and the bounds crop. Pure arithmetic.

``_file`` marks coordinates before the crop to ``openslide.bounds-*``.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from hookpath.slides.base import Level

Size = tuple[int, int]
Factors = tuple[float, float]


@dataclass(frozen=True)
class Frame:
    """The part of the file that is the slide, in whole level-0 px of the file."""

    x_file: int
    y_file: int
    width: int
    height: int

    def first_pixel(self, factors: Factors) -> tuple[int, int]:
        """The level pixel (file grid) that holds the frame's top-left corner."""
        return math.floor(self.x_file / factors[0]), math.floor(self.y_file / factors[1])

    def level(self, size: Size, factors: Factors) -> Level:
        """The level as seen from this frame; its grid starts at or left of the corner."""
        first_x, first_y = self.first_pixel(factors)
        end_x = min(size[0], math.ceil((self.x_file + self.width) / factors[0]))
        end_y = min(size[1], math.ceil((self.y_file + self.height) / factors[1]))
        return Level(
            width=max(1, end_x - first_x),
            height=max(1, end_y - first_y),
            downsample_x=factors[0],
            downsample_y=factors[1],
            origin_x_l0=first_x * factors[0] - self.x_file,
            origin_y_l0=first_y * factors[1] - self.y_file,
        )


def frame_of(properties: Mapping[str, str], size_l0: Size, crop_to_bounds: bool) -> Frame:
    """The frame QuPath shows: ``openslide.bounds-*`` where present and inside the file."""
    whole = Frame(0, 0, *size_l0)
    keys = [f"openslide.bounds-{name}" for name in ("x", "y", "width", "height")]
    if not crop_to_bounds or any(key not in properties for key in keys):
        return whole
    x_file, y_file, width, height = (int(float(properties[key])) for key in keys)
    width, height = min(width, size_l0[0] - x_file), min(height, size_l0[1] - y_file)
    inside = x_file >= 0 and y_file >= 0 and width > 0 and height > 0
    return Frame(x_file, y_file, width, height) if inside else whole


def true_factors(sizes: Sequence[Size], reported: Sequence[float]) -> tuple[Factors, ...]:
    """Level-0 px per level px of every level, along x and y.

    Libraries report width ratio and height ratio averaged, so a level made by halving an odd
    size reads 2.0011 where every pixel spans exactly 2: over a wide slide that misplaces by many
    pixels. A whole factor that explains the level's size to less than one of its pixels is taken.
    """
    return tuple(
        _true_factor(sizes[0], size, value) for size, value in zip(sizes, reported, strict=True)
    )


def _true_factor(size_l0: Size, size_lv: Size, reported: float) -> Factors:
    nearest = round(reported)
    if abs(reported - nearest) < 1e-6 * reported:
        return float(nearest), float(nearest)
    # Pyramids mostly halve: on tiny levels several whole numbers fit, so try the power of 2 first.
    for whole in (2 ** round(math.log2(reported)), nearest):
        if all(abs(a / whole - b) < 1 for a, b in zip(size_l0, size_lv, strict=True)):
            return float(whole), float(whole)
    return size_l0[0] / size_lv[0], size_l0[1] / size_lv[1]

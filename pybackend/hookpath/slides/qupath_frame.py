"""Where the pixels of each level lie in the frame that QuPath shows. Pure arithmetic.

``_file`` marks coordinates before the crop to ``openslide.bounds-*``.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from hookpath.slides.pyramid_levels import Factors, Size, level_factors
from hookpath.slides.slide_base import Level


@dataclass(frozen=True)
class Frame:
    """The part of the file that is the slide, in whole level-0 px of the file.

    It may begin left of or above the file's own pixels and reach over them: there is no tissue
    there, and the slide is white.
    """

    x_file: int
    y_file: int
    width: int
    height: int

    def first_pixel(self, factors: Factors) -> tuple[int, int]:
        """The level pixel (file grid) that holds the frame's top-left corner."""
        return math.floor(self.x_file / factors[0]), math.floor(self.y_file / factors[1])

    def level(self, size_l0: Size, size: Size, factors: Factors) -> Level:
        """A level of `size` px as seen from this frame; its grid starts at or left of the corner.

        Where the frame ends inside the file, px that the level does not store are left out.
        """
        first_x, first_y = self.first_pixel(factors)
        end_x = _end(self.x_file + self.width, size_l0[0], size[0], factors[0])
        end_y = _end(self.y_file + self.height, size_l0[1], size[1], factors[1])
        return Level(
            width=max(1, end_x - first_x),
            height=max(1, end_y - first_y),
            downsample_x=factors[0],
            downsample_y=factors[1],
            origin_x_l0=first_x * factors[0] - self.x_file,
            origin_y_l0=first_y * factors[1] - self.y_file,
        )


def whole_levels(
    sizes: Sequence[Size], downsamples: Sequence[float]
) -> tuple[list[int], tuple[Level, ...]]:
    """The levels of a slide that is not cropped and says nothing of its tiles.

    Returns:
        which of the file's levels can be used, and these.
    """
    factors = level_factors(sizes, downsamples, [None] * len(sizes))
    frame = Frame(0, 0, *sizes[0])
    used = [(i, pair) for i, pair in enumerate(factors) if pair is not None]
    levels = tuple(frame.level(sizes[0], sizes[i], pair) for i, pair in used)
    return [i for i, _ in used], levels


def _end(end_l0: int, length_l0: int, length: int, factor: float) -> int:
    """One past the last px of a level, on the file's grid."""
    end = math.ceil(end_l0 / factor)
    return min(end, length) if end_l0 <= length_l0 else end


def frame_of(properties: Mapping[str, str], size_l0: Size, crop_to_bounds: bool) -> Frame:
    """The frame QuPath shows: ``openslide.bounds-*`` just as they are.

    They may be negative or reach over the file. Bounds that are no numbers, are empty or do not
    touch the file at all are not used.
    """
    whole = Frame(0, 0, *size_l0)
    keys = [f"openslide.bounds-{name}" for name in ("x", "y", "width", "height")]
    if not crop_to_bounds:
        return whole
    try:
        x_file, y_file, width, height = (int(properties[key]) for key in keys)
    except (KeyError, ValueError):
        return whole
    touches_x = x_file < size_l0[0] and x_file + width > 0 < width
    touches_y = y_file < size_l0[1] and y_file + height > 0 < height
    return Frame(x_file, y_file, width, height) if touches_x and touches_y else whole

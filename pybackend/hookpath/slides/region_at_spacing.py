"""Any region at any µm/px: read the nearest finer level on its own grid, then average by area."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from hookpath.geometry import Region
from hookpath.slides.area_averaging import WHOLE, Axis, area_average
from hookpath.slides.channels import Pixels
from hookpath.slides.slide_base import Level, Slide

#: A level this much coarser than asked still counts as fine enough: 0.2522 µm/px halved twice is
#: 1.009, and reading four times the pixels for 1 % of sharpness is a bad trade. Area weights keep
#: positions exact either way.
COARSER_ALLOWED = 1.02

#: Level pixels held at once; larger regions are read in strips of output rows.
STRIP_PIXELS = 4 * 2**20


def best_level(levels: Sequence[Level], downsample_x: float, downsample_y: float) -> int:
    """The coarsest level that is at least as fine as asked (2 % coarser passes), along x and y."""
    fitting = [
        index
        for index, level in enumerate(levels)
        if level.downsample_x <= downsample_x * COARSER_ALLOWED
        and level.downsample_y <= downsample_y * COARSER_ALLOWED
    ]
    return max(fitting, key=lambda index: levels[index].downsample_x, default=0)


def read_region(slide: Slide, region: Region) -> Pixels:
    """The region at exactly its spacing, every output pixel the mean over the area it covers.

    What is off the slide is not asked for: a wide context about a point near the edge, or on a
    small slide, is mostly off it. Finer than level 0, an output pixel lies inside one level-0
    pixel and takes its colour (or the area-weighted mix where it straddles two).

    Returns:
        ``(region.height, region.width, channels)`` of the slide's type; off the slide is its
        `ground` (white).

    Raises:
        SlideError: the file is damaged there.
    """
    left, right = _on_slide(region.x_l0, region.downsample_x, region.width, slide.width_l0)
    top, bottom = _on_slide(region.y_l0, region.downsample_y, region.height, slide.height_l0)
    if (right - left, bottom - top) == (region.width, region.height):
        return _read_inside(slide, region)
    shape = region.height, region.width, len(slide.channels)
    out = np.full(shape, slide.ground, slide.dtype)
    if left < right and top < bottom:
        inside = Region(
            region.x_l0 + left * region.downsample_x,
            region.y_l0 + top * region.downsample_y,
            right - left,
            bottom - top,
            region.downsample_x,
            region.downsample_y,
        )
        out[top:bottom, left:right] = _read_inside(slide, inside)
    return out


def _on_slide(start_l0: float, step: float, count: int, length_l0: int) -> tuple[int, int]:
    """First, and one past the last, of `count` output pixels that share area with the slide."""
    first = min(max(math.floor(-start_l0 / step), 0), count)
    end = min(max(math.ceil((length_l0 - start_l0) / step), first), count)
    return first, end


def _read_inside(slide: Slide, region: Region) -> Pixels:
    """See `read_region`; every pixel of `region` shares area with the slide."""
    level = best_level(slide.levels, region.downsample_x, region.downsample_y)
    ratio_x, ratio_y = _ratios(slide.levels[level], region)
    per_row = max(1.0, region.width * ratio_x * ratio_y)
    rows = max(1, int(STRIP_PIXELS / per_row))
    if rows >= region.height:
        return _read_strip(slide, level, region, 0, region.height)
    strips = [
        _read_strip(slide, level, region, top, min(rows, region.height - top))
        for top in range(0, region.height, rows)
    ]
    return np.concatenate(strips)


def _ratios(level: Level, region: Region) -> tuple[float, float]:
    return region.downsample_x / level.downsample_x, region.downsample_y / level.downsample_y


def _window(start: float, length: float) -> tuple[int, int]:
    """(first whole pixel, how many) that cover ``[start, start + length)``."""
    first = math.floor(start + WHOLE)
    return first, max(1, math.ceil(start + length - WHOLE) - first)


def _read_strip(slide: Slide, index: int, region: Region, top: int, rows: int) -> Pixels:
    level = slide.levels[index]
    ratio_x, ratio_y = _ratios(level, region)
    x_lv = (region.x_l0 - level.origin_x_l0) / level.downsample_x
    y_lv = (region.y_l0 - level.origin_y_l0) / level.downsample_y + top * ratio_y
    left, width = _window(x_lv, region.width * ratio_x)
    upper, height = _window(y_lv, rows * ratio_y)
    shift_x, shift_y = slide.grid_shift(index, left, upper)
    if shift_x or shift_y:
        # The grid that comes back starts a little off: read one more on each side.
        left, upper, width, height = left - 1, upper - 1, width + 2, height + 2
        shift_x, shift_y = slide.grid_shift(index, left, upper)
    pixels = slide.read_level(index, left, upper, width, height)
    along_y = Axis(y_lv - upper - shift_y, ratio_y, rows)
    along_x = Axis(x_lv - left - shift_x, ratio_x, region.width)
    return area_average(pixels, along_y, along_x)

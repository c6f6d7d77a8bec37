"""Where on a slide there is tissue: a mask at low resolution."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

from hookpath.geometry import Region
from hookpath.slides.rgb_rendering import BrightnessSlide
from hookpath.slides.slide_base import RGBArray, Slide
from hookpath.slides.slide_wrapper import own_slide
from hookpath.slides.tissue_thresholds import (
    BoolMask,
    bright_tissue,
    is_dark,
    raw_tissue,
    saturated,
)

#: The mask never has more px than this; a larger slide gets a coarser mask (3 bytes a px are held,
#: and about 8 more while shapes are cleaned up).
MAX_MASK_PIXELS = 2**24

#: Rows of the mask read at once.
STRIP_ROWS = 256

#: Gaps up to twice this wide are closed.
CLOSED_UM = 24.0
#: Holes up to this area are filled: lumens, vessels, fat vacuoles, alveoli.
FILLED_HOLE_UM2 = 100_000.0
#: Pieces smaller than this are dust.
DUST_UM2 = 1_000.0
#: Tissue reaches this far beyond what was seen: ragged, pale edges.
MARGIN_UM = 16.0

TISSUE_GROWTH_UM = 100.0
"""Prediction reaches this far beyond tissue: it closes lumens and fat vacuoles, and keeps ragged
edges."""

#: Sides of the squares that H2G-Net closes gaps with, px.
CLOSED_SQUARES = (5, 3)

Bounds = tuple[float, float, float, float]

TissueRule = Literal["generous", "saturation"]
"""How tissue is distinguished from glass, see `tissue_mask`."""


@dataclass(frozen=True)
class TissueMask:
    """Tissue (True) or not, px by px.

    Attributes:
        mask: ``(H, W)`` bool; px (column i, row j) covers the level-0 rectangle that starts at
            (i · dx, j · dy). All px together cover the slide exactly.
        downsample: (dx, dy), level-0 px per mask px.
    """

    mask: BoolMask
    downsample: tuple[float, float]

    def covers(self, bounds_l0: Bounds) -> bool:
        """Whether any tissue lies in the box (min x, min y, max x, max y), in level-0 px."""
        return bool(self._window(bounds_l0).any())

    def fraction(self, bounds_l0: Bounds) -> float:
        """Share of the box that is tissue, by area; what lies off the slide is none."""
        x0, y0, x1, y1 = bounds_l0
        if not (x1 > x0 and y1 > y0):
            return 0.0
        (dx, dy), (rows, columns) = self.downsample, self.mask.shape
        across = _overlaps(x0 / dx, x1 / dx, columns)
        along = _overlaps(y0 / dy, y1 / dy, rows)
        tissue = along @ self._window(bounds_l0) @ across
        return float(tissue * dx * dy / ((x1 - x0) * (y1 - y0)))

    def _window(self, bounds_l0: Bounds) -> BoolMask:
        """The px that the box touches."""
        (dx, dy), (rows, columns) = self.downsample, self.mask.shape
        left, right = _touched(bounds_l0[0] / dx, bounds_l0[2] / dx, columns)
        top, bottom = _touched(bounds_l0[1] / dy, bounds_l0[3] / dy, rows)
        return self.mask[top:bottom, left:right]


def _touched(start: float, stop: float, size: int) -> tuple[int, int]:
    """First and one past last of `size` px that ``[start, stop)`` touches."""
    first = min(max(math.floor(start), 0), size)
    return first, max(first, min(math.ceil(stop), size))


def _overlaps(start: float, stop: float, size: int) -> npt.NDArray[np.float64]:
    """How much of each touched px lies in ``[start, stop)``."""
    index = np.arange(*_touched(start, stop, size))
    overlap = np.minimum(index + 1, stop) - np.maximum(index, start)
    return np.asarray(overlap, np.float64)


def tissue_mask(slide: Slide, spacing_um: float = 8.0, rule: TissueRule = "generous") -> TissueMask:
    """Find the tissue.

    ``generous``: rather too much than too little. Bright slides (H&E, PAS, IHC…): whatever is
    darker or more coloured than the glass. Dark slides (fluorescence): whatever is brighter than
    the ground. Then gaps and holes are closed, dust is dropped and a margin added (`_tissue_rules`
    has the pixel rules and tells dark from bright). Pen and the rims of bubbles count as tissue;
    white where tiles are missing does not.

    ``saturation``: as H2G-Net (Pedersen et al. 2022, section 2.2) on ×1.25, which is 8 µm/px: HSV
    saturation above 20 of 255, then a closing with 5 × 5 and one with 3 × 3 px. Coloured stains on
    bright ground; holes, dust and pale edges stay as they are.

    Images that are no RGB are looked at in all their channels, whichever a network takes: a px is
    as bright as its brightest channel (`slides.rendering`), and tissue is whatever is brighter than
    the ground; all of it, where no ground is seen.

    Args:
        spacing_um: µm per mask px; the mask is coarser where the slide itself is, or where it would
            exceed `MAX_MASK_PIXELS`, and a hair finer so that whole px fill the slide.

    Raises:
        MissingSpacingError: µm/px is unknown.
        SlideError: the slide is damaged.
    """
    columns, rows = _grid(slide, spacing_um)
    dx, dy = slide.width_l0 / columns, slide.height_l0 / rows
    whole = own_slide(slide)
    if not whole.is_rgb:
        slide, rule = BrightnessSlide(whole), "generous"
    rgb = np.empty((rows, columns, 3), np.uint8)
    for top, strip in _strips(slide, columns, rows, (dx, dy)):
        rgb[top : top + len(strip)] = strip
    if rule == "saturation":
        return TissueMask(_closed_by_squares(saturated(rgb)), (dx, dy))
    dark = not whole.is_rgb and not whole.ground
    mask = bright_tissue(rgb[..., 0]) if dark else raw_tissue(rgb)
    del rgb
    px_um = dx * slide.calibration.mpp_x, dy * slide.calibration.mpp_y
    return TissueMask(_tidied(mask, px_um), (dx, dy))


#: Side of the overview that tells a dark slide, in px.
_OVERVIEW = 256


def is_dark_slide(slide: Slide) -> bool:
    """Whether an RGB slide has a dark ground, as fluorescence shown in colours has.

    Raises:
        SlideError: the slide is damaged.
    """
    step = max(1.0, max(slide.width_l0, slide.height_l0) / _OVERVIEW)
    width, height = (max(1, int(side / step)) for side in (slide.width_l0, slide.height_l0))
    return is_dark(np.asarray(slide.read(Region(0, 0, width, height, step, step))))


def _grid(slide: Slide, spacing_um: float) -> tuple[int, int]:
    """(columns, rows) of the mask."""
    dx, dy = slide.calibration.downsample(spacing_um)
    dx, dy = max(dx, 1.0), max(dy, 1.0)
    excess = (slide.width_l0 / dx) * (slide.height_l0 / dy) / MAX_MASK_PIXELS
    coarser = math.sqrt(max(1.0, excess))
    columns = max(1, math.ceil(slide.width_l0 / (dx * coarser) - 1e-6))
    return columns, max(1, math.ceil(slide.height_l0 / (dy * coarser) - 1e-6))


def _strips(
    slide: Slide, columns: int, rows: int, downsample: tuple[float, float]
) -> Iterator[tuple[int, RGBArray]]:
    dx, dy = downsample
    for top in range(0, rows, STRIP_ROWS):
        height = min(STRIP_ROWS, rows - top)
        yield top, slide.read(Region(0, top * dy, columns, height, dx, dy))


def _tidied(mask: BoolMask, px_um: tuple[float, float]) -> BoolMask:
    px_area = px_um[0] * px_um[1]
    side = math.sqrt(px_area)
    closed = _closed(mask, round(CLOSED_UM / side))
    kept = _without_small(closed, DUST_UM2 / px_area)
    filled = ~_without_small(~kept, FILLED_HOLE_UM2 / px_area, keep_at_edge=True)
    return _grown(filled, math.ceil(MARGIN_UM / side))


def _closed_by_squares(mask: BoolMask) -> BoolMask:
    from scipy import ndimage

    for side in CLOSED_SQUARES:
        wide = np.pad(mask, side)
        wide = ndimage.binary_closing(wide, np.ones((side, side), bool))
        mask = np.asarray(wide[side:-side, side:-side])
    return mask


def _closed(mask: BoolMask, steps: int) -> BoolMask:
    """Closing; with room around it, so that nothing is eroded at the slide's edge."""
    if steps == 0:
        return mask
    shrunk = ~_grown(~_grown(np.pad(mask, steps), steps), steps)
    return shrunk[steps:-steps, steps:-steps]


def _grown(mask: BoolMask, steps: int) -> BoolMask:
    """Grown by `steps` px, in turns along the sides and the diagonals (an octagon)."""
    from scipy import ndimage

    for step in range(steps):
        shape = ndimage.generate_binary_structure(2, 1 + step % 2)
        mask = ndimage.binary_dilation(mask, shape)
    return mask


def _without_small(mask: BoolMask, least_px: float, keep_at_edge: bool = False) -> BoolMask:
    """Without connected pieces of fewer than `least_px` px (corner contact counts for none)."""
    from scipy import ndimage

    pieces, count = ndimage.label(mask)
    keep = np.bincount(pieces.ravel(), minlength=count + 1) >= least_px
    if keep_at_edge:
        for edge in (pieces[0], pieces[-1], pieces[:, 0], pieces[:, -1]):
            keep[edge] = True
    keep[0] = False
    return np.asarray(keep[pieces])

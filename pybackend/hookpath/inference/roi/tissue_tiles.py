"""Which part of a slide's output grid is wanted: tissue, or what lies inside given regions."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from shapely import STRtree, box
from shapely.geometry.base import BaseGeometry

from hookpath.geometry import Calibration, Region
from hookpath.inference.aligned_tile_grids import Box
from hookpath.slides import TISSUE_GROWTH_UM, TissueMask, TissueRule, tissue_mask
from hookpath.slides.slide_base import Slide

CELL = 64
"""Side in target px of the squares that are wanted or not; the same for every tile size, so that
the tile size never shows in a result. A multiple of 2^D up to D = 6."""

BoolGrid = npt.NDArray[np.bool_]

Tissue = bool | TissueRule
"""Only where there is tissue, by which rule; True: ``generous``. False: everywhere."""


@dataclass(frozen=True)
class OutputGrid:
    """Output pixels of a slide: pixel i covers level-0 [(start + i)·downsample, …).

    A slide's results have `start` (0, 0). Computing may start up to one context pixel before (see
    `hookpath.inference.aligned_tile_grids.aligned_start`).
    """

    width: int
    height: int
    downsample: tuple[float, float]
    start: tuple[int, int] = (0, 0)

    @classmethod
    def of_slide(cls, slide: Slide, spacing_um: float) -> OutputGrid:
        """The grid that covers all of `slide` at `spacing_um`.

        Raises:
            MissingSpacingError: the slide's µm/px is unknown.
        """
        dx, dy = slide.calibration.downsample(spacing_um)
        # A sliver of a pixel that is rounding error is no pixel.
        width = max(1, math.ceil(slide.width_l0 / dx - 1e-6))
        height = max(1, math.ceil(slide.height_l0 / dy - 1e-6))
        return cls(width, height, (dx, dy))

    def starting_at(self, start: tuple[int, int]) -> OutputGrid:
        """The grid with the same end and pixels, from `start` (both ≤ 0) on."""
        return OutputGrid(self.width - start[0], self.height - start[1], self.downsample, start)

    def region(self, window: Box) -> Region:
        """A window of the grid, placed on the slide."""
        dx, dy = self.downsample
        x, y = window.x + self.start[0], window.y + self.start[1]
        return Region(x * dx, y * dy, window.width, window.height, dx, dy)


@dataclass(frozen=True)
class CellRule:
    """Which squares of the output grid are wanted.

    Attributes:
        side: of a square, in output px.
        grown_um: tissue counts up to this far around a square.
        share: more than this share of the (grown) square must be tissue.
        touched: px count that an annotated region touches at all; False: those whose centre is
            inside.
    """

    side: int = CELL
    grown_um: float = TISSUE_GROWTH_UM
    share: float = 0.0
    touched: bool = False


@dataclass(frozen=True)
class Cover:
    """The wanted squares of an output grid, and the exact regions inside which pixels count.

    Attributes:
        cells: ``(rows, columns)`` bool, one per square of `rule.side` px.
        inside: geometries in level-0 px; empty: no further restriction.
    """

    grid: OutputGrid
    cells: BoolGrid
    inside: tuple[BaseGeometry, ...] = ()
    rule: CellRule = CellRule()

    def wanted(self, window: Box) -> Box | None:
        """The smallest rectangle of whole cells with all that is wanted in `window`, or None.

        `window` starts at a multiple of the cell's side; the result is clipped to it in whole
        cells.
        """
        side = self.rule.side
        rows, columns = np.nonzero(self._cells_of(window))
        if rows.size == 0:
            return None
        x0, x1 = int(columns.min()), int(columns.max()) + 1
        y0, y1 = int(rows.min()), int(rows.max()) + 1
        return Box(window.x + side * x0, window.y + side * y0, side * (x1 - x0), side * (y1 - y0))

    def touches(self, window: Box) -> bool:
        """Whether a wanted cell shares px with `window`, wherever that starts."""
        return bool(self._cells_of(window).any())

    def mask(self, window: Box) -> BoolGrid:
        """``(height, width)`` bool, per output pixel of `window`, which lies on the grid."""
        side = self.rule.side
        rows = np.arange(window.y, window.y + window.height) // side
        columns = np.arange(window.x, window.x + window.width) // side
        fine = self.cells[np.ix_(rows, columns)]
        return fine & self._inside(window) if self.inside else fine

    def _cells_of(self, window: Box) -> BoolGrid:
        side = self.rule.side
        y0, x0 = window.y // side, window.x // side
        y1, x1 = -(-(window.y + window.height) // side), -(-(window.x + window.width) // side)
        return self.cells[y0:y1, x0:x1]

    def _inside(self, window: Box) -> BoolGrid:
        region = self.grid.region(window)
        near = STRtree(self.inside).query(box(*region.bounds_l0))
        if near.size == 0:
            return np.zeros((window.height, window.width), bool)
        return _rasterise([self.inside[i] for i in near], region, self.rule.touched)


def cover_of(
    slide: Slide,
    grid: OutputGrid,
    inside: Sequence[BaseGeometry] | None = None,
    tissue: Tissue = True,
    rule: CellRule | None = None,
) -> Cover:
    """What is wanted of a slide: tissue (grown a little), inside the given regions if any.

    Args:
        inside: area geometries in level-0 px; None: the whole slide.
        tissue: by which rule it is found; True: ``generous``, False: glass is wanted, too.
        rule: how large the squares are, and how much tissue one needs.
    """
    rule = rule or CellRule()
    shape = -(-grid.height // rule.side), -(-grid.width // rule.side)
    if tissue is False:
        cells = np.ones(shape, bool)
    else:
        found = tissue_mask(slide, rule="generous" if tissue is True else tissue)
        cells = _tissue_cells(found, slide.calibration, grid, shape, rule)
    if inside is None:
        return Cover(grid, cells, rule=rule)
    areas = tuple(g for g in inside if g.area > 0)
    return Cover(grid, cells & _cells_touching(areas, grid, shape, rule.side), areas, rule)


def _tissue_cells(
    found: TissueMask,
    spacing: Calibration,
    grid: OutputGrid,
    shape: tuple[int, int],
    rule: CellRule,
) -> BoolGrid:
    mask_x, mask_y = found.downsample
    rows, columns = found.mask.shape
    grown_x, grown_y = rule.grown_um / spacing.mpp_x, rule.grown_um / spacing.mpp_y
    (start_x, start_y), (dx, dy) = grid.start, grid.downsample
    along_y = _ranges(shape[0], start_y * dy, rule.side * dy, grown_y, mask_y)
    along_x = _ranges(shape[1], start_x * dx, rule.side * dx, grown_x, mask_x)
    top, bottom = (edge.clip(0, rows) for edge in along_y)
    left, right = (edge.clip(0, columns) for edge in along_x)
    sums = np.zeros((rows + 1, columns + 1), np.int32)
    np.cumsum(np.cumsum(found.mask, axis=0, dtype=np.int32), axis=1, out=sums[1:, 1:])
    below = sums[np.ix_(bottom, right)] - sums[np.ix_(bottom, left)]
    above = sums[np.ix_(top, right)] - sums[np.ix_(top, left)]
    area = np.outer(along_y[1] - along_y[0], along_x[1] - along_x[0])
    return np.asarray(below - above > rule.share * area)


def _ranges(
    count: int, start_l0: float, cell_l0: float, grown_l0: float, mask_l0: float
) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.intp]]:
    """First and one past last mask px under each of `count` cells, grown on both sides."""
    starts = start_l0 + np.arange(count) * cell_l0
    first = np.floor((starts - grown_l0) / mask_l0)
    last = np.ceil((starts + cell_l0 + grown_l0) / mask_l0)
    return first.astype(np.intp), last.astype(np.intp)


def _cells_touching(
    areas: Sequence[BaseGeometry], grid: OutputGrid, shape: tuple[int, int], side: int
) -> BoolGrid:
    if not areas:
        return np.zeros(shape, bool)
    dx, dy = grid.downsample
    x, y = grid.start[0] * dx, grid.start[1] * dy
    return _rasterise(areas, Region(x, y, shape[1], shape[0], side * dx, side * dy), touched=True)


def _rasterise(areas: Sequence[BaseGeometry], region: Region, touched: bool) -> BoolGrid:
    """``(height, width)`` bool: px whose centre lies inside (or that are touched at all)."""
    from affine import Affine
    from rasterio.features import rasterize

    shape = (region.height, region.width)
    annotated = rasterize(
        areas, shape, transform=Affine(*region.affine_l0), dtype="uint8", all_touched=touched
    )
    return np.asarray(annotated, bool)

"""The lattice of tiles that features of a slide are made and kept in.

It is part of the grids that prediction uses (`hookpath.inference.aligned_tile_grids`), so a cell
has the same features when it is learned from and when it is predicted.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from hookpath.geometry import Region
from hookpath.inference.aligned_tile_grids import BranchGrid, aligned_start, branch_grids
from hookpath.inference.roi.tissue_tiles import CELL, CellRule, Cover, OutputGrid
from hookpath.inference.tile_order import Plan, TileSizes
from hookpath.models import FeatureProbe
from hookpath.slides import Slide

TileKey = tuple[int, int]
"""(row, column) on a slide's lattice."""

#: Px of a tile's side. Small: strokes are thin, and what they do not touch is made for nothing.
#: Not smaller: a tile's margin, which is made for nothing too, stays the same.
TILE = 128
#: Px of a context tile's side, and how many tiles it is worth being so large for: of a few, most of
#: it would be of no use.
_CONTEXT, _MANY = 256, 8


@dataclass(frozen=True)
class Lattice:
    """Tiles over one slide.

    Attributes:
        grids: of the network's branches.
        grid: output px of the slide, from where computing starts.
        side: px of a tile's side.
        cell: px of a cell's side.
        offset: px from a tile's corner to that of its first cell (≤ 0).
        shift: px from a cell's centre to what it looks at.
    """

    grids: tuple[BranchGrid, ...]
    grid: OutputGrid
    side: int
    cell: int
    offset: int
    shift: float

    @classmethod
    def of(cls, model: FeatureProbe, slide: Slide) -> Lattice:
        """The lattice of a network on a slide.

        Raises:
            MissingSpacingError: the slide's µm/px is unknown.
        """
        grids = branch_grids(model)
        grid = OutputGrid.of_slide(slide, model.branches[0].spacing_um)
        start = aligned_start(grids, slide, grid.downsample)
        shape, depth = model.shapes[0], model.working_depth
        return cls(
            grids=grids,
            grid=grid.starting_at(start),
            side=math.lcm(TILE, CELL, grids[0].phase),
            cell=2**depth,
            offset=round(shape.margin(depth) - shape.margin(0)),
            shift=model.cell_shift,
        )

    def cells_of(self, key: TileKey) -> Region:
        """A tile's cells on the slide, as they look: where their labels are to be taken."""
        (dx, dy), (x, y) = self.grid.downsample, self.grid.start
        row, column = key
        moved, count = self.offset + self.shift, self.side // self.cell
        return Region(
            (x + column * self.side + moved) * dx,
            (y + row * self.side + moved) * dy,
            count,
            count,
            self.cell * dx,
            self.cell * dy,
        )

    def under(self, bounds_l0: tuple[float, float, float, float]) -> Iterator[TileKey]:
        """Tiles that may have cells in a rectangle (level-0 px)."""
        (dx, dy), (x, y) = self.grid.downsample, self.grid.start
        left, top, right, bottom = bounds_l0
        moved, side = self.offset + self.shift, self.side
        rows, columns = -(-self.grid.height // side), -(-self.grid.width // side)

        def span(low: float, high: float, count: int) -> range:
            first, last = math.floor((low - moved) / side), math.floor((high - moved) / side)
            return range(max(0, first), min(count - 1, last) + 1)

        for row in span(top / dy - y, bottom / dy - y, rows):
            for column in span(left / dx - x, right / dx - x, columns):
                yield row, column

    def plan(self, keys: set[TileKey]) -> Plan:
        """What to compute, and in which order, for the given tiles and no others."""
        side = self.side
        wanted = np.zeros((-(-self.grid.height // side), -(-self.grid.width // side)), bool)
        for row, column in keys:
            wanted[row, column] = True
        cover = Cover(self.grid, wanted, rule=CellRule(side=side))
        wide = _CONTEXT if len(keys) > _MANY else TILE
        context = tuple(math.lcm(wide, g.phase) for g in self.grids[1:])
        return Plan(self.grids, cover, TileSizes((side, side), context))

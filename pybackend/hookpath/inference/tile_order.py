"""What is computed in which order: rows of target tiles, each preceded by the context it needs."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from hookpath.geometry import Region
from hookpath.inference.aligned_tile_grids import Box, BranchGrid, round_up
from hookpath.inference.roi.tissue_tiles import CELL, Cover, OutputGrid

TileKey = tuple[int, int]
"""(row, column) of a context tile on its branch's grid; either may be negative."""


@dataclass(frozen=True)
class TileSizes:
    """Px of output that one tile gives: `target` (width, height); `context` side per branch.

    ``context[i]`` belongs to branch ``i + 1``, in its own px, and is a multiple of its phase.
    """

    target: tuple[int, int]
    context: tuple[int, ...] = ()


@dataclass(frozen=True)
class Step:
    """Run one branch on one tile: `box` in the branch's px, `region` is what to read."""

    branch: int
    box: Box
    region: Region

    @property
    def regions(self) -> tuple[Region, ...]:
        """The one that is read."""
        return (self.region,)


@dataclass(frozen=True)
class RowEnd:
    """A row of target tiles is complete; context tile rows before ``keep_from`` are done with.

    ``keep_from[i]`` belongs to branch ``i + 1``.
    """

    y_out: int
    height: int
    keep_from: tuple[int, ...] = ()


class Plan:
    """Steps over one slide. Everything in it follows from geometry, so it can be read ahead."""

    def __init__(self, grids: Sequence[BranchGrid], cover: Cover, sizes: TileSizes) -> None:
        self.grids, self.cover, self.sizes = grids, cover, sizes

    def windows(self) -> Iterator[tuple[Box, Box | None]]:
        """Every target tile's window, row by row, and what is wanted in it."""
        width, height = self.sizes.target
        grid = self.cover.grid
        for y in range(0, grid.height, height):
            for x in range(0, grid.width, width):
                window = Box(x, y, min(width, grid.width - x), min(height, grid.height - y))
                yield window, self._in_phase(self.cover.wanted(window), window)

    def _in_phase(self, wanted: Box | None, window: Box) -> Box | None:
        """Of whole phases of the target's grid from the window's start, where cells are finer."""
        phase = self.grids[0].phase
        if wanted is None or CELL % phase == 0:
            return wanted
        left, top = (wanted.x - window.x) // phase * phase, (wanted.y - window.y) // phase * phase
        width = round_up(wanted.x + wanted.width - window.x - left, phase)
        height = round_up(wanted.y + wanted.height - window.y - top, phase)
        return Box(window.x + left, window.y + top, width, height)

    def count(self) -> int:
        """Number of target tiles that will be computed."""
        return sum(wanted is not None for _, wanted in self.windows())

    def steps(self) -> Iterator[Step | RowEnd]:
        """All steps in order; every step's context comes before it."""
        started: list[set[TileKey]] = [set() for _ in self.grids[1:]]
        for window, wanted in self.windows():
            if wanted is not None:
                yield from self._with_context(0, wanted, started)
            if window.x + window.width < self.cover.grid.width:
                continue
            keep_from = self._keep_from(window.y + window.height)
            for keys, first in zip(started, keep_from, strict=True):
                keys.difference_update([k for k in keys if k[0] < first])
            yield RowEnd(window.y, window.height, keep_from)

    def _with_context(self, branch: int, box: Box, started: list[set[TileKey]]) -> Iterator[Step]:
        grid = self.grids[branch]
        if grid.hook_depth is not None:
            side = self.sizes.context[branch]
            for key in self.keys_under(branch, grid.hook_cells(box, self.grids[branch + 1])):
                if key not in started[branch]:
                    started[branch].add(key)
                    context = Box(key[1] * side, key[0] * side, side, side)
                    yield from self._with_context(branch + 1, context, started)
        here = self.cover.grid
        yield Step(branch, box, grid.input_region(box, here.downsample, here.start))

    def cells_per_tile(self, branch: int) -> int:
        """Side of a tile's hook map in cells, for the branch that hooks into `branch`."""
        return self.sizes.context[branch] // self.grids[branch + 1].cell

    def keys_under(self, branch: int, cells: Box) -> Iterator[TileKey]:
        """The tiles whose hook maps hold `cells` that `branch` takes in."""
        side = self.cells_per_tile(branch)
        for row in range(cells.y // side, (cells.y + cells.height - 1) // side + 1):
            for column in range(cells.x // side, (cells.x + cells.width - 1) // side + 1):
                yield row, column

    def _keep_from(self, y_out: int) -> tuple[int, ...]:
        """First context tile row that anything from target row `y_out` on may still need."""
        rows: list[int] = []
        start = y_out
        for branch in range(len(self.grids) - 1):
            phase = self.grids[branch].phase
            box = Box(0, start // phase * phase, phase, phase)
            cells = self.grids[branch].hook_cells(box, self.grids[branch + 1])
            rows.append(cells.y // self.cells_per_tile(branch))
            start = rows[-1] * self.sizes.context[branch]
        return tuple(rows)


def choose_sizes(
    grids: Sequence[BranchGrid], grid: OutputGrid, side: int, row_px: int | None = None
) -> TileSizes:
    """Tile sizes from the side in px of the largest square tile that fits.

    Args:
        side: for every branch's tile; rounded down to whole cells.
        row_px: most px that one row of target tiles may hold; wide slides get lower tiles.
    """
    phase = math.lcm(grids[0].phase, CELL)
    side = max(phase, side // phase * phase)
    width, height = (min(side, round_up(n, phase)) for n in (grid.width, grid.height))
    if row_px is not None:
        height = min(height, max(phase, row_px // grid.width // phase * phase))
    return TileSizes((width, height), _context_sides(grids, width, height, side))


def _context_sides(
    grids: Sequence[BranchGrid], width: int, height: int, side: int
) -> tuple[int, ...]:
    """Context costs a fraction of the target: small tiles keep the band in memory low.

    Two target tiles across, at least 256 px (a smaller tile is mostly margin), never more than a
    target tile or what one target tile needs if that is the whole slide.
    """
    sides: list[int] = []
    for grid in grids[1:]:
        wanted = max(256, 2 * max(width, height) // grid.scale)
        sides.append(max(grid.phase, min(wanted, side) // grid.phase * grid.phase))
    return tuple(sides)

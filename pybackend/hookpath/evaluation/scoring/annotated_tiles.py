"""Which parts of a prediction must be read: only the tiles that somebody drew in."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator

import numpy as np
import shapely
from shapely.geometry.base import BaseGeometry

from hookpath.geometry import Region

#: Output pixels along a tile's side: a few MB a tile, whatever the slide's size.
TILE = 1024


def covering_grid(grid: Region, width_l0: int, height_l0: int) -> Region:
    """`grid` carried on, in whole pixels of its own, until it covers the slide.

    A map of a part of the slide must not hide what was drawn elsewhere.
    """
    left = max(0, math.ceil(grid.x_l0 / grid.downsample_x - 1e-6))
    top = max(0, math.ceil(grid.y_l0 / grid.downsample_y - 1e-6))
    x0, y0 = grid.x_l0 - left * grid.downsample_x, grid.y_l0 - top * grid.downsample_y
    width = max(left + grid.width, math.ceil((width_l0 - x0) / grid.downsample_x - 1e-6))
    height = max(top + grid.height, math.ceil((height_l0 - y0) / grid.downsample_y - 1e-6))
    return Region(x0, y0, width, height, grid.downsample_x, grid.downsample_y)


#: Class maps coarser than this are scored on a grid of this µm/px.
COARSEST_UM = 4.0


def scoring_grid(grid: Region, spacing_um: float, wanted_um: float | None) -> tuple[Region, float]:
    """On what pixels a class map is scored.

    A map of large pixels (a patch classifier's) alone must not decide how coarsely the truth
    is annotated: it is scored at `COARSEST_UM`, other maps on their own grid.

    Args:
        grid: of the class map.
        spacing_um: its µm/px.
        wanted_um: the µm/px asked for; None: as said above.

    Returns:
        The grid over the map's area, and its µm/px.
    """
    wanted = min(spacing_um, COARSEST_UM) if wanted_um is None else wanted_um
    if math.isclose(wanted, spacing_um, rel_tol=1e-6):
        return grid, spacing_um
    share = wanted / spacing_um
    width, height = (max(1, math.ceil(n / share - 1e-6)) for n in (grid.width, grid.height))
    dx, dy = grid.downsample_x * share, grid.downsample_y * share
    return Region(grid.x_l0, grid.y_l0, width, height, dx, dy), wanted


def tile_of(grid: Region, column: int, row: int, tile: int = TILE) -> Region:
    """One tile of `grid`, clipped to it; its pixels are pixels of the grid."""
    x_out, y_out = column * tile, row * tile
    return Region(
        grid.x_l0 + x_out * grid.downsample_x,
        grid.y_l0 + y_out * grid.downsample_y,
        min(tile, grid.width - x_out),
        min(tile, grid.height - y_out),
        grid.downsample_x,
        grid.downsample_y,
    )


def labelled_tiles(
    grid: Region, geometries: Iterable[BaseGeometry], tile: int = TILE
) -> Iterator[Region]:
    """Tiles of `grid` (row by row) that at least one of the geometries (level-0 px) touches."""
    touched: set[tuple[int, int]] = set()
    for geometry in geometries:
        touched.update(_tiles_touched(grid, geometry, tile))
    for row, column in sorted(touched):
        yield tile_of(grid, column, row, tile)


def _tiles_touched(grid: Region, geometry: BaseGeometry, tile: int) -> list[tuple[int, int]]:
    rows, columns = _index_range(grid, geometry.bounds, tile)
    if not len(rows) or not len(columns):
        return []
    column, row = (a.ravel() for a in np.meshgrid(columns, rows))
    step_x, step_y = tile * grid.downsample_x, tile * grid.downsample_y
    x0, y0 = grid.x_l0 + column * step_x, grid.y_l0 + row * step_y
    shapely.prepare(geometry)
    hit = shapely.intersects(geometry, shapely.box(x0, y0, x0 + step_x, y0 + step_y))
    return list(zip(row[hit].tolist(), column[hit].tolist(), strict=True))


def _index_range(
    grid: Region, bounds_l0: tuple[float, float, float, float], tile: int
) -> tuple[range, range]:
    """Tile (rows, columns) under a box; empty where the box lies off the grid."""
    x0, y0, x1, y1 = bounds_l0
    columns = _axis_range(x0 - grid.x_l0, x1 - grid.x_l0, grid.downsample_x, grid.width, tile)
    rows = _axis_range(y0 - grid.y_l0, y1 - grid.y_l0, grid.downsample_y, grid.height, tile)
    return rows, columns


def _axis_range(low_l0: float, high_l0: float, downsample: float, size: int, tile: int) -> range:
    if high_l0 < 0 or low_l0 > size * downsample:
        return range(0)
    first = max(0, int(low_l0 // (downsample * tile)))
    last = min((size - 1) // tile, int(high_l0 // (downsample * tile)))
    return range(first, last + 1)

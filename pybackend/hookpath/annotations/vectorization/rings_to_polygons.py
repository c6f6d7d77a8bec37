"""Rings in px of the output grid → valid polygons in level-0 px."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import shapely

from hookpath.annotations.vectorization.border_junctions import Junctions
from hookpath.annotations.vectorization.border_simplification import Borders, Points
from hookpath.annotations.vectorization.ring_tracing import Bools, Rings
from hookpath.annotations.vectorization.row_runs import Ints

Polygons = npt.NDArray[np.object_]


@dataclass(frozen=True)
class Frame:
    """Where the map lies: ``x_l0 = origin + x_out · downsample``, not beyond `size_l0`."""

    origin_l0: tuple[float, float]
    downsample: tuple[float, float]
    size_l0: tuple[float, float] | None = None

    def to_l0(self, rings: Rings) -> Points:
        """``(corners, 2)`` level-0 positions (x, y)."""
        xy_out = np.stack([rings.x, rings.y], axis=1)
        xy_l0: Points = np.asarray(self.origin_l0, np.float64) + xy_out * self.downsample
        return xy_l0 if self.size_l0 is None else np.minimum(xy_l0, self.size_l0)


def exact_polygons(rings: Rings, frame: Frame) -> Polygons:
    """One polygon per piece, along the pixels' edges."""
    return _build(frame.to_l0(rings), rings.ring, rings)[0]


def simple_polygons(
    rings: Rings, frame: Frame, tolerance_l0: float, junctions: Junctions
) -> Polygons:
    """One polygon per piece, valid; outlines move by at most `tolerance_l0`.

    Neighbours keep their common borders, and nothing overlaps: what would not be so is made exact
    again, with all that shares its borders.
    """
    with_junctions, fixed = junctions.insert_into(rings)
    corners_l0 = frame.to_l0(with_junctions)
    borders = Borders(with_junctions, fixed, corners_l0, tolerance_l0)
    polygons, good = _build(*borders.rings(), rings)
    while (wrong := ~good | _swallowing(polygons, good, borders, rings)).any():
        changed = borders.make_exact(wrong[rings.number])
        piece = np.zeros(len(good), bool)
        piece[rings.number[changed]] = True
        if not piece.any():  # exact, and still not as it should be: the map's own outlines are
            polygons[wrong] = exact_polygons(rings.take(wrong[rings.number]), frame)
            break
        polygons[piece], good[piece] = _build(
            *_of(borders, piece[rings.number]), rings.take(piece[rings.number])
        )
    return polygons


def _of(borders: Borders, wanted: Bools) -> tuple[Points, Ints]:
    """Corners of some rings, which count from 0."""
    xy_l0, ring = borders.rings()
    which = wanted[ring]
    return xy_l0[which], (np.cumsum(wanted) - 1)[ring[which]]


def _swallowing(polygons: Polygons, good: Bools, borders: Borders, rings: Rings) -> Bools:
    """Pieces that a border of another one has come to lie in, and those others.

    Without crossing anything: a small piece, or a hole, that a simplified border has passed over.
    """
    where = np.flatnonzero(good)
    tree = shapely.STRtree(borders.middles())
    inside, border = tree.query(polygons[where], predicate="contains_properly")
    own, ring = borders.of_ring()
    # A middle is rounded: a piece's own ones may seem to lie in it.
    pairs = where[inside] + len(good) * border
    foreign = ~np.isin(pairs, rings.number[ring] + len(good) * own)
    found = np.zeros(len(good), bool)
    found[where[inside[foreign]]] = True
    found[rings.number[ring[np.isin(own, border[foreign])]]] = True
    return found


def _build(xy_l0: Points, ring: Ints, rings: Rings) -> tuple[Polygons, Bools]:
    """Polygon of each piece, and which are valid; None where a ring has too few corners."""
    size = np.bincount(ring, minlength=len(rings.piece))
    good = np.logical_and.reduceat(size >= 3, np.flatnonzero(rings.is_outline))
    usable = good[rings.number]
    corner = usable[ring]
    polygons = np.full(len(good), None, object)
    if good.any():
        line = (np.cumsum(usable) - 1)[ring[corner]]
        lines = np.asarray(shapely.linearrings(xy_l0[corner], indices=line))
        polygons[good] = shapely.polygons(
            lines, indices=(np.cumsum(good) - 1)[rings.number[usable]]
        )
    good &= shapely.is_valid(polygons)
    return polygons, good

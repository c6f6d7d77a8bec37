"""Rings in px of the output grid → valid polygons in level-0 px."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import shapely

from hookpath.annotations._chains import Points, simplified
from hookpath.annotations._junctions import Junctions
from hookpath.annotations._runs import Ints
from hookpath.annotations._trace import Bools, Rings

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

    Neighbours keep their common borders. A polygon that would not be valid stays as it was.
    """
    with_junctions, fixed = junctions.insert_into(rings)
    xy_l0, ring = simplified(with_junctions, fixed, frame.to_l0(with_junctions), tolerance_l0)
    polygons, good = _build(xy_l0, ring, rings)
    if not good.all():
        part = rings.take(~good[rings.number])
        polygons[~good] = exact_polygons(part, frame)
    return polygons


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

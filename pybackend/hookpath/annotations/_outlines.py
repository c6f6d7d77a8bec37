"""Outlines that cost more than they can be worth, and areas of outlines that cross themselves."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import shapely
from shapely.geometry import MultiPolygon, Polygon
from shapely.geometry.base import BaseGeometry

from hookpath import limits

Points = npt.NDArray[np.float64]

#: Pairs of neighbours, which always meet, for each segment; with room for how they are counted.
_NEIGHBOURS = 4
#: Segments looked at times all segments.
_LOOKS, _LEAST_LOOKS, _MOST_LOOKS = 1_000_000, 24, 128


def is_too_tangled(geometry: BaseGeometry) -> bool:
    """Whether checking, repairing or cutting it would take minutes or more.

    That goes by the pairs of segments whose bounding boxes meet, see `limits`; they are counted
    for some of the segments only.
    """
    pairs = int(shapely.get_num_coordinates(geometry)) ** 2 / 2
    if pairs < limits.TANGLED_PAIRS:
        return False
    # So few are within the bound of valid outlines, and asking is quicker than counting.
    if pairs < limits.OUTLINE_PAIRS and geometry.is_valid:
        return False
    start, end = _segments(geometry)
    beyond = _meeting_pairs(start, end) - _NEIGHBOURS * len(start)
    if beyond <= limits.TANGLED_PAIRS:
        return False
    return beyond > limits.OUTLINE_PAIRS or not geometry.is_valid


def even_odd(area: Polygon | MultiPolygon) -> BaseGeometry:
    """The area that outlines enclose by the even-odd rule: both wings of a bow-tie.

    Cut at all crossings, the outlines bound faces, each of which is inside or outside as a whole.
    As GEOS' `make_valid` gives it, which takes 50 times as long for hundreds of crossings.
    """
    lines = shapely.union_all(shapely.get_parts(shapely.boundary(area)))
    faces = shapely.get_parts(shapely.polygonize(shapely.get_parts(lines)))
    inner = shapely.get_coordinates(shapely.point_on_surface(faces))
    shapely.prepare(area)
    inside = faces[shapely.contains_xy(area, inner)]
    found: BaseGeometry = shapely.coverage_union_all(inside)
    return found if found.is_valid else shapely.make_valid(found)


def _segments(geometry: BaseGeometry) -> tuple[Points, Points]:
    """``(N, 2)`` starts and ends of all segments."""
    parts = shapely.get_parts(geometry)
    while (shapely.get_type_id(parts) > 3).any():  # collections, in collections
        parts = shapely.get_parts(parts)
    is_polygon = shapely.get_type_id(parts) == 3
    rings = np.concatenate([shapely.get_rings(parts[is_polygon]), parts[~is_polygon]])
    xy, ring = shapely.get_coordinates(rings, return_index=True)
    same = ring[1:] == ring[:-1]
    return xy[:-1][same], xy[1:][same]


def _meeting_pairs(start: Points, end: Points) -> float:
    """About how many pairs of segments have bounding boxes that meet."""
    count = len(start)
    if not count:
        return 0.0
    (x0, y0), (x1, y1) = np.minimum(start, end).T.copy(), np.maximum(start, end).T.copy()
    looks = min(count, max(_LEAST_LOOKS, min(_MOST_LOOKS, _LOOKS // count)))
    # The same outline is always judged the same way.
    picked = np.random.default_rng(0).choice(count, looks, replace=False)
    met = 0
    for i in picked:
        meets = (x0 <= x1[i]) & (x1 >= x0[i]) & (y0 <= y1[i]) & (y1 >= y0[i])
        met += int(np.count_nonzero(meets)) - 1
    return met / looks * count / 2

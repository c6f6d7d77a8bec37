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
    meeting, crossing = _meeting_pairs(start, end)
    beyond = meeting - _NEIGHBOURS * len(start)
    if beyond > limits.OUTLINE_PAIRS:
        return True
    if beyond <= limits.TANGLED_PAIRS and crossing <= limits.TANGLED_CROSSINGS:
        return False
    return not geometry.is_valid


def even_odd(area: Polygon | MultiPolygon) -> BaseGeometry | None:
    """The area that outlines enclose by the even-odd rule: both wings of a bow-tie.

    Cut at all crossings, the outlines bound faces, each of which is inside or outside as a whole.
    As GEOS' `make_valid` gives it, which takes 50 times as long for hundreds of crossings. None:
    telling what is inside would take minutes, see `limits`.
    """
    lines = shapely.union_all(shapely.get_parts(shapely.boundary(area)))
    faces = shapely.get_parts(shapely.polygonize(shapely.get_parts(lines)))
    inside = _are_inside(area, shapely.get_coordinates(shapely.point_on_surface(faces)))
    if inside is None:
        return None
    found: BaseGeometry = shapely.coverage_union_all(faces[inside])
    return found if found.is_valid else shapely.make_valid(found)


def _are_inside(area: BaseGeometry, points: Points) -> npt.NDArray[np.bool_] | None:
    """Which of ``(N, 2)`` points lie inside, tested along the axis that crosses fewer segments.

    GEOS goes along x, where it passes every tooth of a comb that stands upright.
    """
    sides = np.sort(np.stack(_segments(area)), axis=0)
    passed = np.stack(
        [
            np.searchsorted(np.sort(sides[0, :, axis]), points[:, axis], "right")
            - np.searchsorted(np.sort(sides[1, :, axis]), points[:, axis], "left")
            for axis in (1, 0)
        ]
    )
    if passed.min(axis=0).sum() > limits.TANGLED_LOOKS:
        return None
    along_y = passed[1] < passed[0]
    inside = np.zeros(len(points), np.bool_)
    shapely.prepare(area)
    inside[~along_y] = shapely.contains_xy(area, points[~along_y])
    turned = shapely.transform(area, _turned)
    shapely.prepare(turned)
    inside[along_y] = shapely.contains_xy(turned, _turned(points[along_y]))
    return inside


def _turned(xy: Points) -> Points:
    return xy[:, ::-1]


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


def _meeting_pairs(start: Points, end: Points) -> tuple[float, float]:
    """About how many pairs of segments have bounding boxes that meet, and how many cross."""
    count = len(start)
    if not count:
        return 0.0, 0.0
    (x0, y0), (x1, y1) = np.minimum(start, end).T.copy(), np.maximum(start, end).T.copy()
    looks = min(count, max(_LEAST_LOOKS, min(_MOST_LOOKS, _LOOKS // count)))
    # The same outline is always judged the same way.
    picked = np.random.default_rng(0).choice(count, looks, replace=False)
    met = crossed = 0
    for i in picked:
        meets = np.flatnonzero((x0 <= x1[i]) & (x1 >= x0[i]) & (y0 <= y1[i]) & (y1 >= y0[i]))
        met += len(meets) - 1
        crossed += int(np.count_nonzero(_cross(start[i], end[i], start[meets], end[meets])))
    return met / looks * count / 2, crossed / looks * count / 2


def _cross(a: Points, b: Points, start: Points, end: Points) -> npt.NDArray[np.bool_]:
    """Whether segments cross the one from `a` to `b` (touching, as neighbours do, is not)."""
    apart = np.sign(_side(a, b, start)) * np.sign(_side(a, b, end))
    other = np.sign(_side(start, end, a)) * np.sign(_side(start, end, b))
    return np.asarray((apart < 0) & (other < 0))


def _side(a: Points, b: Points, point: Points) -> Points:
    """> 0: the point lies left of the line from `a` to `b`; < 0: right."""
    (x, y), (to_x, to_y) = (b - a).T, (point - a).T
    return np.asarray(x * to_y - y * to_x)

"""Rings and boxes as annotation files have them ↔ geometries; holes that lie elsewhere."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import shapely
from shapely.geometry import LineString, MultiPoint, Point, Polygon, box
from shapely.geometry.base import BaseGeometry

from hookpath.annotations import PathObject, area_of
from hookpath.markup.safe_xml import NoShapeError

Positions = Sequence[tuple[float, float]]


#: A regular polygon of this many corners, of the ellipse's own area, stands for an ellipse.
ELLIPSE_CORNERS = 128


def polygon(points: Positions) -> BaseGeometry:
    """A closed outline; one that crosses itself counts by the even-odd rule.

    Raises:
        NoShapeError: fewer than three corners, or no area.
    """
    if len(set(points)) < 3:
        raise NoShapeError(f"has {len(set(points))} corners, an area needs three")
    area, _ = area_of(Polygon(points))
    if area is None:
        raise NoShapeError("encloses no area")
    return area


def rectangle(points: Positions) -> BaseGeometry:
    """Two opposite corners, or all four (which may be turned)."""
    return box(*_bounds(points)) if len(points) == 2 else polygon(points)


def ellipse(points: Positions) -> BaseGeometry:
    """The ellipse in the upright box about the points."""
    x0, y0, x1, y1 = _bounds(points)
    if not (x1 > x0 and y1 > y0):
        raise NoShapeError("encloses no area")
    angle = 2 * math.pi / ELLIPSE_CORNERS
    # A polygon of corners on the ellipse would be too small.
    grow = math.sqrt(angle / math.sin(angle))
    turns = np.arange(ELLIPSE_CORNERS) * angle
    x = (x0 + x1) / 2 + grow * (x1 - x0) / 2 * np.cos(turns)
    y = (y0 + y1) / 2 + grow * (y1 - y0) / 2 * np.sin(turns)
    return Polygon(np.column_stack([x, y]))


def line(points: Positions) -> BaseGeometry:
    """A line through the points.

    Raises:
        NoShapeError: there is one point only.
    """
    if len(set(points)) < 2:
        raise NoShapeError("is a line of one point")
    return LineString(points)


def dots(points: Positions) -> BaseGeometry:
    """One point, or several."""
    return Point(points[0]) if len(points) == 1 else MultiPoint(points)


def shape_of(
    kind: str, points: Positions, shapes: Mapping[str, Callable[[Positions], BaseGeometry]]
) -> BaseGeometry:
    """The geometry of an element of a kind.

    Raises:
        NoShapeError: no such kind, no points, or no shape that they make.
    """
    if kind not in shapes:
        raise NoShapeError(f"is of type {kind!r}, which is none of {', '.join(shapes)}")
    if not points:
        raise NoShapeError("has no points")
    return shapes[kind](points)


def _bounds(points: Positions) -> tuple[float, float, float, float]:
    xs, ys = zip(*points, strict=True)
    return min(xs), min(ys), max(xs), max(ys)


@dataclass(frozen=True)
class Cut:
    """Areas after holes were taken out; `unused` holes lay in none of them."""

    objects: list[PathObject]
    used: int
    unused: int


def cut_out(objects: Sequence[PathObject], holes: Sequence[BaseGeometry]) -> Cut:
    """Take holes out of the areas that they lie in.

    An area no larger than a hole stays: it fills the hole, or is an island in it. An area of which
    nothing is left goes.
    """
    found = list(objects)
    if not holes:
        return Cut(found, 0, 0)
    tree = shapely.STRtree([o.geometry for o in found])
    of_object: dict[int, list[BaseGeometry]] = {}
    used = 0
    for hole in holes:
        hit = [i for i in tree.query(hole, "intersects").tolist() if _cuts(hole, found[i].geometry)]
        used += bool(hit)
        for i in hit:
            of_object.setdefault(i, []).append(hole)
    for i, several in of_object.items():
        left, _ = area_of(shapely.difference(found[i].geometry, shapely.union_all(several)))
        found[i] = replace(found[i], geometry=Polygon() if left is None else left)
    kept = [o for i, o in enumerate(found) if i not in of_object or not o.geometry.is_empty]
    return Cut(kept, used, len(holes) - used)


def _cuts(hole: BaseGeometry, area: BaseGeometry) -> bool:
    if area.area <= hole.area * (1 + 1e-6):
        return False
    return bool(shapely.intersection(hole, area).area > 0)


def rings(geometry: BaseGeometry) -> Iterator[tuple[Positions, bool]]:
    """Outlines of an area, each followed by its holes (True), without the repeated last corner."""
    for part in shapely.get_parts(geometry):
        if isinstance(part, Polygon) and not part.is_empty:
            for number, ring in enumerate((part.exterior, *part.interiors)):
                corners = shapely.get_coordinates(ring)[:-1].tolist()
                yield [(x, y) for x, y in corners], number > 0


def positions(geometry: BaseGeometry) -> Positions:
    """All positions of points and lines."""
    return [(x, y) for x, y in shapely.get_coordinates(geometry).tolist()]


def moved(objects: Sequence[PathObject], dx: float, dy: float) -> list[PathObject]:
    """The objects, shifted by level-0 px."""
    if not dx and not dy:
        return list(objects)
    by = (dx, dy)
    return [replace(o, geometry=shapely.transform(o.geometry, lambda xy: xy + by)) for o in objects]

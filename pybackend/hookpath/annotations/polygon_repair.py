"""Annotated geometries → valid areas, and areas cut into small pieces for quick look-up."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import lru_cache

import numpy as np
import shapely
from shapely.geometry import MultiPolygon, Polygon, box
from shapely.geometry.base import BaseGeometry

from hookpath import limits
from hookpath.annotations.self_crossing_outlines import even_odd, is_too_tangled

Area = Polygon | MultiPolygon
"""A geometry that has an area."""

#: Level-0 px: many times the largest slide. Farther out, areas and overlaps lose their digits.
_FARTHEST_L0 = 1e9
#: Most vertices of a piece, about.
PIECE_VERTICES = 256
#: Of an area that is cut in two, of itself.
_ROUNDING = 1e-9
#: Outlines that take part of a second to cut are cut once for several readers of one image.
_SLOW_VERTICES, _KEPT = 50_000, 8


def area_of(geometry: BaseGeometry) -> tuple[Area | None, bool]:
    """The area of a geometry in 2-D, and whether it had to be repaired.

    A self-intersecting outline counts by the even-odd rule (both wings of a bow-tie stay). None:
    no area at all (points, lines, zero area, empty, coordinates that no slide has), or an outline
    that is beyond `limits`.
    """
    flat = shapely.force_2d(geometry)
    # Not a number is not below it, either.
    if flat.is_empty or not (np.abs(shapely.get_coordinates(flat)) < _FARTHEST_L0).all():
        return None, False
    if is_too_tangled(flat):
        return None, False
    if flat.is_valid:
        return keep_area(flat), False
    repaired = _repaired(flat)
    return (None if repaired is None else keep_area(repaired)), repaired is not None


def areas_of(geometries: Sequence[BaseGeometry]) -> list[tuple[Area | None, bool]]:
    """`area_of` of each; those that are valid polygons, as most are, are looked at all at once."""
    every = np.empty(len(geometries), dtype=object)
    every[:] = geometries
    plain = np.isin(shapely.get_type_id(every), (3, 6)) & ~shapely.has_z(every)
    plain &= shapely.get_num_coordinates(every) ** 2 / 2 < limits.TANGLED_PAIRS
    xy, of = shapely.get_coordinates(every, return_index=True)
    plain[of[~(np.abs(xy) < _FARTHEST_L0).all(axis=1)]] = False
    plain[plain] = shapely.is_valid(every[plain])
    plain[plain] = shapely.area(every[plain]) > 0
    found: list[tuple[Area | None, bool]] = []
    for geometry, is_plain in zip(geometries, plain.tolist(), strict=True):
        if is_plain and isinstance(geometry, Polygon | MultiPolygon):
            found.append((geometry, False))
        else:
            found.append(area_of(geometry))
    return found


def _repaired(geometry: BaseGeometry) -> BaseGeometry | None:
    if isinstance(geometry, Polygon | MultiPolygon):
        return even_odd(geometry)
    repaired: BaseGeometry = shapely.make_valid(geometry)
    return repaired


def dimension_of(geometry: BaseGeometry) -> int:
    """0: points, 1: lines, 2: areas; -1: nothing."""
    return -1 if geometry.is_empty else int(shapely.get_dimensions(geometry))


def keep_area(geometry: BaseGeometry) -> Area | None:
    """Only the polygons of a geometry, as one valid area; None where there are none."""
    if isinstance(geometry, Polygon | MultiPolygon):
        found: BaseGeometry = geometry
    else:
        parts = shapely.get_parts(geometry)
        areas = [keep_area(part) for part in parts if part is not geometry and _is_area(part)]
        # Parts of a collection may overlap: their union is what was drawn.
        found = shapely.union_all([a for a in areas if a is not None])
    if not isinstance(found, Polygon | MultiPolygon) or found.area == 0:
        return None
    return found


def _is_area(part: BaseGeometry) -> bool:
    return bool(shapely.get_dimensions(part) == 2)


def are_pieces(areas: Sequence[Area]) -> list[bool]:
    """Of each area whether it is its only piece: see `pieces_of`, which takes them one by one."""
    every = np.array([*areas, None], dtype=object)[:-1]
    small = shapely.get_num_coordinates(every) <= PIECE_VERTICES
    return list((small & (shapely.get_type_id(every) == 3) & ~shapely.is_empty(every)).tolist())


def pieces_of(area: Area, max_vertices: int = PIECE_VERTICES) -> Iterator[Polygon]:
    """Polygons that together cover `area`, each with at most about `max_vertices` vertices.

    Rasterising a window then costs what is in the window, not what the whole outline costs. Cuts
    share their line exactly, so that every pixel centre falls on one side.
    """
    cut = _cut if shapely.get_num_coordinates(area) < _SLOW_VERTICES else _cut_once
    yield from cut(area, max_vertices)


@lru_cache(maxsize=_KEPT)
def _cut_once(area: Area, max_vertices: int) -> tuple[Polygon, ...]:
    return tuple(_cut(area, max_vertices))


def _cut(area: Area, max_vertices: int) -> Iterator[Polygon]:
    stack: list[BaseGeometry] = list(shapely.get_parts(area))
    while stack:
        part = stack.pop()
        if not isinstance(part, Polygon) or part.is_empty:
            continue
        if shapely.get_num_coordinates(part) <= max_vertices:
            yield from [part] if part.is_valid else _valid_parts(part)
            continue
        for half in _halves(part):
            stack.extend(shapely.get_parts(half))


def _valid_parts(part: Polygon) -> list[Polygon]:
    """Of a piece whose cut edges run back along themselves."""
    area = keep_area(shapely.make_valid(part))
    return [] if area is None else [p for p in shapely.get_parts(area) if isinstance(p, Polygon)]


def _halves(part: Polygon) -> Sequence[BaseGeometry]:
    """Across the longer side, unless nearly every segment crosses the cut (a zigzag).

    GEOS' quick way to cut along a box takes a seventieth of the time of its exact one, but promises
    less: where area is lost it is done again, and small pieces are made valid (`pieces_of`).
    """
    x0, y0, x1, y1 = part.bounds
    axis = 0 if x1 - x0 >= y1 - y0 else 1
    before = shapely.get_coordinates(part)[:, axis] < ((x0 + x1) / 2, (y0 + y1) / 2)[axis]
    if 2 * np.count_nonzero(before[1:] != before[:-1]) > len(before):
        axis = 1 - axis
    if axis == 0:
        cut = (x0 + x1) / 2
        boxes = box(x0 - 1, y0 - 1, cut, y1 + 1), box(cut, y0 - 1, x1 + 1, y1 + 1)
    else:
        cut = (y0 + y1) / 2
        boxes = box(x0 - 1, y0 - 1, x1 + 1, cut), box(x0 - 1, cut, x1 + 1, y1 + 1)
    quick = [shapely.clip_by_rect(part, *half.bounds) for half in boxes]
    lost = abs(part.area - sum(half.area for half in quick))
    if lost <= _ROUNDING * part.area:
        return quick
    return [shapely.intersection(part, half) for half in boxes]

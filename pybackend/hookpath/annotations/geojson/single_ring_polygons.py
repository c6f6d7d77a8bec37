"""Polygons of one ring, which most of a file are: kept as plain numbers, built all at once.

A ring of lists of numbers takes ten times the memory of its numbers, and as long to be thrown away
as to be read.
"""

from __future__ import annotations

import re
from array import array
from collections.abc import Collection, Iterable, Sequence
from itertools import chain
from typing import Any

import numpy as np
import numpy.typing as npt
import shapely
from shapely.errors import ShapelyError
from shapely.geometry import Polygon

from hookpath.limits import TANGLED_PAIRS

#: What building a geometry of wrong members raises.
BROKEN = (
    ShapelyError, ValueError, TypeError, KeyError, IndexError, AttributeError, OverflowError,
)  # fmt: skip
#: Where objects are in others.
CHILD_KEYS = ("childObjects", "children")
#: An id that stands for its object, whatever else the feature has.
is_uuid = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}").fullmatch


def points_of(coordinates: Any) -> npt.NDArray[Any] | None:
    """``(N, 2)`` of a polygon's only ring; None: it is something else."""
    if not isinstance(coordinates, list) or len(coordinates) != 1:
        return None
    points = np.array(coordinates[0])
    if points.ndim != 2 or points.shape[1] != 2 or points.dtype.kind not in "if":
        return None
    return points


class RingPacker:
    """Takes the rings out of features that will become objects, and puts polygons in their place.

    Of features with an id of their own: other ids are made of all that is in the feature.
    """

    def __init__(self) -> None:
        self._geometries: list[dict[str, Any]] = []
        self._lengths: list[int] = []
        self._numbers = array("d")

    def take(self, features: Iterable[Any]) -> None:
        """Keep of plain rings the numbers alone; of none, where one of them has other members."""
        rings, geometries = [], []
        for feature in features:
            ring, written = _plain_ring(_coordinates(feature)), feature.get("id")
            if ring is not None and isinstance(written, str) and is_uuid(written):
                rings.append(ring)
                geometries.append(feature["geometry"])
        numbers = _numbers(rings)
        if numbers is None:
            return
        self._numbers += numbers
        self._lengths += map(len, rings)
        self._geometries += geometries
        for geometry in geometries:
            geometry["coordinates"] = None

    def build(self) -> None:
        """Make polygons of what was taken: neighbours in memory, for what is done with all."""
        built = _built(self._numbers, self._lengths)
        for geometry, polygon in zip(self._geometries, built, strict=True):
            geometry["coordinates"] = polygon


def polygons_of(features: Sequence[Any]) -> list[Polygon | None]:
    """The polygons of one ring each, built all at once, if a `RingPacker` has not built them.

    None: the feature is something else, or must be looked at alone (all must, where one of them has
    members that are no pairs of numbers).
    """
    there = [_coordinates(feature) for feature in features]
    found = [c if isinstance(c, Polygon) else None for c in there]
    rings = {i: ring for i, c in enumerate(there) if (ring := _plain_ring(c)) is not None}
    numbers = _numbers(rings.values())
    if numbers is not None:
        built = _built(numbers, [*map(len, rings.values())])
        for i, polygon in zip(rings, built, strict=True):
            found[i] = polygon
    return found


def _numbers(rings: Collection[list[Any]]) -> array[float] | None:
    """x, y, x, y… of all points; None: there are others, or something else."""
    try:
        if set(map(len, chain.from_iterable(rings))) != {2}:
            return None
        found = array("d", list(chain.from_iterable(chain.from_iterable(rings))))
    except (TypeError, OverflowError):
        return None
    return None if np.isnan(found).any() else found


def _built(numbers: array[float], lengths: Sequence[int]) -> list[Polygon]:
    if not lengths:
        return []
    points, starts = np.frombuffer(numbers).reshape(-1, 2), np.cumsum([0, *lengths])
    each = np.arange(len(starts))
    built = shapely.from_ragged_array(shapely.GeometryType.POLYGON, points, (starts, each))
    found: list[Polygon] = built.tolist()
    return found


def _coordinates(feature: Any) -> Any:
    """Of a polygon's feature; None: it is something else."""
    geometry = feature.get("geometry") if isinstance(feature, dict) else None
    if not isinstance(geometry, dict) or geometry.get("type") != "Polygon":
        return None
    return geometry.get("coordinates")


def _plain_ring(rings: Any) -> list[Any] | None:
    """A polygon's only ring, closed; not of very few or many points, of which more is asked."""
    if not isinstance(rings, list) or len(rings) != 1 or not isinstance(rings[0], list):
        return None
    ring = rings[0]
    few = len(ring) ** 2 / 2 < TANGLED_PAIRS  # see `is_too_tangled`
    if not few or len(ring) < 4:
        return None
    return ring if ring[0] == ring[-1] else [*ring, ring[0]]

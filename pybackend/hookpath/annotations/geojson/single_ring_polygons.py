"""Polygons of one ring, which most of a file are: kept as plain numbers, built all at once.

A ring of lists of numbers takes ten times the memory of its numbers, and as long to be thrown away
as to be read. So it is packed when its feature has been read, while it is still near.
"""

from __future__ import annotations

import re
from array import array
from collections.abc import Iterator, Mapping, Sequence
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
#: Where objects are in others; as bytes of a file: such a file is not packed.
CHILD_KEYS = ("childObjects", "children")
#: An id that stands for its object, whatever else the feature has.
is_uuid = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}").fullmatch


def is_packable(text: bytes) -> bool:
    """Whether features may be packed: an id may be made of all that is in a feature."""
    return not any(f'"{key}"'.encode() in text for key in CHILD_KEYS)


def packed(found: dict[str, Any]) -> dict[str, Any]:
    """The same member of a file; of a feature with an id of its own the ring is packed.

    To be the ``object_hook`` of `json.loads`. ``coordinates`` of a packed ring is an ``array`` of
    x, y, x, y…
    """
    if found.get("type") != "Feature":
        return found
    ring, written = _plain_ring(found), found.get("id")
    if ring is None or not isinstance(written, str) or not is_uuid(written):
        return found
    try:
        if set(map(len, ring)) == {2}:
            found["geometry"]["coordinates"] = array("d", list(chain.from_iterable(ring)))
    except (TypeError, OverflowError):  # no numbers: somebody else's matter
        pass
    return found


def listed(geometry: Mapping[str, Any]) -> Mapping[str, Any]:
    """A geometry as it was before its ring was packed."""
    ring = geometry.get("coordinates")
    if not isinstance(ring, array):
        return geometry
    return {**geometry, "coordinates": [np.frombuffer(ring).reshape(-1, 2).tolist()]}


def points_of(coordinates: Any) -> npt.NDArray[Any] | None:
    """``(N, 2)`` of a polygon's only ring, packed or not; None: it is something else."""
    if isinstance(coordinates, array):
        return np.frombuffer(coordinates).reshape(-1, 2)
    if not isinstance(coordinates, list) or len(coordinates) != 1:
        return None
    points = np.array(coordinates[0])
    if points.ndim != 2 or points.shape[1] != 2 or points.dtype.kind not in "if":
        return None
    return points


def polygons_of(features: Sequence[Mapping[str, Any]]) -> list[Polygon | None]:
    """The polygons of one ring each, built all at once.

    None: the feature is something else, or must be looked at alone (all that are not packed must,
    where one of them has members that are no such numbers).
    """
    found: list[Polygon | None] = [None] * len(features)
    for numbers, points, lengths in (_packed_rings(features), _listed_rings(features)):
        if len(numbers) < 2 or points is None:
            continue
        try:
            with np.errstate(invalid="ignore"):
                which = np.repeat(np.arange(len(numbers)), lengths)
                built: Any = shapely.polygons(shapely.linearrings(points, indices=which))
        except BROKEN:
            continue
        for i, polygon in zip(numbers, built, strict=True):
            found[i] = polygon
    return found


_Rings = tuple[list[int], npt.NDArray[Any] | None, list[int]]
"""Which features, their points ``(N, 2)`` one after the other, how many each has."""


def _packed_rings(features: Sequence[Mapping[str, Any]]) -> _Rings:
    rings = [(i, ring) for i, ring in _coordinates(features) if isinstance(ring, array)]
    points = np.frombuffer(b"".join(ring for _, ring in rings)).reshape(-1, 2)
    return [i for i, _ in rings], points, [len(ring) // 2 for _, ring in rings]


def _listed_rings(features: Sequence[Mapping[str, Any]]) -> _Rings:
    rings = [(i, ring) for i, f in enumerate(features) if (ring := _plain_ring(f)) is not None]
    points = None
    if len(rings) > 1:
        try:
            points = points_of([[point for _, ring in rings for point in ring]])
        except BROKEN:
            points = None
    return [i for i, _ in rings], points, [len(ring) for _, ring in rings]


def _coordinates(features: Sequence[Mapping[str, Any]]) -> Iterator[tuple[int, Any]]:
    for i, feature in enumerate(features):
        geometry = feature.get("geometry")
        if isinstance(geometry, dict):
            yield i, geometry.get("coordinates")


def _plain_ring(feature: Mapping[str, Any]) -> list[Any] | None:
    """The points of a polygon's only ring; not of very few or many, of which more is asked."""
    geometry = feature.get("geometry")
    if not isinstance(geometry, dict) or geometry.get("type") != "Polygon":
        return None
    rings = geometry.get("coordinates")
    if not isinstance(rings, list) or len(rings) != 1 or not isinstance(rings[0], list):
        return None
    few = len(rings[0]) ** 2 / 2 < TANGLED_PAIRS  # see `is_too_tangled`
    return rings[0] if few and len(rings[0]) >= 4 else None

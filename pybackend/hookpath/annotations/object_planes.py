"""Planes of a stack that objects lie on: z and t, each from 0, as QuPath counts them.

QuPath writes ``"plane": {"c": -1, "z": 3, "t": 0}`` into an object's geometry, and leaves it out on
the first plane. It is kept in `PathObject.extra` as it came.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping
from typing import Any

from hookpath.annotations.objects import PathObject

Plane = tuple[int, int]
FIRST: Plane = (0, 0)


def plane_of(o: PathObject) -> Plane:
    """(z, t) of an object; what nobody says is 0."""
    known = o.extra.get("geometry")
    if known is None:  # nearly always
        return FIRST
    plane = _mapping(_mapping(known).get("plane"))
    return _index(plane.get("z")), _index(plane.get("t"))


def on_plane(o: PathObject, plane: Plane) -> PathObject:
    """The object on a plane."""
    if plane_of(o) == plane:
        return o
    geometry = {k: v for k, v in _mapping(o.extra.get("geometry")).items() if k != "plane"}
    if plane != FIRST:
        geometry["plane"] = {"c": -1, "z": plane[0], "t": plane[1]}
    extra = {k: v for k, v in o.extra.items() if k != "geometry"}
    return dataclasses.replace(o, extra={**extra, "geometry": geometry} if geometry else extra)


def planes_of(objects: Iterable[PathObject]) -> list[Plane]:
    """Every plane with an object on it, in order of time, then z."""
    return sorted({plane_of(o) for o in objects}, key=lambda p: p[::-1])


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _index(value: Any) -> int:
    return value if isinstance(value, int) and not isinstance(value, bool) and value > 0 else 0

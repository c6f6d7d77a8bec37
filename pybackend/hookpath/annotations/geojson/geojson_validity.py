"""Whether GeoJSON of other programs, and for them, is as the standard (RFC 7946) wants it.

The package ``geojson`` says so. Its constructors copy every coordinate and round it to 6 decimals:
geometries are looked at without that, which takes next to no time. Reading and writing themselves
stay our own, because of their size, and of QuPath's dialect, whose reader is not the standard's.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from hookpath.annotations.geojson.geojson_decoder import GEOMETRY_TYPES
from hookpath.annotations.geojson.single_ring_polygons import CHILD_KEYS


@dataclass
class ValidityCheck:
    """Counts geometries that break the standard while features go by.

    Attributes:
        broken: how many do.
        first: what is wrong with the first of them.
    """

    broken: int = 0
    first: str = ""

    def look_at(self, feature: Mapping[str, Any]) -> None:
        """Count a feature, and those nested in it as QuPath does it."""
        fault = geometry_fault(feature.get("geometry"))
        self.broken += bool(fault)
        self.first = self.first or fault
        properties = feature.get("properties")
        if not isinstance(properties, Mapping):
            return
        for key in CHILD_KEYS:
            children = properties.get(key)
            for child in children if isinstance(children, list) else ():
                if isinstance(child, Mapping):
                    self.look_at(child)

    @property
    def note(self) -> str:
        """One line for people; "": every geometry is as it should be."""
        if not self.broken:
            return ""
        many = "1 geometry is" if self.broken == 1 else f"{self.broken} geometries are"
        first = "" if self.broken == 1 else "of the first: "
        return f"{many} no valid GeoJSON ({first}{self.first})"


def geometry_fault(geometry: Any) -> str:
    """What in a geometry is not as the standard wants it; "": nothing.

    A feature without a place (``null``) is as it should be. Whether outlines cross themselves is
    no question of the standard.
    """
    if geometry is None:
        return ""
    kind = geometry.get("type") if isinstance(geometry, Mapping) else None
    if kind == "GeometryCollection":
        parts = geometry.get("geometries")
        if not isinstance(parts, list):
            return "a collection must have a list of geometries"
        return next(filter(None, map(geometry_fault, parts)), "")
    if not isinstance(kind, str) or kind not in GEOMETRY_TYPES:
        return "a geometry must be of one of the standard's types"
    return _coordinate_fault(kind, geometry.get("coordinates"))


def _coordinate_fault(kind: str, coordinates: Any) -> str:
    if not isinstance(coordinates, list):
        return "a geometry must have a list of coordinates"
    import geojson

    looked_at = getattr(geojson, kind)()
    looked_at["coordinates"] = coordinates
    try:
        return next(_texts(looked_at.errors()), "")
    except (TypeError, ValueError, LookupError):  # numbers where there should be lists
        return "the coordinates must be lists of positions"


def _texts(errors: Any) -> Iterator[str]:
    """``geojson`` gives a text, a list of them, a list of lists, or None."""
    if isinstance(errors, str):
        yield errors[:1].lower() + errors[1:]
    elif isinstance(errors, Iterable):
        for error in errors:
            yield from _texts(error)

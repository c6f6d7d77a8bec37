"""`PathObject` → a GeoJSON feature that QuPath ≥ 0.4 imports (and `geojson_decoder` reads back).

QuPath's reader is strict where the standard is not: no ``null`` members, a class without a colour
only as a plain string, and a ``coordinates`` member in every geometry.
"""

from __future__ import annotations

import math
import uuid
from typing import Any

import numpy as np
import shapely
from shapely.geometry import GeometryCollection, LineString, Point, Polygon
from shapely.geometry.base import BaseGeometry, BaseMultipartGeometry

from hookpath.annotations.class_names import plain_class_name
from hookpath.annotations.objects import PathObject

Json = dict[str, Any]


def object_to_feature(obj: PathObject) -> Json:
    """The object as a GeoJSON feature in QuPath's dialect, made of plain lists and dicts.

    An id that is no UUID (QuPath would replace it) is mapped to one, always the same.
    """
    feature: Json = {
        "type": "Feature",
        "id": _uuid(obj.id),
        "geometry": _object_geometry(obj),
        "properties": _properties(obj),
    }
    return feature | dict(obj.extra.get("feature", {}))


def _uuid(text: str) -> str:
    try:
        return str(uuid.UUID(text))
    except ValueError:
        return str(uuid.uuid5(uuid.NAMESPACE_OID, text))


def _object_geometry(obj: PathObject) -> Any:
    raw = obj.extra.get("raw_geometry")
    if "raw_geometry" in obj.extra and obj.geometry.is_empty:
        return {} if raw is None else raw
    return encode_geometry(obj.geometry) | dict(obj.extra.get("geometry", {}))


def _properties(obj: PathObject) -> Json:
    extra = obj.extra
    measurements = {name: _finite(value) for name, value in obj.measurements.items()}
    properties: Json = {
        "objectType": extra.get("object_type", obj.object_type)
        if obj.object_type == "annotation"
        else obj.object_type,
        "name": obj.name,
        "color": list(obj.color) if obj.color else None,
        "classification": _classification(obj),
        "isLocked": obj.locked or None,
        "measurements": measurements | dict(extra.get("measurements", {})) or None,
        "metadata": dict(obj.metadata) | dict(extra.get("metadata", {})) or None,
    }
    present = {key: value for key, value in properties.items() if value is not None}
    return present | dict(extra.get("properties", {}))


def _finite(value: float) -> float | str:
    """JSON knows no NaN; QuPath writes and reads these words."""
    if math.isfinite(value):
        return value
    return "NaN" if math.isnan(value) else ("Infinity" if value > 0 else "-Infinity")


def _classification(obj: PathObject) -> Json | str | None:
    path_class = obj.path_class
    if path_class is None:
        return None
    unknown = dict(obj.extra.get("classification", {}))
    read = str(obj.extra.get("class_name", ""))
    name = read if plain_class_name(read) == path_class.name else path_class.name
    if path_class.color is None and not unknown:
        return name
    names = name.split(": ")
    found: Json = {"name": names[0]} if len(names) == 1 else {"names": names}
    if path_class.color is not None:
        alpha = [obj.extra["alpha"]] if "alpha" in obj.extra else []
        found["color"] = [*path_class.color, *alpha]
    return found | unknown


def encode_geometry(geometry: BaseGeometry) -> Json:
    """GeoJSON of a geometry; whole coordinates are written without a decimal point."""
    kind = "LineString" if geometry.geom_type == "LinearRing" else geometry.geom_type
    if isinstance(geometry, GeometryCollection):
        # QuPath looks for `coordinates` before it reads a collection's `geometries`.
        parts = [encode_geometry(part) for part in geometry.geoms]
        return {"type": kind, "coordinates": [], "geometries": parts}
    return {"type": kind, "coordinates": _coordinates(geometry)}


def _coordinates(geometry: BaseGeometry) -> list[Any]:
    if isinstance(geometry, BaseMultipartGeometry):
        return [_coordinates(part) for part in geometry.geoms]
    if geometry.is_empty:
        return []
    if isinstance(geometry, Polygon):
        return [_numbers(ring) for ring in (geometry.exterior, *geometry.interiors)]
    if isinstance(geometry, Point):
        return list(_numbers(geometry)[0])
    if isinstance(geometry, LineString):
        return _numbers(geometry)
    raise TypeError(f"no GeoJSON for a {geometry.geom_type}")


def _numbers(geometry: BaseGeometry) -> list[Any]:
    values = shapely.get_coordinates(geometry, include_z=bool(geometry.has_z))
    with np.errstate(invalid="ignore"):
        whole = values.astype(np.int64)
    numbers: list[Any] = (whole if np.array_equal(whole, values) else values).tolist()
    return numbers

"""QuPath's GeoJSON dialect → `PathObject`, from QuPath 0.2 to 0.7.

What is understood becomes a field; everything else goes to ``PathObject.extra``, a dict with any of

* ``"feature"``, ``"geometry"``, ``"properties"``, ``"classification"``: unknown members found there
  (``nucleusGeometry``; ``plane`` and ``isEllipse``; ``isMissing``; …),
* ``"class_name"``: a class name as it is written, where `plain_class_name` makes another of it,
* ``"class_text"``: a class that is written as the text of a JSON object,
* ``"alpha"``: of a classification colour with four components,
* ``"measurements"``, ``"metadata"``: entries whose value is not a number, not a string,
* ``"object_type"``: a type that QuPath does not know (it makes an annotation of it; so do we),
* ``"stray"``: of what is no feature and stands among them: which of them it is, from 1,
* ``"raw_geometry"``: a geometry that cannot be built, or that crosses itself beyond `limits` (the
  object's geometry is then empty).
"""

from __future__ import annotations

import json
import math
import uuid
from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Any

import numpy as np
import shapely
from shapely.geometry import Polygon, shape
from shapely.geometry.base import BaseGeometry

from hookpath.annotations.class_names import from_text, plain_class_name
from hookpath.annotations.geojson.single_ring_polygons import (
    BROKEN,
    CHILD_KEYS,
    is_uuid,
    points_of,
)
from hookpath.annotations.objects import RGB, PathClass, PathObject
from hookpath.annotations.self_crossing_outlines import is_too_tangled
from hookpath.errors import AnnotationError
from hookpath.limits import NAME_LENGTH
from hookpath.untrusted_files import refuse_deep

GEOMETRY_TYPES = frozenset(
    {
        "Point",
        "MultiPoint",
        "LineString",
        "MultiLineString",
        "Polygon",
        "MultiPolygon",
        "GeometryCollection",
    }
)
_OBJECT_TYPES = frozenset(("annotation", "detection", "cell", "tile", "tmaCore", "root"))
_LEGACY_TYPES = {
    "PathAnnotationObject": "annotation",
    "PathDetectionObject": "detection",
    "PathCellObject": "cell",
    "PathTileObject": "tile",
    "TMACoreObject": "tmaCore",
    "PathRootObject": "root",
    "tma_core": "tmaCore",
    "unknown": "annotation",
}
_TYPE_KEYS = ("objectType", "object_type", "type")
_PROPERTIES = frozenset(
    {"name", "color", "classification", "isLocked", "measurements", "metadata", *CHILD_KEYS}
)
#: As QuPath writes them; of other programs' ``objectType`` is no type if it is empty.
_PROPERTIES_OF_QUPATH = _PROPERTIES | {"objectType"}
_FEATURE = frozenset(("type", "id", "geometry", "properties", "bbox"))
_GEOMETRY = frozenset(("type", "coordinates", "geometries", "bbox"))
_CLASS = frozenset(("name", "names", "color", "colorRGB", "parentClass"))
_ID_NAMESPACE = uuid.UUID("6f0c2c0e-4a0f-5d54-9a57-5f1a0cbb7d11")

Extra = dict[str, Any]


def decode_feature(
    feature: Mapping[str, Any], polygon: Polygon | None = None
) -> Iterator[PathObject]:
    """The object of one feature, then the objects nested in it (``childObjects``), depth first.

    The geometry's coordinates are taken as they are (level-0 px).

    Args:
        polygon: of the feature, where `polygons_of` has built it.
    """
    properties = _mapping(feature.get("properties"))
    extra: Extra = {}
    _keep(extra, "feature", feature, _FEATURE)
    if not properties.keys() <= _PROPERTIES_OF_QUPATH:
        _keep(extra, "properties", properties, _PROPERTIES.union(_type_keys(properties)))
    yield PathObject(
        geometry=_geometry(feature.get("geometry"), extra, polygon),
        object_type=_object_type(feature, properties, extra),
        path_class=_path_class(properties.get("classification"), extra),
        name=_text(properties.get("name")),
        color=_color(properties.get("color"))[0],
        locked=properties.get("isLocked") is True,
        measurements=_measurements(properties.get("measurements"), extra),
        metadata=_metadata(properties.get("metadata"), extra),
        id=_id(feature),
        extra=extra,
    )
    for key in CHILD_KEYS:
        children = properties.get(key)
        for child in children if isinstance(children, list) else ():
            yield from decode_feature(_mapping(child))


def stray(number: int, item: Any) -> PathObject:
    """What stands among features and is none (``null``): nowhere, of no class, and reported.

    Args:
        number: which of them it is, from 1.
    """
    refuse_deep(item)
    text = json.dumps([number, item], default=str)
    return PathObject(
        geometry=Polygon(),
        id=str(uuid.uuid5(_ID_NAMESPACE, text)),
        extra={"raw_geometry": None, "stray": number},
    )


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


def _text(value: Any) -> str | None:
    return None if value is None else str(value)


def _keep(extra: Extra, key: str, found: Mapping[str, Any], known: frozenset[str]) -> None:
    if found.keys() <= known:  # nearly always
        return
    unknown = {name: value for name, value in found.items() if name not in known}
    if unknown:
        refuse_deep(unknown)  # it is written back, with a call for each level
        extra[key] = unknown


def _id(feature: Mapping[str, Any]) -> str:
    """The feature's UUID; else one derived from its content, so that reading twice agrees."""
    written = feature.get("id")
    if isinstance(written, str) and is_uuid(written):
        return written
    try:
        return str(uuid.UUID(feature["id"]))
    except (KeyError, ValueError, TypeError, AttributeError):
        return str(uuid.uuid5(_ID_NAMESPACE, json.dumps(feature, sort_keys=True, default=str)))


def _object_type(feature: Mapping[str, Any], properties: Mapping[str, Any], extra: Extra) -> str:
    usual = properties.get("objectType")
    if isinstance(usual, str) and usual in _OBJECT_TYPES:
        return usual
    found = next((str(properties[key]) for key in _type_keys(properties)), None)
    if found is None:
        # QuPath 0.2 stored the type in the id.
        return _LEGACY_TYPES.get(str(feature.get("id")), "annotation")
    if found in _OBJECT_TYPES:
        return found
    if found not in _LEGACY_TYPES:
        extra["object_type"] = found
    return _LEGACY_TYPES.get(found, "annotation")


def _type_keys(properties: Mapping[str, Any]) -> list[str]:
    """The properties that are a type in QuPath's sense; other programs use the names otherwise."""
    return [
        key
        for key in _TYPE_KEYS
        if properties.get(key)
        and (key == "objectType" or str(properties[key]) in _OBJECT_TYPES | _LEGACY_TYPES.keys())
    ]


def _geometry(found: Any, extra: Extra, polygon: Polygon | None = None) -> BaseGeometry:
    geometry = _mapping(found)
    if not isinstance(geometry.get("type"), str):
        refuse_deep(found)
        extra["raw_geometry"] = found
        return Polygon()
    if polygon is not None:
        _keep(extra, "geometry", geometry, _GEOMETRY)
        return polygon
    try:
        with np.errstate(invalid="ignore"):  # NaN coordinates are kept; `LabelSource` counts them
            built: BaseGeometry = _ring(geometry) or shape(_standard(geometry))
    except BROKEN:
        refuse_deep(found)
        extra["raw_geometry"] = found
        return Polygon()
    if is_too_tangled(built):
        extra["raw_geometry"] = found
        return Polygon()
    _keep(extra, "geometry", geometry, _GEOMETRY)
    return built


def _ring(geometry: Mapping[str, Any]) -> BaseGeometry | None:
    """A polygon of one ring, which most are, from an array; None: it is something else."""
    points = points_of(geometry.get("coordinates")) if geometry["type"] == "Polygon" else None
    if points is None:
        return None
    built: Any = shapely.polygons(points)
    return built if isinstance(built, Polygon) else None


def _standard(geometry: Mapping[str, Any]) -> dict[str, Any]:
    """Without the empty ``coordinates`` that `_encode` gives to collections for QuPath's sake."""
    if geometry["type"] != "GeometryCollection":
        return dict(geometry)
    return {"type": geometry["type"], "geometries": [_standard(g) for g in geometry["geometries"]]}


def _color(value: Any) -> tuple[RGB | None, int | None]:
    """RGB and alpha of ``[r, g, b]``, ``[r, g, b, a]`` or Java's packed ARGB integer."""
    if value is None:
        return None, None
    value = from_text(value)
    if isinstance(value, int) and not isinstance(value, bool):
        return ((value >> 16) & 255, (value >> 8) & 255, value & 255), None
    if not isinstance(value, list) or not 3 <= len(value) <= 4:
        return None, None
    if not all(isinstance(v, int) or (isinstance(v, float) and math.isfinite(v)) for v in value):
        return None, None
    red, green, blue, *alpha = (min(255, max(0, int(v))) for v in value)
    return (red, green, blue), alpha[0] if alpha else None


def _path_class(value: Any, extra: Extra) -> PathClass | None:
    usual = _usual_class(value)
    return _any_class(value, extra) if usual is None else usual


def _usual_class(value: Any) -> PathClass | None:
    """Of a name and a colour as QuPath writes them; None: it must be looked at closely."""
    if not isinstance(value, dict) or len(value) != 2:
        return None
    name, color = value.get("name"), value.get("color")
    if not isinstance(name, str) or not isinstance(color, list):
        return None
    try:
        return _known_class(name, tuple(color))
    except TypeError:  # a colour of lists
        return None


@lru_cache(maxsize=1024)  # a slide has many objects of few classes
def _known_class(name: str, color: tuple[Any, ...]) -> PathClass | None:
    rgb, alpha = _color(list(color))
    is_usual = len(name) <= NAME_LENGTH and name and plain_class_name(name) == name
    return PathClass(name, rgb) if is_usual and alpha is None else None


def _any_class(value: Any, extra: Extra) -> PathClass | None:
    meant = _meant(value)
    if meant is not value:
        extra["class_text"] = value
    found = _as_class(meant)
    name = _canonical_name(_class_name(found), extra)
    if not name:
        return None
    color, alpha = _color(found.get("color", found.get("colorRGB")))
    if alpha is not None:
        extra["alpha"] = alpha
    _keep(extra, "classification", found, _CLASS)
    return PathClass(name, color)


def _meant(value: Any) -> Any:
    """A class that is written as the text of QuPath's object, of its parts, or in quotes."""
    found = from_text(value)
    if isinstance(found, dict):
        return found if "name" in found or "names" in found else value
    is_parts = isinstance(found, list) and all(isinstance(part, str) for part in found)
    return found if is_parts or isinstance(found, str) else value


def _as_class(value: Any) -> Mapping[str, Any]:
    """A name, or a list of the parts of a derived class, as QuPath's object."""
    if isinstance(value, list):
        return {"names": value}
    return {"name": value} if isinstance(value, str) else _mapping(value)


def _canonical_name(name: str, extra: Extra) -> str:
    """The name as it is meant; what it was is kept for writing it back."""
    if len(name) > NAME_LENGTH:
        raise AnnotationError(
            f"a class name of {len(name):,} characters, no more than {NAME_LENGTH:,} are read"
        )
    plain = plain_class_name(name)
    if plain != name:
        extra["class_name"] = name
    return plain


def _class_name(found: Mapping[str, Any]) -> str:
    """Full name; derived classes come as ``names`` or (before 0.4) as ``parentClass``."""
    names = found.get("names")
    if isinstance(names, list) and names:
        return ": ".join(str(name) for name in names)
    name = str(found.get("name") or "")
    above = found.get("parentClass")
    parent = _class_name(above) if isinstance(above, dict) else ""
    return f"{parent}: {name}" if parent and name else name or parent


def _measurements(value: Any, extra: Extra) -> dict[str, float]:
    """``{name: value}`` (since 0.4) or ``[{"name":…, "value":…}, …]``; NaN may be a string."""
    if value is None:
        return {}
    if isinstance(value, list):
        pairs = [(m.get("name"), m.get("value")) for m in value if isinstance(m, dict)]
    else:
        pairs = list(_mapping(from_text(value)).items())
    numbers: dict[str, float] = {}
    for name, found in pairs:
        number = _number(found)
        if number is None:
            refuse_deep(found)
            extra.setdefault("measurements", {})[str(name)] = found
        else:
            numbers[str(name)] = number
    return numbers


def _number(value: Any) -> float | None:
    if value is None:
        return math.nan
    try:
        return float(value)
    except (TypeError, ValueError, OverflowError):
        return None


def _metadata(value: Any, extra: Extra) -> dict[str, str]:
    if value is None:
        return {}
    texts: dict[str, str] = {}
    for key, found in _mapping(from_text(value)).items():
        if isinstance(found, bool):
            texts[key] = str(found).lower()
        elif isinstance(found, str | int | float):
            texts[key] = str(found)
        else:
            refuse_deep(found)
            extra.setdefault("metadata", {})[key] = found
    return texts

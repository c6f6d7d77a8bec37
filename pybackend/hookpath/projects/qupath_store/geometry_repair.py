"""Polygons whose geometry QuPath gets wrong.

QuPath (0.6.0 and 0.7.0 at least) turns a polygon's vertices into a geometry by way of Java's
``Area``, whose crossings are off by a fraction of a pixel. Of a jagged outline, as traced from
pixels, that may leave less than half of the area: in GeoJSON exports, in merging, at the first
stroke of the brush. The vertices themselves are right, and so is what the viewer draws.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
from shapely.geometry import Polygon

from hookpath.projects.qupath_store.object_columns import Columns

Ring = list[tuple[float, float]]

# QuPath rounds the vertices of a geometry to 0.01 px.
_ROUNDING_PX = 0.01


def misread_outlines(java: Any, objects: Any) -> dict[str, Ring]:
    """Closed rings (level-0 px) of the polygons whose geometry is not what their vertices say."""
    return {str(o.getID()): ring for o, ring in _misread(java, objects)}


def as_drawn(feature: Mapping[str, Any], ring: Ring) -> dict[str, Any]:
    """The feature with the outline's vertices as they are stored; everything else stays."""
    polygon = {"type": "Polygon", "coordinates": [[list(p) for p in ring]]}
    return {**feature, "geometry": {**feature["geometry"], **polygon}}


def keep_outlines(java: Any, objects: Any) -> None:
    """Give objects a ROI that holds its geometry where QuPath would misread the vertices."""
    geometry_roi = java.JClass("qupath.lib.roi.GeometryROI").class_
    kind = java.JClass("org.locationtech.jts.geom.Geometry").class_
    make = geometry_roi.getDeclaredConstructor(kind, java.JClass(_PLANE).class_)
    make.setAccessible(True)  # QuPath makes one itself only where there are holes or parts
    for o, ring in _misread(java, objects):
        measurements = java.JClass("java.util.LinkedHashMap")(o.getMeasurements())
        o.setROI(make.newInstance(_geometry(java, ring), o.getROI().getImagePlane()))
        o.getMeasurementList().putAll(measurements)  # QuPath drops them with the old ROI


_PLANE = "qupath.lib.regions.ImagePlane"
_POLYGON = "qupath.lib.roi.PolygonROI"


def _misread(java: Any, objects: Any) -> Iterator[tuple[Any, Ring]]:
    columns = Columns(java)
    polygons = columns.where_instance(objects, columns.class_of(_POLYGON), "getROI")
    annotated = columns.doubles(polygons, "getROI", "getArea")
    lost = np.abs(annotated - columns.doubles(polygons, "getROI", "getGeometry", "getArea"))
    allowed = _ROUNDING_PX * (1 + columns.doubles(polygons, "getROI", "getLength"))
    for index in np.flatnonzero(~(lost <= allowed)):
        o = polygons.get(int(index))
        ring = [(float(p.getX()), float(p.getY())) for p in o.getROI().getAllPoints()]
        # A person's self-intersecting outline has no other geometry than the one QuPath gives it.
        if Polygon(ring).is_valid:
            yield o, [*ring, ring[0]]


def _geometry(java: Any, ring: Ring) -> Any:
    coordinate = java.JClass("org.locationtech.jts.geom.Coordinate")
    factory = java.JClass("qupath.lib.roi.GeometryTools").getDefaultFactory()
    return factory.createPolygon([coordinate(x, y) for x, y in ring])

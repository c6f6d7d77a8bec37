"""Classes, objects, GeoJSON in QuPath's dialect, and sparse polygons as label patches."""

from hookpath.annotations._areas import Area, area_of, keep_area, pieces_of
from hookpath.annotations._encode import object_to_feature
from hookpath.annotations.classes import IGNORE, ClassTable, is_usable_class
from hookpath.annotations.geojson import objects_from_geojson, read_geojson, write_geojson
from hookpath.annotations.labels import LabelPolygon, LabelSource, class_names_in
from hookpath.annotations.objects import RGB, RUN_TAG, PathClass, PathObject
from hookpath.annotations.report import LabelReport
from hookpath.annotations.vectorizer import Vectorizer, vectorize

__all__ = [
    "IGNORE",
    "RGB",
    "RUN_TAG",
    "Area",
    "ClassTable",
    "LabelPolygon",
    "LabelReport",
    "LabelSource",
    "PathClass",
    "PathObject",
    "Vectorizer",
    "area_of",
    "class_names_in",
    "is_usable_class",
    "keep_area",
    "object_to_feature",
    "objects_from_geojson",
    "pieces_of",
    "read_geojson",
    "vectorize",
    "write_geojson",
]

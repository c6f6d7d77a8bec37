"""Classes, objects, GeoJSON in QuPath's dialect, and sparse polygons as label patches.

In: GeoJSON files, and objects as a project has them. Out: class tables, label patches on any grid
(`rasterizer`), objects from class maps (`vectorizer`), GeoJSON.

Uses: geometry.
"""

from hookpath.annotations.class_names import plain_class_name, twin_classes
from hookpath.annotations.classes import (
    IGNORE,
    UNKNOWN_MARK,
    ClassTable,
    base_class,
    is_of_interest,
    is_region_mark,
    is_unknown_mark,
    is_usable_class,
    says_something,
)
from hookpath.annotations.geojson.geojson_encoder import object_to_feature
from hookpath.annotations.geojson.geojson_files import (
    objects_from_geojson,
    read_geojson,
    write_geojson,
)
from hookpath.annotations.geojson.geojson_rewriter import KeptFeatures
from hookpath.annotations.objects import RGB, RUN_TAG, PathClass, PathObject
from hookpath.annotations.polygon_repair import Area, area_of, keep_area, pieces_of
from hookpath.annotations.sparse_labels.left_out_annotations import (
    MEANT,
    LabelReport,
    LeftOut,
    area_text,
)
from hookpath.annotations.sparse_labels.line_width_and_class_mapping import LabelRules
from hookpath.annotations.sparse_labels.overlaps import cut_by_crossing
from hookpath.annotations.sparse_labels.rasterizer import LabelPolygon, LabelSource, class_names_in
from hookpath.annotations.sparse_labels.usable_annotations import is_hand_drawn, is_unconfirmed
from hookpath.annotations.vectorization.vectorizer import Vectorizer, vectorize

__all__ = [
    "IGNORE",
    "MEANT",
    "RGB",
    "RUN_TAG",
    "UNKNOWN_MARK",
    "Area",
    "ClassTable",
    "KeptFeatures",
    "LabelPolygon",
    "LabelReport",
    "LabelRules",
    "LabelSource",
    "LeftOut",
    "PathClass",
    "PathObject",
    "Vectorizer",
    "area_of",
    "area_text",
    "base_class",
    "class_names_in",
    "cut_by_crossing",
    "is_hand_drawn",
    "is_of_interest",
    "is_region_mark",
    "is_unconfirmed",
    "is_unknown_mark",
    "is_usable_class",
    "keep_area",
    "object_to_feature",
    "objects_from_geojson",
    "pieces_of",
    "plain_class_name",
    "read_geojson",
    "says_something",
    "twin_classes",
    "vectorize",
    "write_geojson",
]

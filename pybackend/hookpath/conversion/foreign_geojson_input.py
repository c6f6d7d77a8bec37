"""GeoJSON of other programs: objects, and what of it is no GeoJSON."""

from __future__ import annotations

from pathlib import Path

from hookpath.annotations.geojson.geojson_files import (
    features_of,
    naming,
    objects_from_geojson,
    read_documents,
)
from hookpath.annotations.geojson.geojson_parsing import is_feature
from hookpath.annotations.geojson.geojson_validity import ValidityCheck
from hookpath.markup.reading_notes import Found


def read_foreign_geojson(path: Path) -> Found:
    """The objects of a file (see `read_geojson`), and a note where geometries break the standard.

    Rings that are left open are closed. What cannot be built, such as a ring of two positions,
    becomes an object without a place, which has no area anywhere.

    Raises:
        AnnotationError: missing, unreadable, empty, truncated, or not GeoJSON; names the file.
    """
    documents = read_documents(path)
    check = ValidityCheck()
    with naming(path):
        for document in documents:
            for feature in filter(is_feature, features_of(document)):
                check.look_at(feature)
        every = [o for document in documents for o in objects_from_geojson(document)]
    objects = [o for o in every if "stray" not in o.extra]
    numbers = ", ".join(str(o.extra["stray"]) for o in every if "stray" in o.extra)
    strays = [f"not features, and left out: number {numbers}"] if numbers else []
    if not check.broken:
        return Found(objects, strays)
    lost = sum("raw_geometry" in o.extra for o in objects)
    ending = (
        f"; {lost} cannot be built and {'has' if lost == 1 else 'have'} no area" if lost else ""
    )
    return Found(objects, [*strays, check.note + ending])

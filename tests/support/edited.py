"""A project in which the annotation loop proposed something, and somebody corrected it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import shapely

from hookpath.annotations import PathObject, read_geojson, write_geojson
from hookpath.loop.records import STATE_KEY
from hookpath.projects import open_project
from support.textures import DARK, PALE


def propose(folder: Path, image: str, loop: bool = True) -> None:
    """Two proposals on an image without drawings."""
    (entry,) = [e for e in open_project(folder).images if e.name == image]
    shapes = (shapely.box(20, 20, 100, 100), shapely.box(150, 20, 230, 100))
    found = [PathObject(s, path_class=c) for s, c in zip(shapes, (DARK, PALE), strict=True)]
    entry.write(found, "hookpath-loop-01-01234567")
    if loop:
        entry.set_metadata({STATE_KEY: "proposed"})


def nudge_first(folder: Path, image: str) -> None:
    """Somebody draws one edge of the first proposal anew, with QuPath's brush: tags stay."""
    path = (folder / image).with_suffix(".geojson")
    first, *others = read_geojson(path)
    wider = first.geometry.union(shapely.box(20, 20, 110, 60))
    write_geojson(path, [replace(first, geometry=wider), *others])

"""A slide whose tissue is one square, for what undrawn tissue is."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import shapely

from hookpath.annotations import PathClass, PathObject, write_geojson
from hookpath.projects import ImageEntry, open_project
from support.slides import write_pyramid


def slide_with(folder: Path, *annotated: PathObject) -> ImageEntry:
    """256 px at 8 µm/px: tissue from (32, 32) to (224, 224) on glass; `annotated` beside it."""
    folder.mkdir(exist_ok=True)
    image = np.full((256, 256, 3), 240, np.uint8)
    image[32:224, 32:224] = (200, 120, 170)
    path = write_pyramid(folder / "s.tif", image, mpp=8.0, levels=1)
    if annotated:
        write_geojson(path.with_suffix(".geojson"), list(annotated))
    return open_project(folder).images[0]


def area(name: str | None, x0: float, y0: float, x1: float, y1: float) -> PathObject:
    """A rectangle of a class."""
    return PathObject(shapely.box(x0, y0, x1, y1), path_class=PathClass(name) if name else None)

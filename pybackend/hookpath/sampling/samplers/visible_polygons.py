"""The part of each polygon that really carries its label: on the slide, and not covered."""

from __future__ import annotations

from dataclasses import dataclass

import shapely
from shapely.geometry import Polygon

from hookpath.sampling.annotated_slide import AnnotatedSlide, SlideFacts


@dataclass(frozen=True)
class VisiblePart:
    """One connected piece of an annotated class; `polygon` in level-0 px."""

    slide_index: int
    label: int
    polygon: Polygon
    area_um2: float


def visible_parts(slide_index: int, source: AnnotatedSlide, facts: SlideFacts) -> list[VisiblePart]:
    """Every connected piece of the slide's polygons that shows in a label raster.

    Where polygons overlap the smaller one wins, as in `LabelSource`.
    """
    width, height = facts.size_l0
    seen = source.labels.visible.copy()
    x0, y0, x1, y1 = shapely.bounds(seen).T
    # Cutting a long outline takes seconds, asking whether that is needed hardly any time.
    beyond = ~((x0 >= 0) & (y0 >= 0) & (x1 <= width) & (y1 <= height))
    seen[beyond] = shapely.intersection(seen[beyond], shapely.box(0, 0, width, height))
    parts, of = shapely.get_parts(seen, return_index=True)
    labels = [polygon.label for polygon in source.polygons]
    return [
        VisiblePart(slide_index, labels[i], part, facts.calibration.area_um2(area))
        for part, i, area in zip(parts, of.tolist(), shapely.area(parts).tolist(), strict=True)
        if isinstance(part, Polygon) and area > 0
    ]

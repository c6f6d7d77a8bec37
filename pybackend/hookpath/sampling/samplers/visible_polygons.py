"""The part of each polygon that really carries its label: on the slide, and not covered."""

from __future__ import annotations

from dataclasses import dataclass

import shapely
from shapely.geometry import Polygon

from hookpath.annotations.sparse_labels.overlaps import visible_areas
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
    frame = shapely.box(0, 0, *facts.size_l0)
    seen = visible_areas([p.geometry for p in source.polygons])
    return [
        VisiblePart(slide_index, polygon.label, part, facts.calibration.area_um2(part.area))
        for polygon, geometry in zip(source.polygons, seen, strict=True)
        # Cutting a long outline takes seconds, asking whether that is needed hardly any time.
        for part in shapely.get_parts(
            geometry if frame.covers(geometry) else geometry.intersection(frame)
        )
        if isinstance(part, Polygon) and part.area > 0
    ]

"""A few sparse polygons on a synthetic slide, as a busy pathologist would draw them."""

from __future__ import annotations

import math

import numpy as np
from shapely.geometry import Polygon

from hookpath.annotations.objects import PathObject
from hookpath.demo.context_slides import (
    CLASSES,
    IN_SITU,
    INVASIVE,
    SPACING_UM,
    STROMA,
    SyntheticSlide,
)

_RADIUS_UM = (35.0, 60.0)


def draw_sparsely(
    rng: np.random.Generator, slide: SyntheticSlide, nests_per_class: int = 3, stroma: int = 3
) -> list[PathObject]:
    """Blob polygons well inside their class: one in each of some nests, and some of stroma."""
    annotated: list[PathObject] = []
    for walled, label in ((True, IN_SITU), (False, INVASIVE)):
        nests = [n for n in slide.nests if n.walled == walled]
        for i in rng.permutation(len(nests))[:nests_per_class]:
            nest = nests[int(i)]
            annotated.append(_draw_near(rng, slide, label, nest.x, nest.y, nest.radius * 0.75))
    half = slide.truth.shape[0] / 2
    annotated += [_draw_near(rng, slide, STROMA, half, half, half * 0.9) for _ in range(stroma)]
    return annotated


def _draw_near(
    rng: np.random.Generator, slide: SyntheticSlide, label: int, x: float, y: float, reach: float
) -> PathObject:
    """A blob of one class at a random place within `reach` px of a point."""
    height, width = slide.truth.shape
    while True:
        angle, distance = rng.uniform(0, 2 * math.pi), reach * math.sqrt(rng.uniform())
        blob = _blob(rng, x + distance * math.cos(angle), y + distance * math.sin(angle))
        x0, y0, x1, y1 = (int(v) for v in blob.bounds)
        if x0 < 0 or y0 < 0 or x1 >= width or y1 >= height:
            continue
        if (slide.truth[y0 : y1 + 1, x0 : x1 + 1] == label).all():
            return PathObject(blob, path_class=CLASSES.classes[label - 1])


def _blob(rng: np.random.Generator, x: float, y: float) -> Polygon:
    radius = rng.uniform(*_RADIUS_UM) / SPACING_UM
    phase, wobble = rng.uniform(0, 6), rng.uniform(0.05, 0.2)
    angles = np.linspace(0, 2 * math.pi, 40, endpoint=False)
    radii = radius * (1 + wobble * np.cos(3 * angles + phase))
    return Polygon(np.c_[x + radii * np.cos(angles), y + radii * np.sin(angles)].round(1))

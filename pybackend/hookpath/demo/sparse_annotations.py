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
    WALL_UM,
    SyntheticSlide,
)

_RADIUS_UM = (35.0, 60.0)

#: Beside a nest: how far from its border a stroke begins, how wide it is, and the angle it spans.
_GAP_UM, _BREADTH_UM, _SPAN = 12.0, 40.0, 1.2

#: Places that are tried for a band.
_TRIES = 200


def draw_sparsely(
    rng: np.random.Generator,
    slide: SyntheticSlide,
    nests_per_class: int = 3,
    stroma: int = 3,
    beside: int = 0,
) -> list[PathObject]:
    """A blob in each of some nests, some of stroma between them, and bands of stroma beside nests.

    Without the last ones (`beside`) all strokes lie well inside their class, and nothing says
    whether the place or the tissue makes the class.
    """
    annotated: list[PathObject] = []
    for walled, label in ((True, IN_SITU), (False, INVASIVE)):
        nests = [n for n in slide.nests if n.walled == walled]
        for i in rng.permutation(len(nests))[:nests_per_class]:
            nest = nests[int(i)]
            annotated.append(_draw_near(rng, slide, label, nest.x, nest.y, nest.radius * 0.75))
    half = slide.truth.shape[0] / 2
    annotated += [_draw_near(rng, slide, STROMA, half, half, half * 0.9) for _ in range(stroma)]
    bands = (_draw_beside(rng, slide) for _ in range(beside))
    return [*annotated, *(band for band in bands if band is not None)]


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


def _draw_beside(rng: np.random.Generator, slide: SyntheticSlide) -> PathObject | None:
    """A band of stroma along a part of some nest's border; None: nowhere is room for it."""
    height, width = slide.truth.shape
    for _ in range(_TRIES if slide.nests else 0):
        nest = slide.nests[int(rng.integers(len(slide.nests)))]
        angles = rng.uniform(0, 2 * math.pi) + np.linspace(0, _SPAN, 20)
        inner = nest.border(angles) + (WALL_UM + _GAP_UM) / SPACING_UM
        rings = inner + np.linspace(0, _BREADTH_UM / SPACING_UM, 5)[:, None]
        x, y = nest.x + rings * np.cos(angles), nest.y + rings * np.sin(angles)
        if x.min() < 0 or y.min() < 0 or x.max() >= width or y.max() >= height:
            continue
        if (slide.truth[y.astype(int), x.astype(int)] == STROMA).all():
            outline = [*zip(x[0], y[0], strict=True), *zip(x[-1, ::-1], y[-1, ::-1], strict=True)]
            return PathObject(Polygon(np.round(outline, 1)), path_class=CLASSES.classes[STROMA - 1])
    return None


def _blob(rng: np.random.Generator, x: float, y: float) -> Polygon:
    radius = rng.uniform(*_RADIUS_UM) / SPACING_UM
    phase, wobble = rng.uniform(0, 6), rng.uniform(0.05, 0.2)
    angles = np.linspace(0, 2 * math.pi, 40, endpoint=False)
    radii = radius * (1 + wobble * np.cos(3 * angles + phase))
    return Polygon(np.c_[x + radii * np.cos(angles), y + radii * np.sin(angles)].round(1))

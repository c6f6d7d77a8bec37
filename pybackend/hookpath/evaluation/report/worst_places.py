"""The worst places of a slide: annotated areas that were predicted otherwise, as pictures."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from hookpath.atomic_files import replace_bytes
from hookpath.evaluation.plotting.overlay_drawing import (
    UNKNOWN_COLOR,
    Image,
    add_scale_bar,
    encode,
    overlay,
)
from hookpath.evaluation.predictions.class_map_source import PredictedMap
from hookpath.evaluation.report.slide_views import labels_in, read_view
from hookpath.evaluation.scoring.annotation_scores import AreaResult
from hookpath.evaluation.scoring.ground_truth import Truth
from hookpath.evaluation.scoring.slide_result import Place
from hookpath.geometry import Region
from hookpath.slides import Slide

#: Places that are cut out of one slide, and that a page shows of all.
OF_SLIDE, ON_PAGE = 6, 12

#: Px along the longer side of a crop, and µm that it shows at least.
_SIDE, _LEAST_UM = 420, 60.0


def wrong_mm2(area: AreaResult, own: int) -> float:
    """Area that is not predicted as the class that was drawn; `own`: that class's column."""
    missed = area.pixels - (area.counts[own] if own < len(area.counts) - 1 else 0)
    return area.area_mm2 * missed / area.pixels if area.pixels else 0.0


def cut_out(
    slide: Slide,
    truth: Truth,
    predicted: PredictedMap,
    areas: Sequence[AreaResult],
    folder: Path,
    stem: str,
) -> tuple[Place, ...]:
    """Pictures of the areas of a slide of which most was predicted otherwise.

    Areas that a person marked as right, and of classes that the model does not know, are left out.

    Raises:
        SlideError: the slide is damaged there.
        OSError: a picture cannot be written.
    """
    names = list(predicted.classes.names)
    known = [a for a in areas if a.label in names and not a.marked_right]
    ranked = sorted(((wrong_mm2(a, names.index(a.label)), a) for a in known), key=lambda p: -p[0])
    places = []
    for number, (wrong, area) in enumerate(ranked[:OF_SLIDE], start=1):
        if wrong <= 0:
            break
        path = folder / f"{stem}_place{number}.jpg"
        folder.mkdir(parents=True, exist_ok=True)
        replace_bytes(path, encode(_drawn(slide, truth, predicted, area), "jpeg", 85))
        places.append(
            Place(
                f"{folder.name}/{path.name}", area.label, area.predicted, wrong,
                1 - wrong / area.area_mm2 if area.area_mm2 else 0.0, area.object_id,
            )
        )  # fmt: skip
    return tuple(places)


def _drawn(slide: Slide, truth: Truth, predicted: PredictedMap, area: AreaResult) -> Image:
    """Tissue, drawing and prediction side by side, white lines between them."""
    view = _view(slide, area.bounds_l0)
    image = read_view(slide, view)
    known = truth.classes.colors[: truth.n_known]
    colors = [*known, *[UNKNOWN_COLOR] * len(truth.unknown)]
    guess = labels_in(predicted, view)
    spacing_um = view.downsample_x * slide.calibration.mpp_x
    pictures = [
        add_scale_bar(image, spacing_um),
        overlay(image, truth.labels.rasterize(view), colors, 0.3, 2),
        overlay(image, guess, predicted.classes.colors, 0.4, 1),
    ]
    gap = np.full((view.height, 6, 3), 255, np.uint8)
    return np.concatenate([pictures[0], gap, pictures[1], gap, pictures[2]], axis=1)


def _view(slide: Slide, bounds_l0: tuple[float, float, float, float]) -> Region:
    """A square about an area with a quarter of its size around it, on the slide where it can be."""
    x0, y0, x1, y1 = bounds_l0
    mpp = slide.calibration.mpp_x
    side = max(1.5 * max(x1 - x0, y1 - y0), _LEAST_UM / mpp)
    side = min(side, float(max(slide.width_l0, slide.height_l0)))
    left = _within((x0 + x1 - side) / 2, side, slide.width_l0)
    top = _within((y0 + y1 - side) / 2, side, slide.height_l0)
    count = max(32, min(_SIDE, math.ceil(side)))
    return Region(left, top, count, count, side / count, side / count)


def _within(start: float, side: float, length: int) -> float:
    return min(max(0.0, start), max(0.0, length - side))

"""The pictures of one slide in a report: slide, annotations, prediction, errors."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np

from hookpath.atomic_files import replace_bytes
from hookpath.evaluation.plotting.overlay_drawing import (
    UNKNOWN_COLOR,
    Image,
    Labels,
    add_scale_bar,
    encode,
    error_overlay,
    overlay,
)
from hookpath.evaluation.predictions.class_map_source import PredictedMap
from hookpath.evaluation.scoring.ground_truth import Truth
from hookpath.evaluation.scoring.pixel_counting import ErrorTally
from hookpath.geometry import Region
from hookpath.slides import Slide

#: Longest side of a picture, px: sharp at the width of a printed page's half.
LONGEST = 900

#: Output rows read at once, so that a slide without coarse levels does not fill the memory.
_STRIP = 64


def view_of(slide: Slide, bounds_l0: tuple[float, float, float, float] | None) -> Region:
    """The part of a slide worth showing: the annotated one, or all if that is half of it or more.

    Args:
        bounds_l0: box around the annotations, level-0 px.
    """
    whole = (0.0, 0.0, float(slide.width_l0), float(slide.height_l0))
    x0, y0, x1, y1 = whole if bounds_l0 is None else _with_margin(bounds_l0, whole)
    if x0 >= x1 or y0 >= y1:  # all of it lies off the slide
        x0, y0, x1, y1 = whole
    if (x1 - x0) * (y1 - y0) >= 0.5 * whole[2] * whole[3]:
        x0, y0, x1, y1 = whole
    downsample = max(1.0, max(x1 - x0, y1 - y0) / LONGEST)
    width, height = (max(1, round(side / downsample)) for side in (x1 - x0, y1 - y0))
    return Region(x0, y0, width, height, (x1 - x0) / width, (y1 - y0) / height)


def draw_views(
    slide: Slide, truth: Truth, predicted: PredictedMap, errors: ErrorTally
) -> Mapping[str, Image]:
    """All four pictures over ``errors.view``, by kind."""
    view = errors.view
    image = read_view(slide, view)
    labels = _rasterize(truth, view)
    guess = labels_in(predicted, view)
    line = 1 + view.width // 700
    wrong = errors.wrong > 0
    right = (errors.right > 0) & ~wrong
    spacing_um = view.downsample_x * slide.calibration.mpp_x
    colors = [*truth.classes.colors[: truth.n_known], *[UNKNOWN_COLOR] * len(truth.unknown)]
    return {
        "slide": add_scale_bar(image, spacing_um),
        "truth": overlay(image, labels, colors, 0.35, line + 1),
        "prediction": overlay(image, guess, predicted.classes.colors, 0.4, line),
        "errors": error_overlay(image, right, wrong),
    }


def save_views(pictures: Mapping[str, Image], folder: Path, stem: str) -> dict[str, str]:
    """Write the pictures as JPEG; kind → path relative to the folder's parent."""
    folder.mkdir(parents=True, exist_ok=True)
    written = {}
    for kind, picture in pictures.items():
        path = folder / f"{stem}_{kind}.jpg"
        replace_bytes(path, encode(picture, "jpeg"))
        written[kind] = f"{folder.name}/{path.name}"
    return written


def _with_margin(
    box: tuple[float, float, float, float], whole: tuple[float, float, float, float]
) -> tuple[float, float, float, float]:
    x0, y0, x1, y1 = box
    margin = 0.12 * max(x1 - x0, y1 - y0) + 16
    return (
        max(whole[0], x0 - margin),
        max(whole[1], y0 - margin),
        min(whole[2], x1 + margin),
        min(whole[3], y1 + margin),
    )


def _strips(view: Region) -> list[Region]:
    dx, dy = view.downsample_x, view.downsample_y
    return [
        Region(view.x_l0, view.y_l0 + y * dy, view.width, min(_STRIP, view.height - y), dx, dy)
        for y in range(0, view.height, _STRIP)
    ]


def read_view(slide: Slide, view: Region) -> Image:
    """The pixels of a view, a strip at a time.

    Raises:
        SlideError: the slide is damaged there.
    """
    return np.concatenate([slide.read(strip) for strip in _strips(view)])


def labels_in(predicted: PredictedMap, view: Region) -> Labels:
    """What is predicted in a view, a strip at a time."""
    return np.concatenate([predicted.labels_of(strip) for strip in _strips(view)])


def _rasterize(truth: Truth, view: Region) -> Labels:
    return np.asarray(truth.labels.rasterize(view))

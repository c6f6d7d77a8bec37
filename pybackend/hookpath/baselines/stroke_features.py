"""The features of pixels that somebody drew on."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import numpy.typing as npt

from hookpath.baselines.classifier_prediction import input_region, tiles
from hookpath.baselines.pixel_features import FeatureBank, FloatArray
from hookpath.inference.aligned_tile_grids import Box
from hookpath.inference.roi.tissue_tiles import OutputGrid
from hookpath.sampling import AnnotatedSlide
from hookpath.slides import Slide

Pixels = npt.NDArray[np.int64]
"""``(N, 5)``: slide, tile, row and column in the tile, label (1…) of annotated pixels."""


def annotated_pixels(sources: Sequence[AnnotatedSlide], bank: FeatureBank) -> Pixels:
    """Every pixel of the slides' output grids whose centre lies in a stroke."""
    found = [np.empty((0, 5), np.int64)]
    for number, source in enumerate(sources):
        with source.slide.open() as slide:
            grid = OutputGrid.of_slide(slide, bank.spacing_um)
        for at, window in enumerate(tiles(grid)):
            labels = source.labels.rasterize(grid.region(window))
            rows, columns = np.nonzero(labels)
            where = np.full(len(rows), number), np.full(len(rows), at)
            found.append(np.stack([*where, rows, columns, labels[rows, columns]], axis=1))
    return np.concatenate(found)


def balanced(pixels: Pixels, n_classes: int, most: int, seed: int) -> Pixels:
    """As many pixels of every class, `most` in all; small classes are drawn again and again.

    In slide and tile order, so that each tile's features are made once.
    """
    rng = np.random.default_rng(seed)
    counts = np.bincount(pixels[:, 4], minlength=n_classes + 1)[1:]
    wanted = min(most // n_classes, int(counts.max()))
    chosen = []
    for label, count in enumerate(counts, start=1):
        of_class = np.flatnonzero(pixels[:, 4] == label)
        if count:
            chosen.append(rng.choice(of_class, wanted, replace=count < wanted))
    found: Pixels = pixels[np.sort(np.concatenate(chosen))]
    return found


def features_of(sources: Sequence[AnnotatedSlide], pixels: Pixels, bank: FeatureBank) -> FloatArray:
    """``(N, F)`` float32 of chosen pixels, which are in slide and tile order."""
    found = []
    for number, source in enumerate(sources):
        of_slide = pixels[pixels[:, 0] == number]
        if len(of_slide):
            with source.slide.open() as slide:
                found += list(_of_slide(slide, of_slide, bank))
    return np.concatenate(found)


def _of_slide(slide: Slide, pixels: Pixels, bank: FeatureBank) -> Iterator[FloatArray]:
    grid = OutputGrid.of_slide(slide, bank.spacing_um)
    windows = list(tiles(grid))
    for at in np.unique(pixels[:, 1]):
        here = pixels[pixels[:, 1] == at]
        box = _around(windows[at], here)
        maps = bank.maps(slide.read(input_region(grid, box, bank.margin)))
        rows = here[:, 2] + windows[at].y - box.y
        columns = here[:, 3] + windows[at].x - box.x
        yield np.ascontiguousarray(maps[:, rows, columns].T)


def _around(window: Box, pixels: Pixels) -> Box:
    """The part of a tile that holds these of its pixels."""
    (top, left), (bottom, right) = pixels[:, 2:4].min(axis=0), pixels[:, 2:4].max(axis=0)
    width, height = int(right - left) + 1, int(bottom - top) + 1
    return Box(window.x + int(left), window.y + int(top), width, height)

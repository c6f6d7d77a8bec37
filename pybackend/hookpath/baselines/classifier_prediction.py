"""Slides through a pixel classifier: tiles with a margin, which leave no seams."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
from shapely.geometry.base import BaseGeometry

from hookpath.baselines.pixel_classifier import PixelClassifier
from hookpath.events import OnStep
from hookpath.geometry import Region
from hookpath.inference.aligned_tile_grids import Box
from hookpath.inference.dense.read_ahead import read_ahead
from hookpath.inference.dense.tile_rows import PredictedRow, PredictedTile
from hookpath.inference.roi.tissue_tiles import CELL, Cover, OutputGrid, Tissue, cover_of
from hookpath.inference.tile_order import RowEnd
from hookpath.slides.slide_base import RGBArray, Slide

TILE = 8 * CELL
"""Side in output px of what is computed at a time: 100 feature maps of it take 100 MB."""


def tiles(grid: OutputGrid) -> Iterator[Box]:
    """The whole grid in tiles, row by row."""
    for y in range(0, grid.height, TILE):
        for x in range(0, grid.width, TILE):
            yield Box(x, y, min(TILE, grid.width - x), min(TILE, grid.height - y))


def input_region(grid: OutputGrid, window: Box, margin: int) -> Region:
    """What is read for a window of the grid: `margin` px more on every side."""
    width, height = window.width + 2 * margin, window.height + 2 * margin
    return grid.region(Box(window.x - margin, window.y - margin, width, height))


class PixelSlides:
    """A `hookpath.inference.Predictor` of a pixel classifier."""

    local = True
    device = "cpu"

    def __init__(self, classifier: PixelClassifier) -> None:
        self.classifier = classifier
        self.n_classes = classifier.n_classes

    def spacing_um(self, slide: Slide) -> float:
        """The features', on every slide."""
        return self.classifier.bank.spacing_um

    def reads_um(self, slide: Slide) -> float:
        """The features'."""
        return self.classifier.bank.spacing_um

    def job(
        self, slide: Slide, inside: Sequence[BaseGeometry] | None = None, tissue: Tissue = True
    ) -> PixelJob:
        """Plan one slide."""
        grid = OutputGrid.of_slide(slide, self.spacing_um(slide))
        return PixelJob(self.classifier, cover_of(slide, grid, inside, tissue))


class _Step:
    """Read a tile's region, with its margin."""

    def __init__(self, window: Box, region: Region) -> None:
        self.window, self.regions = window, (region,)


class PixelJob:
    """One slide of `PixelSlides`."""

    def __init__(self, classifier: PixelClassifier, cover: Cover) -> None:
        self.classifier, self.cover, self.grid = classifier, cover, cover.grid

    def count(self) -> int:
        """Number of tiles in which something is wanted."""
        return sum(self.cover.wanted(window) is not None for window in tiles(self.grid))

    def rows(
        self, slides: Sequence[Slide], on_step: OnStep, spill_dir: Path | None = None
    ) -> Iterator[PredictedRow]:
        """All rows of `grid`, top to bottom."""
        done: list[PredictedTile] = []
        for item in read_ahead(self._steps(), slides):
            if isinstance(item, RowEnd):
                yield PredictedRow(item.y_out, item.height, self.grid.width, tuple(done))
                done = []
                continue
            step, (image,) = item
            done.append(self._tile(step.window, image))
            on_step(step.window.area)

    def part(
        self, slides: Sequence[Slide], window: Box, on_step: OnStep, as_uint8: bool = True
    ) -> Iterator[PredictedTile]:
        """The tiles that share px with `window`."""
        for tile in tiles(self.grid):
            wanted = self.cover.wanted(tile) if _meet(tile, window) else None
            if wanted is None:
                continue
            here = _clipped(wanted, self.grid)
            image = slides[0].read(self._input(here))
            yield self._tile(here, image, as_uint8)
            on_step(here.area)

    def _steps(self) -> Iterator[_Step | RowEnd]:
        for window in tiles(self.grid):
            wanted = self.cover.wanted(window)
            if wanted is not None:
                here = _clipped(wanted, self.grid)
                yield _Step(here, self._input(here))
            if window.x + window.width >= self.grid.width:
                yield RowEnd(window.y, window.height)

    def _input(self, window: Box) -> Region:
        return input_region(self.grid, window, self.classifier.bank.margin)

    def _tile(self, window: Box, image: RGBArray, as_uint8: bool = True) -> PredictedTile:
        found = self.classifier.probabilities(self.classifier.bank.maps(image))
        wanted = self.cover.mask(window)
        labels = ((found.argmax(axis=0) + 1) * wanted).astype(np.uint8)
        found *= wanted
        if not as_uint8:
            return PredictedTile(window, labels, found)
        return PredictedTile(window, labels, np.rint(found * 255).astype(np.uint8))


def _meet(one: Box, other: Box) -> bool:
    return (
        one.x < other.x + other.width
        and other.x < one.x + one.width
        and one.y < other.y + other.height
        and other.y < one.y + one.height
    )


def _clipped(window: Box, grid: OutputGrid) -> Box:
    """Whole cells may reach beyond the grid."""
    width, height = grid.width - window.x, grid.height - window.y
    return Box(window.x, window.y, min(window.width, width), min(window.height, height))

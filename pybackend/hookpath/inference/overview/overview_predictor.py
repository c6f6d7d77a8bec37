"""Slides as a whole: overview networks, with the heatmap of a first stage or without."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from shapely.geometry.base import BaseGeometry

from hookpath.errors import PredictionError
from hookpath.events import OnStep
from hookpath.geometry import Overview
from hookpath.inference.aligned_tile_grids import Box
from hookpath.inference.dense.tile_rows import PredictedRow, PredictedTile, classify
from hookpath.inference.engines.patch_runners import PatchRunner
from hookpath.inference.engines.torch_device import TileTooLargeError
from hookpath.inference.roi.tissue_tiles import CellRule, Cover, OutputGrid, Tissue, cover_of
from hookpath.sampling import Heatmap
from hookpath.slides.slide_base import RGBArray, Slide

if TYPE_CHECKING:
    from hookpath.inference.predictor_protocol import Predictor, SlideJob


def _ignore(_: int) -> None:
    pass


@dataclass(frozen=True)
class FirstStage:
    """What makes the heatmap that an overview network reads.

    Attributes:
        predictor: of the patch classifier.
        channels: its class channels that are shown, in this order.
    """

    predictor: Predictor
    channels: tuple[int, ...]

    def job(self, slide: Slide) -> SlideJob:
        """Plan a slide: always all of its tissue, since the second stage looks at the whole."""
        return self.predictor.job(slide, None, tissue=True)

    def heatmap(
        self,
        job: SlideJob,
        slides: Sequence[Slide],
        on_step: OnStep = _ignore,
        spill_dir: Path | None = None,
    ) -> Heatmap:
        """The classifier's probabilities, stitched; 0 where there is no tissue."""
        grid = job.grid
        values = np.zeros((len(self.channels), grid.height, grid.width), np.uint8)
        for row in job.rows(slides, on_step, spill_dir):
            found = row.probabilities(self.predictor.n_classes)
            values[:, row.y_out : row.y_out + row.height] = found[list(self.channels)]
        return Heatmap(values, grid.downsample)


class OverviewSlides:
    """A `Predictor` of networks that see a whole slide at once.

    The output has the overview's µm/px, which differs from slide to slide; what lies outside of
    the slide's tissue (or of annotated regions) is computed, too, but not given out.

    Args:
        runner: computes the overview as one patch of ``3 + H`` channels.
        first: makes the H heatmaps; None: the network reads RGB only.
    """

    local = False

    def __init__(self, runner: PatchRunner, first: FirstStage | None = None) -> None:
        self.runner, self.first = runner, first
        self.n_classes = runner.n_classes
        self.device = str(getattr(runner, "device", "cpu"))

    def view(self, slide: Slide) -> Overview:
        """How a slide lies in the network's input."""
        size = self.runner.branches[0].input_size
        return Overview.of((slide.width_l0, slide.height_l0), slide.calibration, size)

    def spacing_um(self, slide: Slide) -> float:
        """The overview's on this slide."""
        return self.view(slide).spacing_um

    def reads_um(self, slide: Slide) -> float:
        """The first stage's. An overview alone can be made of any slide."""
        if self.first is not None:
            return self.first.predictor.reads_um(slide)
        return max(self.spacing_um(slide), slide.calibration.mpp)

    def job(
        self, slide: Slide, inside: Sequence[BaseGeometry] | None = None, tissue: Tissue = True
    ) -> OverviewJob:
        """Plan one slide."""
        view = self.view(slide)
        downsample = view.region.downsample_x, view.region.downsample_y
        grid = OutputGrid(view.width, view.height, downsample)
        cover = cover_of(slide, grid, inside, tissue, CellRule(side=1))
        first = None if self.first is None else self.first.job(slide)
        return OverviewJob(self, view, cover, first)


class OverviewJob:
    """One slide of `OverviewSlides`: the first stage's steps, then one."""

    def __init__(
        self, of: OverviewSlides, view: Overview, cover: Cover, first: SlideJob | None
    ) -> None:
        self.of, self.view, self.cover, self.first = of, view, cover, first
        self.grid = cover.grid

    def count(self) -> int:
        """Steps of the first stage, and one; 0 where nothing is wanted."""
        if not self.cover.cells.any():
            return 0
        return 1 + (0 if self.first is None else self.first.count())

    def rows(
        self,
        slides: Sequence[Slide],
        on_step: OnStep,
        spill_dir: Path | None = None,
        as_uint8: bool = True,
    ) -> Iterator[PredictedRow]:
        """The whole slide as one row; probabilities as 0…255, or float32 in [0, 1]."""
        grid, tiles = self.grid, tuple[PredictedTile, ...]()
        if self.count():
            image = slides[0].read(self.view.region)
            if self.first is not None and self.of.first is not None:
                found = self.of.first.heatmap(self.first, slides, on_step, spill_dir)
                maps = np.moveaxis(found.on(self.view.region), 0, -1)
                image = np.concatenate([image, maps], axis=-1)
            tiles = (self._computed(image, as_uint8),)
            on_step(grid.width * grid.height)
        yield PredictedRow(0, grid.height, grid.width, tiles)

    def _computed(self, image: RGBArray, as_uint8: bool) -> PredictedTile:
        view, window = self.view, Box(0, 0, self.grid.width, self.grid.height)
        try:
            pixels = np.require(image[None], requirements=["C", "W"])
            logits = self.of.runner.logits([pixels])[0]
        except TileTooLargeError as error:
            raise PredictionError(
                f"not enough memory for an overview of {image.shape[0]}×{image.shape[1]} px "
                f"({error}); free some memory or use --device cpu",
                code="out_of_memory",
            ) from error
        here = logits[:, view.top : view.top + view.height, view.left : view.left + view.width]
        return PredictedTile(window, *classify(here, self.cover.mask(window), as_uint8))

    def part(
        self, slides: Sequence[Slide], window: Box, on_step: OnStep, as_uint8: bool = True
    ) -> Iterator[PredictedTile]:
        """There is no part without the rest: the whole slide."""
        for row in self.rows(slides, on_step, None, as_uint8):
            yield from row.tiles

"""Slides through networks of valid convolutions: large tiles without seams."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from functools import cached_property
from pathlib import Path

from shapely.geometry.base import BaseGeometry

from hookpath.events import SILENT, OnStep, Reporter
from hookpath.inference.aligned_tile_grids import Box, aligned_start, branch_grids, round_up
from hookpath.inference.dense.tile_loop import DensePredictor, Memory
from hookpath.inference.dense.tile_rows import PredictedRow, PredictedTile
from hookpath.inference.engines.tile_runner import Runner
from hookpath.inference.prediction_config import PredictConfig
from hookpath.inference.roi.tissue_tiles import CELL, Cover, OutputGrid, Tissue, cover_of
from hookpath.inference.tile_order import Plan
from hookpath.slides.slide_base import Slide

PART_TILE = 1024
"""Side in output px of the pieces that a part is computed in; between two it can be stopped."""


class DenseSlides:
    """A `Predictor` of networks that `DensePredictor` can run.

    Args:
        runner: computes tiles, e.g. `TorchRunner(model)`.
        config: tile size and memory.
        reporter: hears of tiles that had to be halved.
    """

    local = True

    def __init__(
        self, runner: Runner, config: PredictConfig | None = None, reporter: Reporter = SILENT
    ) -> None:
        self.runner, self.config, self.reporter = runner, config or PredictConfig(), reporter
        self.grids = branch_grids(runner)
        self.n_classes = runner.n_classes
        self.device = str(getattr(runner, "device", "cpu"))

    def spacing_um(self, slide: Slide) -> float:
        """The target branch's, on every slide."""
        return self.runner.branches[0].spacing_um

    def reads_um(self, slide: Slide) -> float:
        """The target branch's."""
        return self.runner.branches[0].spacing_um

    def job(
        self, slide: Slide, inside: Sequence[BaseGeometry] | None = None, tissue: Tissue = True
    ) -> DenseJob:
        """Plan one slide."""
        grid = OutputGrid.of_slide(slide, self.spacing_um(slide))
        start = aligned_start(self.grids, slide, grid.downsample)
        return DenseJob(self, grid, cover_of(slide, grid.starting_at(start), inside, tissue))


class DenseJob:
    """One slide of `DenseSlides`. `grid` is the results'; `cover`'s may start a little before."""

    def __init__(self, of: DenseSlides, grid: OutputGrid, cover: Cover) -> None:
        self.of, self.grid, self.cover = of, grid, cover

    @cached_property
    def _plan(self) -> Plan:
        return DensePredictor(self.of.runner, self.of.config.tile).plan(self.cover)

    def count(self) -> int:
        """Number of target tiles."""
        return self._plan.count()

    def rows(
        self, slides: Sequence[Slide], on_step: OnStep, spill_dir: Path | None = None
    ) -> Iterator[PredictedRow]:
        """All rows of `grid`, top to bottom."""
        memory = Memory(hooks=self.of.config.hook_memory_mb * 2**20, spill_dir=spill_dir)
        predictor = DensePredictor(
            self.of.runner, self.of.config.tile, memory, reporter=self.of.reporter
        )
        return predictor.rows(slides, self._plan, on_step)

    def part(
        self, slides: Sequence[Slide], window: Box, on_step: OnStep, as_uint8: bool = True
    ) -> Iterator[PredictedTile]:
        """What is wanted in `window`, and what comes along with it."""
        cover = self._cover_of(window)
        predictor = self._predictor(cover, as_uint8)
        for row in predictor.rows(slides, predictor.plan(cover), on_step):
            yield from row.tiles

    def _predictor(self, cover: Cover, as_uint8: bool) -> DensePredictor:
        return DensePredictor(self.of.runner, self._part_tile(cover), as_uint8=as_uint8)

    def _cover_of(self, window: Box) -> Cover:
        """The window as a grid of its own, in phase with the whole slide's, with its tissue."""
        whole, period = self.cover.grid, self._period
        left = (window.x - whole.start[0]) // period * period
        top = (window.y - whole.start[1]) // period * period
        width = window.x + window.width - whole.start[0] - left
        height = window.y + window.height - whole.start[1] - top
        start = left + whole.start[0], top + whole.start[1]
        rows = slice(top // CELL, -(-(top + height) // CELL))
        columns = slice(left // CELL, -(-(left + width) // CELL))
        cells = self.cover.cells[rows, columns].copy()
        cells[: (window.y - start[1]) // CELL] = False
        cells[:, : (window.x - start[0]) // CELL] = False
        return Cover(OutputGrid(width, height, whole.downsample, start), cells)

    @property
    def _period(self) -> int:
        """Px between origins that keep all poolings of all branches, and all cells, in phase."""
        return math.lcm(CELL, *(g.scale * g.phase for g in self.of.grids))

    def _part_tile(self, cover: Cover) -> int:
        whole = round_up(max(cover.grid.width, cover.grid.height), CELL)
        most = self.of.runner.largest_input() - self.of.grids[0].input_extra
        return min(PART_TILE, whole, most)

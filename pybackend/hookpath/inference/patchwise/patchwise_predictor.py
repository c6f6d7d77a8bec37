"""Slides patch by patch: networks that pad their convolutions, or give one class per patch.

Every patch is read and computed alone, so neither the size of batches and blocks nor the order
shows in the result. Patches side by side are read as one block.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cached_property
from pathlib import Path

import numpy as np
from shapely.geometry.base import BaseGeometry

from hookpath.devices import is_out_of_memory
from hookpath.errors import PredictionError
from hookpath.events import SILENT, OnStep, Reporter
from hookpath.inference.aligned_tile_grids import Box, level_start
from hookpath.inference.dense.read_ahead import read_ahead
from hookpath.inference.dense.tile_loop import Memory
from hookpath.inference.dense.tile_rows import (
    PredictedRow,
    PredictedTile,
    classify,
    empty_probabilities,
)
from hookpath.inference.engines.malloc_tuning import large_blocks_reused
from hookpath.inference.engines.patch_runners import PatchRunner
from hookpath.inference.engines.torch_device import TileTooLargeError
from hookpath.inference.patchwise.patch_grid import Block, Patch, PatchPlan, layout_of
from hookpath.inference.prediction_config import PredictConfig
from hookpath.inference.roi.tissue_tiles import (
    BoolGrid,
    CellRule,
    Cover,
    OutputGrid,
    Tissue,
    cover_of,
)
from hookpath.inference.tile_order import RowEnd
from hookpath.slides.slide_base import RGBArray, Slide

BLOCK, PART_BLOCK = 2048, 512
"""About this many target px along a block; along one of a part, between which it can be stopped."""
MOST_PATCHES = 32
"""Most patches along a block."""

TISSUE_SHARE = 0.25
"""A patch is classified if more than this of it is tissue (Pedersen et al. 2022, H2G-Net)."""


class PatchSlides:
    """A `Predictor` of networks that take patches of one size.

    A network that gives a class per pixel keeps the centre of its patches. Of one that gives a
    class per patch, an output px is a patch (with an overlap: its centre), wanted where more than
    `TISSUE_SHARE` of the patch is tissue, or an annotated region touches it.

    Args:
        runner: computes patches, e.g. `TorchPatches(model)`.
        config: overlap and batch.
        reporter: hears of batches that had to be halved.
    """

    local = True

    def __init__(
        self, runner: PatchRunner, config: PredictConfig | None = None, reporter: Reporter = SILENT
    ) -> None:
        config = config or PredictConfig()
        self.runner, self.reporter = runner, reporter
        self.layout = layout_of(runner.branches, runner.scores, config.overlap, runner.depth)
        self.n_classes = runner.n_classes
        self.device = str(getattr(runner, "device", "cpu"))
        self.batch = config.batch or runner.batch()

    def spacing_um(self, slide: Slide) -> float:
        """The target's, or the distance between patches that get one class each."""
        return self.runner.branches[0].spacing_um * self.layout.unit

    def reads_um(self, slide: Slide) -> float:
        """The finest branch's."""
        return self.runner.branches[0].spacing_um

    def job(
        self, slide: Slide, inside: Sequence[BaseGeometry] | None = None, tissue: Tissue = True
    ) -> PatchJob:
        """Plan one slide."""
        grid = OutputGrid.of_slide(slide, self.spacing_um(slide))
        computed = grid.starting_at(self._start(slide, grid))
        cover = cover_of(slide, computed, inside, tissue, self._rule())
        return PatchJob(self, grid, cover)

    def halve(self, reason: str) -> None:
        """Fewer patches at once, from now on.

        Raises:
            PredictionError: it is one already.
        """
        before, self.batch = self.batch, self.batch // 2
        if self.batch == 0:
            self.batch, size = 1, self.runner.branches[0].input_size
            raise PredictionError(
                f"not enough memory for one patch of {size}×{size} px ({reason}); free some "
                "memory or use --device cpu",
                code="out_of_memory",
            )
        self.reporter.warn(
            f"out of memory with {before} patches at once; going on with {self.batch} "
            "(the result stays the same)"
        )

    def _rule(self) -> CellRule | None:
        """A class per pixel: as dense prediction; one per patch: every patch alone."""
        if self.runner.scores == "pixels":
            return None
        target, step = self.runner.branches[0], self.layout.step
        beyond_um = (target.input_size - step) / 2 * target.spacing_um
        return CellRule(side=1, grown_um=beyond_um, share=TISSUE_SHARE, touched=True)

    def _start(self, slide: Slide, grid: OutputGrid) -> tuple[int, int]:
        layout = self.layout
        if len(layout.scales) == 1 or layout.unit != 1:
            return 0, 0
        return level_start(layout.origins[-1], layout.scales[-1], slide, grid.downsample)


class PatchJob:
    """One slide of `PatchSlides`. `grid` is the results'; `cover`'s may start a little before."""

    def __init__(self, of: PatchSlides, grid: OutputGrid, cover: Cover) -> None:
        self.of, self.grid, self.cover = of, grid, cover

    @cached_property
    def _plan(self) -> PatchPlan:
        return self._planned(BLOCK)

    def count(self) -> int:
        """Number of patches."""
        return self._plan.count()

    def rows(
        self,
        slides: Sequence[Slide],
        on_step: OnStep,
        spill_dir: Path | None = None,
        as_uint8: bool = True,
    ) -> Iterator[PredictedRow]:
        """All rows of `grid`, top to bottom; probabilities as 0…255, or float32 in [0, 1]."""
        whole = self.cover.grid
        tiles: list[PredictedTile] = []
        for item in self._computed(self._plan, slides, on_step, as_uint8):
            if isinstance(item, PredictedTile):
                tiles.append(item)
                continue
            row = PredictedRow(item.y_out, item.height, whole.width, tuple(tiles))
            if (moved := row.moved(whole.start)) is not None:
                yield moved
            tiles = []

    def part(
        self, slides: Sequence[Slide], window: Box, on_step: OnStep, as_uint8: bool = True
    ) -> Iterator[PredictedTile]:
        """What is wanted in `window`, and what comes along with it."""
        start = self.cover.grid.start
        here = Box(window.x - start[0], window.y - start[1], window.width, window.height)
        plan = self._planned(PART_BLOCK, here)
        for item in self._computed(plan, slides, on_step, as_uint8):
            if isinstance(item, PredictedTile) and (moved := item.moved(start)) is not None:
                yield moved

    def _planned(self, side: int, window: Box | None = None) -> PatchPlan:
        layout, width = self.of.layout, self.cover.grid.width
        along = max(1, min(MOST_PATCHES, side // layout.step)) if layout.joinable else 1
        row_bytes = (self.of.n_classes + 1) * width * layout.kept
        return PatchPlan(
            layout, self.cover, (along, max(1, min(along, Memory.row // row_bytes))), window
        )

    def _computed(
        self, plan: PatchPlan, slides: Sequence[Slide], on_step: OnStep, as_uint8: bool
    ) -> Iterator[PredictedTile | RowEnd]:
        with large_blocks_reused():
            for item in read_ahead(plan.blocks(), slides):
                if isinstance(item, RowEnd):
                    yield item
                    continue
                block, images = item
                yield _Mosaic(plan, block, self.of, as_uint8).computed(images, on_step)


class _Mosaic:
    """The patches of one block put together."""

    def __init__(self, plan: PatchPlan, block: Block, of: PatchSlides, as_uint8: bool) -> None:
        self.layout, self.of, self.as_uint8 = plan.layout, of, as_uint8
        self.window = plan.box(block.column, block.row, block.columns, block.rows)
        kept = self.layout.kept
        shape = block.rows * kept, block.columns * kept
        self.mask = np.zeros(shape, bool)
        self.mask[: self.window.height, : self.window.width] = plan.cover.mask(self.window)
        self.labels = np.zeros(shape, np.uint8)
        self.probabilities = empty_probabilities((of.n_classes, *shape), as_uint8)
        self.wanted = block.wanted

    def computed(self, images: Sequence[RGBArray], on_patch: OnStep) -> PredictedTile:
        """The tile, from the block's pixels of every branch."""
        at = 0
        while at < len(self.wanted):
            part = self.wanted[at : at + self.of.batch]
            drawn_in = [patch for patch in part if self.mask[self._kept(*patch)].any()]
            try:
                self._compute(drawn_in, images)
            except (TileTooLargeError, RuntimeError, MemoryError) as error:
                # What is made of the network's scores can be too much, too.
                if not isinstance(error, TileTooLargeError) and not is_out_of_memory(error):
                    raise
                self.of.halve(str(error).split("\n")[0])
            else:
                at += len(part)
                for _ in part:
                    on_patch(self.layout.kept**2)
        height, width = self.window.height, self.window.width
        return PredictedTile(
            self.window, self.labels[:height, :width], self.probabilities[:, :height, :width]
        )

    def _compute(self, patches: Sequence[Patch], images: Sequence[RGBArray]) -> None:
        if not patches:
            return
        layout = self.layout
        scores = self.of.runner.logits(
            [
                np.stack([self._cut(image, branch, patch) for patch in patches])
                for branch, image in enumerate(images)
            ]
        )
        core = slice(layout.crop, layout.crop + layout.kept)
        masks: BoolGrid = np.stack([self.mask[self._kept(*patch)] for patch in patches])
        labels, found = classify(scores[..., core, core], masks, self.as_uint8)
        for number, patch in enumerate(patches):
            here = self._kept(*patch)
            self.labels[here] = labels[number]
            self.probabilities[(slice(None), *here)] = found[number]

    def _cut(self, image: RGBArray, branch: int, patch: Patch) -> RGBArray:
        step, size = self.layout.step / self.layout.scales[branch], self.layout.sizes[branch]
        left, top = (round(index * step) for index in patch)
        return image[top : top + size, left : left + size]

    def _kept(self, column: int, row: int) -> tuple[slice, slice]:
        kept = self.layout.kept
        return slice(row * kept, (row + 1) * kept), slice(column * kept, (column + 1) * kept)

"""Dense prediction of a slide: large tiles, and a context branch shared by all of them.

The context branches run once over the (wanted part of the) slide in tiles of their own; each
target tile takes the exact window of the shared hook map. See
`hookpath.inference.aligned_tile_grids` for why this equals patch-wise prediction.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from hookpath.devices import is_out_of_memory
from hookpath.errors import PredictionError
from hookpath.events import SILENT, OnStep, Reporter
from hookpath.inference.aligned_tile_grids import Box, branch_grids, round_up
from hookpath.inference.dense.read_ahead import read_ahead
from hookpath.inference.dense.tile_rows import (
    PredictedRow,
    PredictedTile,
    classify,
    empty_probabilities,
)
from hookpath.inference.engines.hook_cache import FloatMap, HookStore
from hookpath.inference.engines.malloc_tuning import large_blocks_reused
from hookpath.inference.engines.tile_runner import Runner
from hookpath.inference.engines.torch_device import TileTooLargeError
from hookpath.inference.roi.tissue_tiles import Cover
from hookpath.inference.tile_order import Plan, RowEnd, Step, choose_sizes
from hookpath.slides.slide_base import RGBArray, Slide


@dataclass(frozen=True)
class Memory:
    """Bounds in bytes: hook maps held in memory (more spills to disk), and one row of results.

    Two rows are held: one is computed while the one before is written.
    """

    hooks: int = 512 * 2**20
    row: int = 192 * 2**20
    spill_dir: Path | None = None


def _ignore(_: int) -> None:
    pass


class DensePredictor:
    """Predicts class probabilities over a slide's output grid, wanted parts only.

    Args:
        runner: computes tiles, e.g. `TorchRunner(model)`.
        tile: side in output px of a target tile; None: as large as the device takes.
        memory: bounds.
        as_uint8: probabilities as 0…255 (False: float32 in [0, 1]).
        reporter: hears of tiles that had to be halved.
    """

    def __init__(
        self,
        runner: Runner,
        tile: int | None = None,
        memory: Memory | None = None,
        as_uint8: bool = True,
        reporter: Reporter = SILENT,
    ) -> None:
        self.runner, self.tile, self.as_uint8 = runner, tile, as_uint8
        self.memory = memory or Memory()
        self.reporter = reporter
        self.grids = branch_grids(runner)
        self._largest_area: int | None = None

    def plan(self, cover: Cover) -> Plan:
        """Which tiles, in which order."""
        extra = self.grids[0].input_extra
        side = self.tile or self.runner.largest_input() - extra
        per_px = (1 if self.as_uint8 else 4) * self.runner.n_classes + 1
        sizes = choose_sizes(self.grids, cover.grid, side, self.memory.row // per_px)
        return Plan(self.grids, cover, sizes)

    def rows(
        self, slides: Slide | Sequence[Slide], plan: Plan, on_tile: OnStep = _ignore
    ) -> Iterator[PredictedRow]:
        """All rows of the slide's output grid (from its origin on), top to bottom.

        Args:
            slides: one or more handles of the same slide, each used by one reading thread.
            plan: from `plan`.
            on_tile: called with each target tile's number of px once it is done.

        Raises:
            SlideError: the slide is damaged somewhere.
            PredictionError: not even the smallest tile fits into memory.
        """
        handles = (slides,) if isinstance(slides, Slide) else slides
        store = HookStore(plan, self.memory.hooks, self.memory.spill_dir)
        with large_blocks_reused(), store:
            tiles: list[PredictedTile] = []
            for item in read_ahead(plan.steps(), handles):
                if isinstance(item, RowEnd):
                    grid = plan.cover.grid
                    row = PredictedRow(item.y_out, item.height, grid.width, tuple(tiles))
                    if (moved := row.moved(grid.start)) is not None:
                        yield moved
                    tiles = []
                    store.forget_before(item.keep_from)
                    continue
                step, (image,) = item
                if step.branch:
                    self._run_context(step, image, store)
                else:
                    tiles.append(self._run_target(step, image, store, plan.cover))
                    on_tile(step.box.area)

    def _run_context(self, step: Step, image: RGBArray, store: HookStore) -> None:
        def run(part: Box, cut: RGBArray, hook: FloatMap | None) -> None:
            store.put(step.branch, part, self.runner.hook_map(step.branch, cut, hook))

        self._run_in_parts(step, image, store, run)

    def _run_target(
        self, step: Step, image: RGBArray, store: HookStore, cover: Cover
    ) -> PredictedTile:
        grid, box = cover.grid, step.box
        window = Box(
            box.x, box.y, min(box.width, grid.width - box.x), min(box.height, grid.height - box.y)
        )
        shape = (window.height, window.width)
        mask = cover.mask(window)
        labels = np.zeros(shape, np.uint8)
        probabilities = empty_probabilities((self.runner.n_classes, *shape), self.as_uint8)

        def run(part: Box, cut: RGBArray, hook: FloatMap | None) -> None:
            logits = self.runner.logits(cut, hook)
            here = _within(part, window)
            wanted = mask[here]
            found = classify(logits[:, : wanted.shape[0], : wanted.shape[1]], wanted, self.as_uint8)
            labels[here], probabilities[(slice(None), *here)] = found

        self._run_in_parts(step, image, store, run)
        return PredictedTile(window, labels, probabilities)

    def _run_in_parts(
        self,
        step: Step,
        image: RGBArray,
        store: HookStore,
        run: Callable[[Box, RGBArray, FloatMap | None], None],
    ) -> None:
        """Run a tile whole or, where it does not fit into memory, in halves of halves."""
        grid = self.grids[step.branch]
        todo = [step.box]
        while todo:
            part = todo.pop()
            if self._largest_area is not None and part.area > self._largest_area:
                halves = _halves(part, grid.phase)
                if len(halves) > 1:
                    todo += halves
                    continue
            y, x = part.y - step.box.y, part.x - step.box.x
            cut = np.ascontiguousarray(
                image[y : y + part.height + grid.input_extra, x : x + part.width + grid.input_extra]
            )
            hook = None
            if grid.hook_depth is not None:
                cells = grid.hook_cells(part, self.grids[step.branch + 1])
                hook = store.window(step.branch, cells)
            try:
                run(part, cut, hook)
            except (TileTooLargeError, RuntimeError, MemoryError) as error:
                # What is made of the network's scores can be too much, too.
                if not isinstance(error, TileTooLargeError) and not is_out_of_memory(error):
                    raise
                self._shrink(part, grid.phase, str(error).split("\n")[0])
                todo.append(part)

    def _shrink(self, part: Box, phase: int, reason: str) -> None:
        halves = _halves(part, phase)
        if len(halves) == 1:
            raise PredictionError(
                f"not enough memory for a tile of {part.width}×{part.height} px ({reason}); "
                "free some memory or use --device cpu",
                code="out_of_memory",
            )
        self._largest_area = max(half.area for half in halves)
        self.reporter.warn(
            f"out of memory at {part.width}×{part.height} px; going on with smaller tiles "
            "(the result stays the same)"
        )


def _halves(part: Box, phase: int) -> list[Box]:
    """Two halves across the longer side, in whole phases; the part itself if it is the smallest."""
    if part.width >= part.height and part.width > phase:
        left = round_up(part.width // 2, phase)
        return [
            Box(part.x, part.y, left, part.height),
            Box(part.x + left, part.y, part.width - left, part.height),
        ]
    if part.height > phase:
        upper = round_up(part.height // 2, phase)
        return [
            Box(part.x, part.y, part.width, upper),
            Box(part.x, part.y + upper, part.width, part.height - upper),
        ]
    return [part]


def _within(part: Box, window: Box) -> tuple[slice, slice]:
    """`part`, clipped to `window`, in rows and columns of the window."""
    y, x = part.y - window.y, part.x - window.x
    return (
        slice(y, min(y + part.height, window.height)),
        slice(x, min(x + part.width, window.width)),
    )

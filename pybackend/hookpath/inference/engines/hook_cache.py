"""The context branches' hook maps over the slide, as long as target tiles still need them."""

from __future__ import annotations

import tempfile
from pathlib import Path

import numpy as np
import numpy.typing as npt

from hookpath.context_managers import Closing
from hookpath.inference.aligned_tile_grids import Box
from hookpath.inference.tile_order import Plan, TileKey

FloatMap = npt.NDArray[np.float32]
"""``(channels, height, width)`` float32."""


class HookStore(Closing):
    """Hook maps by branch and tile, in memory up to a budget, in temporary files beyond it.

    float32 throughout: half precision would cost the equality with patch-wise prediction.
    """

    def __init__(self, plan: Plan, budget_bytes: int, spill_dir: Path | None = None) -> None:
        self._plan, self._budget = plan, budget_bytes
        self._maps: list[dict[TileKey, FloatMap | Path]] = [{} for _ in plan.grids[1:]]
        self._held = 0
        self._spill_dir = spill_dir
        self._folder: tempfile.TemporaryDirectory[str] | None = None

    def put(self, branch: int, box: Box, hook_map: FloatMap) -> None:
        """Keep what the tile `box` of `branch` (≥ 1) gave; may be a part of the tile."""
        side = self._plan.cells_per_tile(branch - 1)
        cell = self._plan.grids[branch].cell
        x, y = box.x // cell, box.y // cell
        key = (y // side, x // side)
        whole = self._whole(branch - 1, key, hook_map.shape[0], side)
        top, left = y - key[0] * side, x - key[1] * side
        height, width = box.height // cell, box.width // cell
        whole[:, top : top + height, left : left + width] = hook_map[:, :height, :width]

    def window(self, branch: int, cells: Box) -> FloatMap:
        """``(C, cells.height, cells.width)``: what `branch` takes in there, out of the tiles."""
        side = self._plan.cells_per_tile(branch)
        out: FloatMap | None = None
        for key in self._plan.keys_under(branch, cells):
            tile = self._load(branch, key)
            if out is None:
                out = np.empty((tile.shape[0], cells.height, cells.width), np.float32)
            rows, tile_rows = _overlap(cells.y, cells.height, key[0] * side, side)
            columns, tile_columns = _overlap(cells.x, cells.width, key[1] * side, side)
            out[:, rows, columns] = tile[:, tile_rows, tile_columns]
        assert out is not None
        return out

    def forget_before(self, keep_from: tuple[int, ...]) -> None:
        """Drop the tile rows before ``keep_from[i]`` of branch ``i + 1``."""
        for maps, first in zip(self._maps, keep_from, strict=True):
            for key in [k for k in maps if k[0] < first]:
                self._drop(maps.pop(key))

    def close(self) -> None:
        """Drop everything, temporary files too."""
        self._maps = [{} for _ in self._maps]
        if self._folder is not None:
            self._folder.cleanup()

    def _whole(self, index: int, key: TileKey, channels: int, side: int) -> FloatMap:
        if key not in self._maps[index]:
            self._maps[index][key] = self._new(index, key, (channels, side, side))
        return self._load(index, key)

    def _new(self, index: int, key: TileKey, shape: tuple[int, int, int]) -> FloatMap | Path:
        size = 4 * shape[0] * shape[1] * shape[2]
        if self._held + size <= self._budget:
            self._held += size
            return np.empty(shape, np.float32)
        if self._folder is None:
            self._folder = tempfile.TemporaryDirectory(prefix="hooks-", dir=self._spill_dir)
        path = Path(self._folder.name) / f"{index}_{key[0]}_{key[1]}.npy"
        np.lib.format.open_memmap(path, mode="w+", dtype=np.float32, shape=shape).flush()
        return path

    def _load(self, index: int, key: TileKey) -> FloatMap:
        found = self._maps[index][key]
        return np.load(found, mmap_mode="r+") if isinstance(found, Path) else found

    def _drop(self, found: FloatMap | Path) -> None:
        if isinstance(found, Path):
            found.unlink()
        else:
            self._held -= found.nbytes


def _overlap(start: int, size: int, tile_start: int, tile_size: int) -> tuple[slice, slice]:
    """The common part of two intervals, relative to the first and to the second."""
    first, last = max(start, tile_start), min(start + size, tile_start + tile_size)
    return slice(first - start, last - start), slice(first - tile_start, last - tile_start)

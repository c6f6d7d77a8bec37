"""Where patches lie that are predicted one by one, and what of each is kept."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from hookpath.errors import ModelDesignError
from hookpath.geometry import BranchSpec, Region
from hookpath.inference.aligned_tile_grids import Box
from hookpath.inference.roi.tissue_tiles import Cover
from hookpath.inference.tile_order import RowEnd
from hookpath.models.network_base import Scores


@dataclass(frozen=True)
class PatchLayout:
    """The lattice of a network's patches, in px of its target input.

    Patch (i, j), column and row, has its kept output at (i, j)·`step` from the grid's start.

    Attributes:
        step: target px between two patches.
        kept: side in output px of what is kept of a patch: `step`, or 1 where it gets one class.
        crop: first px of the network's output that is kept.
        scales: per branch, target px per px of it.
        sizes: per branch, side of its input in its own px.
        origins: per branch, target px between the start of patch (0, 0) and of its input.
    """

    step: int
    kept: int
    crop: int
    scales: tuple[float, ...]
    sizes: tuple[int, ...]
    origins: tuple[float, ...]

    @property
    def unit(self) -> int:
        """Target px per output px."""
        return self.step // self.kept

    @property
    def joinable(self) -> bool:
        """Whether patches are whole px of every branch apart, so that several are read as one."""
        return all((self.step / scale).is_integer() for scale in self.scales)


def layout_of(
    branches: Sequence[BranchSpec], scores: Scores, overlap: float | None = None, depth: int = 0
) -> PatchLayout:
    """How patches are laid.

    Args:
        overlap: share of its output (class per pixel) or its width (class per patch) that a patch
            has in common with its neighbour, in [0, 1); None: a half where convolutions are padded,
            as their output is less sure towards the edge, else none.
        depth: number of poolings. Patches then start in phase with all of them where the output is
            large enough: a network of valid convolutions gives the same for a pixel in any patch.

    Raises:
        ModelDesignError: the network gives neither a class per pixel nor one per patch.
    """
    if scores == "magnification":
        raise ModelDesignError(
            "a scale detector gives no classes, so no slide is predicted with it"
        )
    target = branches[0]
    whole = scores == "patches"
    size = target.input_size if whole else target.output_size
    if overlap is None:
        overlap = 0.5 if not whole and target.output_size == target.input_size else 0.0
    scales = tuple(_whole(b.spacing_um / target.spacing_um) for b in branches)
    wanted = max(1, math.floor(size * (1 - overlap) + 1e-9))
    phase = _phase(wanted, scales, 0 if whole else depth)
    step = wanted // phase * phase
    crop = 0 if whole else (size - step) // 2 // phase * phase
    centre = step / 2 if whole else size / 2 - crop
    return PatchLayout(
        step=step,
        kept=1 if whole else step,
        crop=crop,
        scales=scales,
        sizes=tuple(b.input_size for b in branches),
        origins=tuple(centre - b.input_size * s / 2 for b, s in zip(branches, scales, strict=True)),
    )


def _whole(ratio: float) -> float:
    return float(round(ratio)) if abs(ratio - round(ratio)) < 1e-6 else ratio


def _phase(wanted: int, scales: Sequence[float], depth: int) -> int:
    """The largest step that keeps poolings, or at least coarse px, in phase and is not too long."""
    coarsest = int(scales[-1]) if all(s.is_integer() for s in scales) else 1
    for phase in (coarsest << depth, 1 << depth, coarsest):
        if phase <= wanted and phase % coarsest == 0:
            return phase
    return 1


Patch = tuple[int, int]
"""(column, row) of a patch in its block."""


@dataclass(frozen=True)
class Block:
    """Neighbouring patches that are read as one.

    Attributes:
        column, row: of the first patch.
        columns, rows: how many.
        wanted: (column, row) in the block of those that are wanted.
        regions: what to read, per branch.
    """

    column: int
    row: int
    columns: int
    rows: int
    wanted: tuple[Patch, ...]
    regions: tuple[Region, ...]


class PatchPlan:
    """All patches of a slide (or of a window of it) by blocks, row by row.

    Args:
        most: (columns, rows) of a block, at most.
        window: only what touches it, in px of `cover.grid`.
    """

    def __init__(
        self, layout: PatchLayout, cover: Cover, most: tuple[int, int], window: Box | None = None
    ) -> None:
        self.layout, self.cover, self.most, self.within = layout, cover, most, window

    def blocks(self) -> Iterator[Block | RowEnd]:
        """Blocks with something wanted in them; after each row of blocks its end."""
        grid, kept, (wide, high) = self.cover.grid, self.layout.kept, self.most
        for y in range(0, grid.height, kept * high):
            for x in range(0, grid.width, kept * wide):
                if (block := self._block(x // kept, y // kept)) is not None:
                    yield block
            yield RowEnd(y, min(kept * high, grid.height - y))

    def count(self) -> int:
        """Number of wanted patches."""
        return sum(len(item.wanted) for item in self.blocks() if isinstance(item, Block))

    def box(self, column: int, row: int, columns: int = 1, rows: int = 1) -> Box:
        """Output px of patches, those off the grid left out."""
        grid, kept = self.cover.grid, self.layout.kept
        x, y = column * kept, row * kept
        width, height = min(columns * kept, grid.width - x), min(rows * kept, grid.height - y)
        return Box(x, y, width, height)

    def _block(self, column: int, row: int) -> Block | None:
        """What is wanted of the block that starts there, cut down to that."""
        whole = self._clipped(self.box(column, row, *self.most))
        if whole is None or not self.cover.touches(whole):
            return None
        kept = self.layout.kept
        ends = -(-(whole.x + whole.width) // kept), -(-(whole.y + whole.height) // kept)
        found = [
            (i, j)
            for j in range(whole.y // kept, ends[1])
            for i in range(whole.x // kept, ends[0])
            if self._wants(i, j)
        ]
        if not found:
            return None
        left, top = min(i for i, _ in found), min(j for _, j in found)
        columns, rows = max(i for i, _ in found) - left + 1, max(j for _, j in found) - top + 1
        wanted = tuple((i - left, j - top) for i, j in found)
        regions = self._regions(left, top, columns, rows)
        return Block(left, top, columns, rows, wanted, regions)

    def _wants(self, column: int, row: int) -> bool:
        box = self._clipped(self.box(column, row))
        return box is not None and self.cover.touches(box)

    def _clipped(self, box: Box) -> Box | None:
        window = self.within
        if window is None:
            return box
        x0, x1 = max(box.x, window.x), min(box.x + box.width, window.x + window.width)
        y0, y1 = max(box.y, window.y), min(box.y + box.height, window.y + window.height)
        return Box(x0, y0, x1 - x0, y1 - y0) if x0 < x1 and y0 < y1 else None

    def _regions(self, column: int, row: int, columns: int, rows: int) -> tuple[Region, ...]:
        layout, grid = self.layout, self.cover.grid
        dx, dy = (d / layout.unit for d in grid.downsample)
        x = grid.start[0] * layout.unit + column * layout.step
        y = grid.start[1] * layout.unit + row * layout.step
        return tuple(
            Region(
                (x + origin) * dx,
                (y + origin) * dy,
                size + round((columns - 1) * layout.step / scale),
                size + round((rows - 1) * layout.step / scale),
                scale * dx,
                scale * dy,
            )
            for scale, size, origin in zip(layout.scales, layout.sizes, layout.origins, strict=True)
        )

"""Where tiles of every branch may lie so that all poolings stay in phase.

A valid-convolution network gives the same numbers whatever the size of its input, provided that
its poolings group the same pixels: the input's origin must stay the same modulo 2^D of its own
pixels. So each branch gets one grid over the whole slide. The target branch's grid starts such
that its *output* starts at the slide's level-0 origin (or a little before, see `aligned_start`);
a context branch's grid starts where the context patch of the first concentric pair (van Rijthoven
et al. 2021, section 3.1) would. Tiles whose origins are multiples of 2^D on these grids give what
concentric patches give whose target origins are multiples of 2^D·(coarsest µm/px over target
µm/px).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from hookpath.geometry import BranchSpec, Region
from hookpath.models.unet_arithmetic import BranchShape, Hook
from hookpath.slides.region_at_spacing import best_level
from hookpath.slides.slide_base import Slide


class NetworkGeometry(Protocol):
    """What has to be known of a network to place its tiles (`SegmentationModel` has it)."""

    @property
    def branches(self) -> Sequence[BranchSpec]: ...

    @property
    def hooks(self) -> Sequence[Hook]: ...

    @property
    def shapes(self) -> Sequence[BranchShape]: ...


@dataclass(frozen=True)
class Box:
    """A rectangle on an integer grid: left, top, width, height."""

    x: int
    y: int
    width: int
    height: int

    @property
    def area(self) -> int:
        """Number of grid cells in it."""
        return self.width * self.height


@dataclass(frozen=True)
class BranchGrid:
    """One branch's grid over the slide, in the branch's own px.

    Attributes:
        scale: target px per px of this branch (1 for the target branch).
        anchor: target px between the slide's level-0 origin and the grid's origin; negative.
        phase: tile origins and sizes are multiples of this many px (`BranchShape.phase`).
        input_extra: a tile that gives ``n`` px (a multiple of `phase`) reads ``n + input_extra``.
        map_depth: depth of the map that the tile gives: 0 for the target's output, else the depth
            of the map that is hooked onwards.
        map_margin: px between the tile's edge and that map's extent.
        hook_depth: depth at which this branch takes a hook; None: it takes none.
        hook_margin: px between the tile's edge and the extent of the map at `hook_depth`.
    """

    scale: int
    anchor: int
    phase: int
    input_extra: int
    map_depth: int
    map_margin: int
    hook_depth: int | None
    hook_margin: int

    @property
    def cell(self) -> int:
        """Px per cell of the map that a tile gives."""
        return int(2**self.map_depth)

    def input_region(
        self, box: Box, downsample: tuple[float, float], start: tuple[int, int] = (0, 0)
    ) -> Region:
        """What to read for the tile `box` (branch px).

        `downsample` is the target branch's, `start` moves all grids (target px).
        """
        dx, dy = downsample
        return Region(
            (start[0] + self.anchor + self.scale * box.x) * dx,
            (start[1] + self.anchor + self.scale * box.y) * dy,
            box.width + self.input_extra,
            box.height + self.input_extra,
            self.scale * dx,
            self.scale * dy,
        )

    def hook_cells(self, box: Box, coarser: BranchGrid) -> Box:
        """The cells of the coarser branch's map that a tile `box` of this branch takes in."""
        if self.hook_depth is None:
            raise ValueError("this branch takes no hook")
        side: int = 2**self.hook_depth
        cell = self.scale * side

        def first(start: int) -> int:
            here = self.anchor + self.scale * (start + self.hook_margin)
            there = coarser.anchor + coarser.scale * coarser.map_margin
            index, rest = divmod(here - there, cell)
            assert rest == 0, "hook maps out of phase"
            return index

        def count(size: int) -> int:
            return (size + self.input_extra - 2 * self.hook_margin) // side

        return Box(first(box.x), first(box.y), count(box.width), count(box.height))


def branch_grids(network: NetworkGeometry) -> tuple[BranchGrid, ...]:
    """The grids of all branches, finest first, in phase with concentric patches."""
    target = network.branches[0]
    first_patch = -round(network.shapes[0].margin())
    centre2 = 2 * first_patch + target.input_size
    grids: list[BranchGrid] = []
    scale = 1
    for index, (branch, shape) in enumerate(zip(network.branches, network.shapes, strict=True)):
        scale *= network.hooks[index - 1].ratio if index else 1
        anchor2 = centre2 - scale * branch.input_size
        map_depth = network.hooks[index - 1].from_depth if index else 0
        hook = network.hooks[index] if index < len(network.hooks) else None
        grids.append(
            BranchGrid(
                scale=scale,
                anchor=anchor2 // 2,
                phase=shape.phase,
                input_extra=_input_extra(shape, map_depth),
                map_depth=map_depth,
                map_margin=round(shape.margin(map_depth)),
                hook_depth=hook.to_depth if hook else None,
                hook_margin=round(shape.margin(hook.to_depth)) if hook else 0,
            )
        )
    return tuple(grids)


def aligned_start(
    grids: Sequence[BranchGrid], slide: Slide, downsample: tuple[float, float]
) -> tuple[int, int]:
    """Where to start (target px, ≤ 0), so that the coarsest branch reads whole level pixels.

    The finer branches' starts are then on their grids, too, wherever the levels allow it at all.
    """
    if len(grids) == 1:
        return 0, 0
    return level_start(grids[-1].anchor, grids[-1].scale, slide, downsample)


def level_start(
    anchor: float, scale: float, slide: Slide, downsample: tuple[float, float]
) -> tuple[int, int]:
    """Where to start (target px, ≤ 0), so that a branch reads whole pixels of the slide's level.

    Read between them, two context pixels would be mixed: a blur that training patches, which lie
    on the level's pixel grid (`hookpath.sampling.patch_alignment`), do not have.

    Args:
        anchor: where the branch would start reading, in target px from the slide's origin.
        scale: target px per px of the branch.
        downsample: of the target.
    """
    dx, dy = downsample
    level = slide.levels[best_level(slide.levels, scale * dx, scale * dy)]
    off_x = (anchor * dx - level.origin_x_l0) % level.downsample_x
    off_y = (anchor * dy - level.origin_y_l0) % level.downsample_y
    return -round(off_x / dx), -round(off_y / dy)


def _input_extra(shape: BranchShape, map_depth: int) -> int:
    """Least input beyond ``n`` px for a map extent of ``n`` px or more, n a multiple of `phase`."""
    step = shape.phase
    wanted = 64 * step
    size = shape.tile_size(wanted)
    lost = round(2 * shape.margin(map_depth))
    while size - step - lost >= wanted:
        size -= step
    return size - wanted


def round_up(value: int, step: int) -> int:
    """The smallest multiple of `step` that is not below `value`."""
    return -(-value // step) * step

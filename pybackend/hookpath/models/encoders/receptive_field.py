"""How far a px of an encoder's map looks: measured, not typed in.

A tile's map differs from the slide's wherever the network looked beyond the tile and met padding.
So that a tile gives what the slide gives, as many px as the network can look are cut from each
side of its maps. How many that is depends on every kernel, stride and padding of a network; it is
found by running it on a strip whose ends are no numbers (NaN): what has met them is none either.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import torch
from torch import Tensor

Maps = Callable[[Tensor], Mapping[int, Tensor]]
"""``(N, 3, H, W)`` → the map of every depth d, ``(N, C, H/2^d, W/2^d)``."""

_WIDTHS = (512, 1024, 4096)
"""Sides of the strips that are tried; what looks further is said to look at everything."""


@dataclass(frozen=True)
class Reach:
    """What lies beyond a map px's own cell of 2^d input px and still counts for it.

    Attributes:
        before, after: per depth, input px to the left (above) and to the right (below).
    """

    before: Mapping[int, int]
    after: Mapping[int, int]

    def cut(self, depth: int) -> int:
        """Map px to cut from each side: the further of the two, in whole px of the map."""
        return -(-max(self.before[depth], self.after[depth]) >> depth)

    def shift(self, depth: int) -> float:
        """Input px from the centre of a map px's cell to the centre of what it looks at."""
        return (self.after[depth] - self.before[depth]) / 2


def measure_reach(maps: Maps, depths: tuple[int, ...]) -> Reach | None:
    """The reach of each map, or None where one looks at the whole image.

    Args:
        maps: a network in evaluation mode.
        depths: of its maps.
    """
    for width in _WIDTHS:
        found = _reach_within(maps, depths, width)
        if found is not None:
            return found
    return None


def _reach_within(maps: Maps, depths: tuple[int, ...], width: int) -> Reach | None:
    """As `measure_reach`, if it lies well within strips of this width.

    The border is moved px by px through a cell of the coarsest map: at one of its places the first
    clean cell begins right where the reach ends.
    """
    coarsest = 2 ** depths[-1]
    before, after = dict.fromkeys(depths, width), dict.fromkeys(depths, width)
    for border in range(width // 4, width // 4 + coarsest):
        for depth, clean in _clean(maps, depths, width, border).items():
            if clean is None:
                return None
            before[depth] = min(before[depth], clean[0] - border)
            after[depth] = min(after[depth], width - border - clean[1])
    return Reach(before, after)


def _clean(
    maps: Maps, depths: tuple[int, ...], width: int, border: int
) -> dict[int, tuple[int, int] | None]:
    """Per map, input px from where on and up to where its cells have met no NaN."""
    strip = torch.zeros(1, 3, 2 ** depths[-1], width)
    strip[..., :border] = strip[..., width - border :] = math.nan
    # NNPACK multiplies in another domain, where a NaN spoils its neighbours.
    with torch.inference_mode(), torch.backends.nnpack.flags(enabled=False):
        found = maps(strip)
    clean: dict[int, tuple[int, int] | None] = {}
    for depth in depths:
        good = found[depth].isfinite().all(dim=1)[0].all(dim=0).nonzero().flatten().tolist()
        clean[depth] = (good[0] << depth, (good[-1] + 1) << depth) if good else None
    return clean

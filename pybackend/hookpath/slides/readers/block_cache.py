"""Slides that come in blocks (tiles or strips): those used last are kept, windows put together."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol, TypeVar

import numpy as np

from hookpath.slides.channels import Channel, Pixels

#: Decoded blocks kept per slide: a patch and its context touch about 60 tiles of 256² RGBA.
CACHE_BYTES = 96 * 2**20

Size = tuple[int, int]
"""Width and height in px of a level."""

BlockAt = tuple[int, int, int]
"""Level, column and row of a block."""


#: Sides of blocks in px, where a slide can be asked for any: a call each is dear, much that nobody
#: asked for is, too.
_LEAST_SIDE, _MOST_SIDE = 128, 1024


def block_side(tile: int) -> int:
    """Side of the blocks to ask for, in px, of a slide whose tiles have this one (0: unknown).

    Small tiles are read several at a time; "tiles" of a whole image or row are cut.
    """
    if tile <= 0:
        return 2 * _LEAST_SIDE
    return _MOST_SIDE if tile >= _MOST_SIDE else tile * -(-_LEAST_SIDE // tile)


Block = TypeVar("Block", Pixels, Pixels | None)


class Blocks:
    """Decoded blocks; safe to share by threads."""

    def __init__(self) -> None:
        self._kept: OrderedDict[BlockAt, Pixels] = OrderedDict()
        self._bytes = 0
        self._lock = threading.Lock()

    def get(self, key: BlockAt, make: Callable[[], Block]) -> Pixels | Block:
        """The block that is kept, else what `make` gives; None is not kept."""
        with self._lock:
            if key in self._kept:
                self._kept.move_to_end(key)
                return self._kept[key]
        made = make()
        if made is not None:
            self._put(key, made)
        return made

    def _put(self, key: BlockAt, block: Pixels) -> None:
        """Keep a block, and drop the oldest beyond `CACHE_BYTES`; the newest always stays."""
        with self._lock:
            if key in self._kept:
                return
            self._kept[key] = block
            self._bytes += block.nbytes
            while self._bytes > CACHE_BYTES and len(self._kept) > 1:
                self._bytes -= self._kept.popitem(last=False)[1].nbytes


class Samples(Protocol):
    """What a slide's px are, as far as a window of them goes."""

    @property
    def channels(self) -> Sequence[Channel]: ...
    @property
    def dtype(self) -> np.dtype[np.generic]: ...
    @property
    def ground(self) -> float: ...


@dataclass(frozen=True)
class SomeChannels:
    """Some channels of a slide."""

    channels: tuple[Channel, ...]
    dtype: np.dtype[np.generic]
    ground: float


def window_of_blocks(
    slide: Samples,
    corner: tuple[int, int],
    size: Size,
    level: Size,
    block: Size,
    block_at: Callable[[int, int], Pixels | None],
) -> Pixels:
    """A window of a level; the slide's `ground` off it, and where there is no block.

    Args:
        slide: whose px they are.
        corner: x and y of the window's first px, on the level's grid.
        size: of the window.
        level: size of the level.
        block: size of every block; the last of a row or column may be smaller.
        block_at: gives the block of a column and row.

    Returns:
        ``(height, width, channels)`` of the slide's type.
    """
    (x, y), (width, height), (wide, high) = corner, size, block
    out = np.full((height, width, len(slide.channels)), slide.ground, slide.dtype)
    x0, x1, y0, y1 = max(x, 0), min(x + width, level[0]), max(y, 0), min(y + height, level[1])
    if x0 >= x1 or y0 >= y1:
        return out
    for row in range(y0 // high, -(-y1 // high)):
        for column in range(x0 // wide, -(-x1 // wide)):
            left, top = column * wide, row * high
            a, b, c, d = max(x0, left), min(x1, left + wide), max(y0, top), min(y1, top + high)
            if (found := block_at(column, row)) is not None:
                part = found[c - top : d - top, a - left : b - left]
                out[c - y : d - y, a - x : b - x] = part
    return out

"""Pixels that share an edge: within a tile, and across the edge between two tiles."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple, Self

import numpy as np
import numpy.typing as npt

Layer = npt.NDArray[Any]


class Pixels(NamedTuple):
    """Truth, prediction (labels, 0 = unknown or none) and numbers of objects; of one shape."""

    truth: Layer
    guess: Layer
    ids: Layer

    def at(self, *index: Any) -> Pixels:
        """A part of them, copied."""
        return Pixels(*(layer[index].copy() for layer in self))


class Pairs(NamedTuple):
    """Pixels `a` and, right of or below each, `b`.

    Attributes:
        down: whether `b` lies below `a`, else right of it.
        row, column: grid pixel of the first of `b`.
    """

    a: Pixels
    b: Pixels
    down: bool
    row: int
    column: int

    @classmethod
    def within(cls, tile: Pixels, row: int = 0, column: int = 0) -> Iterator[Self]:
        """All pairs of a tile of ``(h, w)`` layers, whose first pixel is at `row`, `column`."""
        left, right = (Pixels(*(x[:, s] for x in tile)) for s in (slice(-1), slice(1, None)))
        yield cls(left, right, False, row, column + 1)
        above, below = (Pixels(*(x[s] for x in tile)) for s in (slice(-1), slice(1, None)))
        yield cls(above, below, True, row + 1, column)

    def edges(self, which: npt.NDArray[np.bool_]) -> npt.NDArray[np.int32]:
        """``(n, 2)``: y, x of the middles of the chosen pairs' edges, in half pixels."""
        y, x = np.nonzero(which)
        y, x = 2 * (y + self.row), 2 * (x + self.column)
        y, x = (y, x + 1) if self.down else (y + 1, x)
        return np.stack([y, x], axis=1).astype(np.int32)

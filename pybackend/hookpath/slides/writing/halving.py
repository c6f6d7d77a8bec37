"""Rows of an image to tiles, and to the rows of the image half as large."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]
Halve = Callable[[Array], Array]


class Level:
    """Collects rows ``(h, width, C)`` top to bottom; hands on full rows of tiles, and half rows.

    One row of tiles is held. The next level's pixel covers exactly 2 × 2 of this one's; at odd
    edges the last row and column count twice.

    Args:
        shape: (width, height, channels).
        put: takes a tile ``(tile, tile)`` of one channel: ``put(channel, pixels)``.
        halve: ``(2a, 2b, C)`` → ``(a, b, C)``.
        coarser: the next level, or None.
    """

    def __init__(
        self,
        shape: tuple[int, int, int],
        tile: int,
        dtype: npt.DTypeLike,
        put: Callable[[int, Array], None],
        halve: Halve,
        coarser: Level | None,
    ) -> None:
        self.width, self.height, channels = shape
        self.y = 0
        self._tile, self._put, self._halve, self._coarser = tile, put, halve, coarser
        columns = -(-self.width // tile)
        self._rows = np.zeros((tile, columns * tile, channels), dtype)

    def add(self, rows: Array) -> None:
        """The next rows."""
        while len(rows):
            start = self.y % self._tile
            taken = rows[: self._tile - start]
            self._rows[start : start + len(taken), : self.width] = taken
            self.y += len(taken)
            rows = rows[len(taken) :]
            if self.y % self._tile == 0 or self.y == self.height:
                self._flush(start + len(taken))

    def add_empty(self, count: int) -> None:
        """`count` rows of 0."""
        while count:
            height = min(count, self._tile - self.y % self._tile)
            self.add(np.zeros((height, self.width, self._rows.shape[2]), self._rows.dtype))
            count -= height

    def _flush(self, height: int) -> None:
        # Beyond the image its edge goes on: one colour stays one colour, and JPEG does not ring.
        self._rows[height:] = self._rows[height - 1]
        self._rows[:, self.width :] = self._rows[:, self.width - 1 : self.width]
        for channel in range(self._rows.shape[2]):
            for x in range(0, self._rows.shape[1], self._tile):
                self._put(channel, self._rows[:, x : x + self._tile, channel])
        if self._coarser is not None:
            rows = self._rows[:height, : self.width]
            odd = ((0, height % 2), (0, self.width % 2), (0, 0))
            self._coarser.add(self._halve(np.pad(rows, odd, mode="edge")))


def mean_of_4(rows: Array) -> Array:
    """Mean of 2 × 2, rounded in whole numbers."""
    a, b, c, d = _four(rows)
    if rows.dtype.kind == "f":
        return np.asarray((a + b + c + d) / 4, rows.dtype)
    total = a.astype(np.uint32)
    for other in (b, c, d):
        total += other
    return ((total + 2) // 4).astype(rows.dtype)


def mode_of_4(rows: Array) -> Array:
    """The value that 2 × 2 px have most often, never a mixture; at a tie the first in row order."""
    a, b, c, d = _four(rows)
    first = (a == b) | (a == c) | (a == d)
    second = (b == c) | (b == d)
    return np.where(first, a, np.where(second, b, np.where(c == d, c, a)))


def _four(rows: Array) -> tuple[Array, Array, Array, Array]:
    return rows[::2, ::2], rows[::2, 1::2], rows[1::2, ::2], rows[1::2, 1::2]

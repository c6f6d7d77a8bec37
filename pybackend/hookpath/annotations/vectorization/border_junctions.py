"""Points of a class map where three or more borders meet: no simplification may move them."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from hookpath.annotations.vectorization.ring_tracing import Bools, Rings
from hookpath.annotations.vectorization.row_runs import Ints


class Junctions:
    """Junctions of the rows seen so far; what lies around the map counts as label 0."""

    def __init__(self) -> None:
        self._above = np.zeros(0, np.uint8)
        self._next_y = 0
        self._blocks: list[tuple[Ints, Ints]] = []

    def add_rows(self, y_out: int, labels: npt.NDArray[np.uint8]) -> None:
        """Find the junctions on the upper edges of the next rows, ``(h, w)``."""
        if self._above.size == 0 or y_out > self._next_y:
            above = np.zeros((1, labels.shape[1]), np.uint8)
        else:
            above = self._above[None]
        map_ = np.pad(np.concatenate([above, labels]), ((0, 0), (1, 1)))
        edge = map_[:, 1:] != map_[:, :-1]
        y, x = np.nonzero(edge[:-1] | edge[1:])
        left, right = map_[y, x] != map_[y + 1, x], map_[y, x + 1] != map_[y + 1, x + 1]
        borders = left.astype(np.int8) + right + edge[y, x] + edge[y + 1, x]
        many = borders >= 3
        self._blocks.append((x[many], y[many] + y_out))
        self._above, self._next_y = labels[-1].copy(), y_out + len(labels)

    def insert_into(self, rings: Rings) -> tuple[Rings, Bools]:
        """The rings with a corner at every junction on their way, and which corners are one."""
        keys, span = self._keys(rings)
        x, y = rings.x.astype(np.int64), rings.y.astype(np.int64)
        x_next, y_next = x[rings.following], y[rings.following]
        level = y == y_next
        line = np.where(level, y, x + span) * span
        here, there = line + np.where(level, x, y), line + np.where(level, x_next, y_next)
        first = np.searchsorted(keys, np.minimum(here, there), side="right")
        last = np.searchsorted(keys, np.maximum(here, there), side="left")
        count = last - first
        at = np.arange(len(x)) + np.cumsum(count) - count
        edge = np.repeat(np.arange(len(x)), count)
        within = np.arange(edge.size) - np.repeat(np.cumsum(count) - count, count)
        forward = (here < there)[edge]
        found = keys[np.where(forward, first[edge] + within, last[edge] - 1 - within)] % span
        new_x, new_y = np.empty((2, len(x) + edge.size), np.int32)
        fixed = np.ones(len(new_x), bool)
        new_x[at], new_y[at] = x, y
        fixed[at] = _is_in(y * span + x, keys)
        slot = at[edge] + 1 + within
        new_x[slot] = np.where(level[edge], found, x[edge])
        new_y[slot] = np.where(level[edge], y[edge], found)
        start = np.append(at, len(new_x))[rings.start]
        return Rings(rings.piece, start, new_x, new_y), fixed

    def _keys(self, rings: Rings) -> tuple[Ints, int]:
        """Sorted keys of all junctions, along rows and, after them, along columns.

        Also the factor that separates line and position in a key.
        """
        x = np.concatenate([x for x, _ in self._blocks])
        y = np.concatenate([y for _, y in self._blocks])
        span = int(max(rings.x.max(), rings.y.max(), x.max(initial=0), y.max(initial=0))) + 1
        return np.sort(np.concatenate([y * span + x, (x + span) * span + y])), span


def _is_in(values: Ints, keys: Ints) -> Bools:
    at = np.searchsorted(keys, values)
    inside = at < len(keys)
    found: Bools = np.zeros(len(values), bool)
    found[inside] = keys[at[inside]] == values[inside]
    return found

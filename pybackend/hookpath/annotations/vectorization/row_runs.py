"""Rows of a label map as runs of equal labels, and which runs hang together (4-connected)."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any, Self

import numpy as np
import numpy.typing as npt

Ints = npt.NDArray[np.int64]

SCORE_UNIT = 2**20
"""Scores are summed in integers of 1 / SCORE_UNIT: the sum is the same in whatever order."""


@dataclass(frozen=True)
class Runs:
    """Pixels ``x0 … x1 - 1`` of row `y`, all of one label, and the sum of their scores; (n,) each.

    Sorted by row, then column.
    """

    label: Ints
    y: Ints
    x0: Ints
    x1: Ints
    score: Ints

    def __len__(self) -> int:
        return len(self.y)

    @property
    def length(self) -> Ints:
        """Pixels in each run."""
        return self.x1 - self.x0

    def take(self, which: Any) -> Self:
        """Some of the runs, by index or mask."""
        return type(self)(*(getattr(self, f.name)[which] for f in fields(self)))

    @classmethod
    def none(cls) -> Self:
        """No runs."""
        return cls(*(np.zeros(0, np.int64) for _ in fields(cls)))

    @classmethod
    def joined(cls, several: list[Self]) -> Self:
        """The runs of all, one after the other."""
        if not several:
            return cls.none()
        return cls(*(np.concatenate([getattr(r, f.name) for r in several]) for f in fields(cls)))


def runs_of(
    labels: npt.NDArray[np.uint8], y_out: int, scores: npt.NDArray[Any] | None = None
) -> Runs:
    """Runs of the labels > 0 of ``(h, w)`` rows; scores ``(C, h, w)``: channel c is label c + 1.

    Scores are 0…255 in uint8 or 0…1 in float.
    """
    height, width = labels.shape
    edge = np.ones((height, width), bool)
    np.not_equal(labels[:, 1:], labels[:, :-1], out=edge[:, 1:])
    start = np.flatnonzero(edge)
    if start.size == 0:
        return Runs.none()
    value = labels.ravel()[start]
    length = np.diff(start, append=height * width)
    keep = np.flatnonzero(value)
    score = np.zeros(keep.size, np.int64) if scores is None else _sums(labels, scores, start)[keep]
    y, x0 = np.divmod(start[keep], width)
    return Runs(value[keep].astype(np.int64), y + y_out, x0, x0 + length[keep], score)


def _sums(labels: npt.NDArray[np.uint8], scores: npt.NDArray[Any], start: Ints) -> Ints:
    """Sum over each run of the scores of its own label, in `SCORE_UNIT`."""
    own = np.zeros(labels.shape, scores.dtype)
    for channel, values in enumerate(scores):
        np.copyto(own, values, where=labels == channel + 1)
    full_scale = 255.0 if scores.dtype == np.uint8 else 1.0
    sums = np.add.reduceat(own.ravel(), start, dtype=np.float64)
    return np.rint(sums * (SCORE_UNIT / full_scale)).astype(np.int64)


def components(runs: Runs, width: int, ties: tuple[Ints, Ints]) -> tuple[int, Ints]:
    """How many connected pieces, and the piece of each run.

    Runs of neighbouring rows hang together where they share a label and a column; `ties` are pairs
    of runs known to hang together otherwise.
    """
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    above, below = _touching(runs, width)
    above, below = np.concatenate([above, ties[0]]), np.concatenate([below, ties[1]])
    shape = (len(runs), len(runs))
    graph = coo_array((np.ones(above.size, np.int8), (above, below)), shape)
    count, piece = connected_components(graph, directed=False)
    return int(count), piece.astype(np.int64)


def _touching(runs: Runs, width: int) -> tuple[Ints, Ints]:
    """Pairs of runs of one label, the second in the row below the first, that share a column."""
    start, stop = runs.y * width + runs.x0, runs.y * width + runs.x1
    first = np.searchsorted(stop, start + width, side="right")
    last = np.searchsorted(start, stop + width, side="left")
    count = np.maximum(last - first, 0)
    above = np.repeat(np.arange(len(runs)), count)
    within = np.arange(above.size) - np.repeat(np.cumsum(count) - count, count)
    below = np.repeat(first, count) + within
    same = runs.label[above] == runs.label[below]
    return above[same], below[same]

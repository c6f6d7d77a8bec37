"""Runs of pixels → the rings around them, corner by corner.

Each piece is 4-connected. Where it touches itself at a corner only, the rings of the two gaps
touch there and neither crosses: so every ring is simple, one is the outline, all others are holes,
and the polygon is valid. (The two gaps are different ones: could one walk from one to the other
outside the piece, that way and the corner would cut the piece in two.)
"""

from __future__ import annotations

from array import array
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from hookpath.annotations.vectorization.row_runs import Ints

Bools = npt.NDArray[np.bool_]
Coordinates = npt.NDArray[np.int32]


@dataclass(frozen=True)
class Rings:
    """Open rings (the first corner is not repeated), each starting at its top left corner.

    Rings are ordered by piece; the first of each piece is its outline, the others are holes. All
    go round the same way, so a hole and the outline of what fills it are the same ring.
    """

    piece: Ints  #: (rings,) which piece, ascending
    start: Ints  #: (rings + 1,) where each ring starts in `x`, `y`
    x: Coordinates  #: (corners,) px
    y: Coordinates  #: (corners,) px

    @cached_property
    def ring(self) -> Ints:
        """(corners,) which ring."""
        return np.repeat(np.arange(len(self.piece)), np.diff(self.start))

    @cached_property
    def following(self) -> Ints:
        """(corners,) index of the next corner of the same ring."""
        following = np.arange(1, len(self.x) + 1)
        following[self.start[1:] - 1] = self.start[:-1]
        return following

    @cached_property
    def is_outline(self) -> Bools:
        """(rings,) true for the outline of each piece."""
        outline: Bools = np.diff(self.piece, prepend=-1) != 0
        return outline

    @cached_property
    def number(self) -> Ints:
        """(rings,) which piece, counted from 0 without gaps."""
        return np.cumsum(self.is_outline) - 1

    @cached_property
    def area(self) -> Ints:
        """(rings,) enclosed pixels."""
        if len(self.piece) == 0:
            return np.zeros(0, np.int64)
        # Only horizontal edges count: area = Σ y · Δx, exact in integers.
        doubled = self.y.astype(np.int64) * (self.x[self.following] - self.x)
        return np.abs(np.add.reduceat(doubled, self.start[:-1]))

    def take(self, which: Bools) -> Rings:
        """Some of the rings."""
        corner = which[self.ring]
        start = np.concatenate([[0], np.cumsum(np.diff(self.start)[which])])
        return Rings(self.piece[which], start, self.x[corner], self.y[corner])

    @classmethod
    def joined(cls, several: list[Rings]) -> Rings:
        """All rings as one; the pieces of each follow those of the one before."""
        pieces = np.cumsum([0] + [int(r.number[-1]) + 1 for r in several])
        corners = np.cumsum([0] + [len(r.x) for r in several])
        return cls(
            np.concatenate([r.number + n for r, n in zip(several, pieces, strict=False)]),
            np.concatenate(
                [r.start[:-1] + n for r, n in zip(several, corners, strict=False)] + [corners[-1:]]
            ),
            np.concatenate([r.x for r in several]),
            np.concatenate([r.y for r in several]),
        )


def trace(piece: Ints, y: Ints, x0: Ints, x1: Ints) -> Rings:
    """Rings around the pieces 0 … n - 1 that the runs (``x0 … x1 - 1`` of row `y`) belong to."""
    piece, x, y, up = _corners(piece, y, x0, x1)
    beside = _pairs(np.arange(len(piece)))
    # Along a column an edge starts at the corner that goes down and ends at one that goes up.
    along = _pairs(_order(piece, x, y, 1 - up))
    order, start = _walk(beside, along)
    return Rings(
        piece[order[start[:-1]]], start, x[order].astype(np.int32), y[order].astype(np.int32)
    )


def _corners(piece: Ints, y: Ints, x0: Ints, x1: Ints) -> tuple[Ints, Ints, Ints, Ints]:
    """Piece, x, y and "its vertical edge goes up" of all corners, along the lines between rows.

    Each run has a vertical edge on its left and on its right. Ends of edges of the same side that
    meet are no corner. Two corners at one point (the piece touches itself) are ordered left side
    first, which joins them to the edges of the gap they both look at.
    """
    n = len(piece)
    corner_piece = np.tile(piece, 4)
    corner_x = np.concatenate([x0, x0, x1, x1])
    corner_y = np.concatenate([y, y + 1, y, y + 1])
    right = np.repeat(np.array([0, 1]), 2 * n)
    up = np.tile(np.repeat(np.array([0, 1]), n), 2)
    order = _order(corner_piece, corner_y, corner_x, right)
    key = np.stack([corner_piece, corner_y, corner_x, right])[:, order]
    same = (key[:, 1:] == key[:, :-1]).all(axis=0)
    alone = np.ones(4 * n, bool)
    alone[1:] &= ~same
    alone[:-1] &= ~same
    order = order[alone]
    return corner_piece[order], corner_x[order], corner_y[order], up[order]


def _order(first: Ints, second: Ints, third: Ints, bit: Ints) -> Ints:
    """Order by several keys; one packed key sorts several times faster than `numpy.lexsort`."""
    if first.size == 0:
        return np.zeros(0, np.int64)
    second, third = second - second.min(), third - third.min()
    packed = (first * (second.max() + 1) + second) * (third.max() + 1) + third
    return np.argsort(packed * 2 + bit, kind="stable")


def _pairs(order: Ints) -> Ints:
    """Partner of each, where neighbours in `order` are partners (0-1, 2-3, …)."""
    partner = np.empty_like(order)
    partner[order[0::2]], partner[order[1::2]] = order[1::2], order[0::2]
    return partner


def _walk(beside: Ints, along: Ints) -> tuple[Ints, Ints]:
    """Corners ring by ring, and where each ring starts; rings in the order of their first corner.

    From a corner along the horizontal edge, then along the vertical one, until the ring closes.
    """
    # Read one by one, a memory view is quicker than an array and much smaller than a list.
    step, other = along[beside].data, beside.data
    seen = bytearray(len(beside))
    walked, start = array("q"), array("q", [0])
    for first in range(len(beside)):
        corner = first
        if seen[corner]:
            continue
        while not seen[corner]:
            seen[corner] = seen[other[corner]] = 1
            walked.append(corner)
            corner = step[corner]
        start.append(len(walked))
    half = np.frombuffer(walked, np.int64) if walked else np.zeros(0, np.int64)
    order = np.stack([half, beside[half]], axis=1).ravel()
    return order, 2 * np.array(start, np.int64)

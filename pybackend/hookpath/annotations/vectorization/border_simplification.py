"""Rings with fewer corners whose common borders stay common.

Rings are cut at their junctions. What lies between two junctions is the border of the same two
neighbours and is listed in a direction of its own, so it is simplified once (Douglas-Peucker), for
both. Borders that would then cross are simplified less, at last not at all, and what is taken back
is taken back for both. (GEOS keeps borders from crossing, too, but compares all with all; its
coverage simplifier takes several times as long.)
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import shapely

from hookpath.annotations.vectorization.ring_tracing import Bools, Rings
from hookpath.annotations.vectorization.row_runs import Ints

Points = npt.NDArray[np.float64]
Lines = npt.NDArray[np.object_]


@dataclass(frozen=True)
class _Chains:
    """Pieces of rings from cut to cut, both ends included, in the order of the rings."""

    corner: Ints  #: (points,) index into the rings' corners, listed in the border's own direction
    size: Ints  #: (chains,) points
    ring: Ints  #: (chains,) which ring
    turned: Bools  #: (chains,) the border's own direction is against the ring's


class Borders:
    """The borders of all rings: each listed once, and simplified for both that share it.

    Args:
        rings: with a corner at every junction.
        fixed: corners that stay.
        corners_l0: positions of the corners.
        tolerance_l0: a border may move by this much.
    """

    def __init__(self, rings: Rings, fixed: Bools, corners_l0: Points, tolerance_l0: float) -> None:
        self._chains = chains = _cut(rings, fixed)
        self._border, first_of = _borders(rings, chains)
        begin = np.cumsum(chains.size) - chains.size
        size = chains.size[first_of]
        points = corners_l0[chains.corner[_ranges(begin[first_of], size)]]
        self._exact = np.asarray(
            shapely.linestrings(points, indices=np.repeat(np.arange(len(size)), size))
        )
        self._least = tolerance_l0 / 5
        self._tolerance = np.full(len(size), tolerance_l0)
        self._lines = shapely.simplify(self._exact, tolerance_l0, preserve_topology=False)
        self._settle(np.arange(len(size)))

    def rings(self) -> tuple[Points, Ints]:
        """Positions of the corners that are left, and the ring of each."""
        size = shapely.get_num_coordinates(self._lines).astype(np.int64)
        xy_l0: Points = shapely.get_coordinates(self._lines)
        # Every ring gets its borders' points in its own direction, without the last point of each,
        # which is the first of the next.
        begin, size = (np.cumsum(size) - size)[self._border], size[self._border]
        order = np.where(
            np.repeat(self._chains.turned, size - 1),
            _ranges(-(begin + size - 1), size - 1) * -1,
            _ranges(begin, size - 1),
        )
        return xy_l0[order], np.repeat(self._chains.ring, size - 1)

    def middles(self) -> Lines:
        """A point of each border; its ends may be those of others, too."""
        return np.asarray(shapely.line_interpolate_point(self._lines, 0.5, normalized=True))

    def of_ring(self) -> tuple[Ints, Ints]:
        """Which borders are parts of which rings: pairs."""
        return self._border, self._chains.ring

    def make_exact(self, rings: Bools) -> Bools:
        """Take back what was simplified of these rings; which rings have changed by that."""
        borders = np.unique(self._border[rings[self._chains.ring]])
        borders = borders[self._tolerance[borders] > 0]
        self._tolerance[borders] = 0
        self._again(borders)
        changed = np.zeros(len(self._exact), bool)
        changed[borders] = True
        changed[self._settle(borders)] = True
        found = np.zeros(len(rings), bool)
        found[self._chains.ring[changed[self._border]]] = True
        return found

    def _settle(self, changed: Ints) -> Ints:
        """Simplify less what has collapsed or crosses others; all borders that this changed.

        Exact borders do not cross, so it ends.
        """
        touched: list[Ints] = []
        while changed.size:
            conflict = _in_conflict(self._lines, changed)
            changed = conflict[self._tolerance[conflict] > 0]
            halved = self._tolerance[changed] / 2
            self._tolerance[changed] = np.where(halved > self._least / 2, halved, 0)
            self._again(changed)
            touched.append(changed)
        return np.unique(np.concatenate(touched)) if touched else changed

    def _again(self, which: Ints) -> None:
        self._lines[which] = shapely.simplify(
            self._exact[which], self._tolerance[which], preserve_topology=False
        )


def _cut(rings: Rings, fixed: Bools) -> _Chains:
    cut = fixed.copy()
    free = ~np.logical_or.reduceat(fixed, rings.start[:-1])
    cut[rings.start[:-1][free]] = True
    order = _start_at_cuts(rings, cut)
    begin = np.flatnonzero(cut[order])
    ring = rings.ring[begin]  # the rings keep their places
    size = np.diff(begin, append=len(order)) + 1
    last = np.cumsum(size) - 1
    first = last - size + 1
    # A chain ends at the next one's first corner, the last of a ring at the ring's first.
    corner = np.append(order, 0)[_ranges(begin, size)]
    closing = np.diff(ring, append=-1) != 0
    corner[last[closing]] = order[rings.start[:-1]]
    key = (rings.y.astype(np.int64) * (int(rings.x.max()) + 1) + rings.x)[corner]
    closed = key[first] == key[last]
    turned = np.where(closed, key[first + 1] > key[last - 1], key[first] > key[last])
    backwards = _ranges(-last, size) * -1
    corner = corner[np.where(np.repeat(turned, size), backwards, np.arange(len(corner)))]
    return _Chains(corner, size, ring, turned)


def _start_at_cuts(rings: Rings, cut: Bools) -> Ints:
    """Order of the corners in which every ring starts at its first cut."""
    where = np.flatnonzero(cut)
    _, first = np.unique(rings.ring[where], return_index=True)
    start = rings.start[:-1][rings.ring]
    shift = (where[first] - rings.start[:-1])[rings.ring]
    length = np.diff(rings.start)[rings.ring]
    order: Ints = start + (np.arange(len(cut)) - start + shift) % length
    return order


def _borders(rings: Rings, chains: _Chains) -> tuple[Ints, Ints]:
    """The border that each chain is (its first edge tells), and a chain of each border."""
    first = np.cumsum(chains.size) - chains.size
    here, there = chains.corner[first], chains.corner[first + 1]
    x, y = rings.x[here].astype(np.int64), rings.y[here].astype(np.int64)
    level = rings.y[there] == y
    ahead = np.where(level, rings.x[there] > x, rings.y[there] > y)
    edge = ((y * (int(rings.x.max()) + 1) + x) * 2 + level) * 2 + ahead
    _, first_of, border = np.unique(edge, return_index=True, return_inverse=True)
    return border, first_of


def _in_conflict(lines: Lines, changed: Ints) -> Ints:
    """Lines that have collapsed or cross themselves or others, as far as `changed` ones do."""
    tree = shapely.STRtree(lines)
    here, there = tree.query(lines[changed], predicate="intersects")
    here = changed[here]
    here, there = here[here != there], there[here != there]
    cross = shapely.relate_pattern(lines[here], lines[there], "T********")
    closed = shapely.is_closed(lines[changed])
    alone = ~shapely.is_simple(lines[changed])
    alone |= closed & (shapely.get_num_coordinates(lines[changed]) < 4)
    return np.unique(np.concatenate([here[cross], there[cross], changed[alone]]))


def _ranges(begin: Ints, size: Ints) -> Ints:
    """``begin … begin + size - 1`` of each, one after the other."""
    ranges: Ints = np.arange(size.sum()) + np.repeat(begin - (np.cumsum(size) - size), size)
    return ranges

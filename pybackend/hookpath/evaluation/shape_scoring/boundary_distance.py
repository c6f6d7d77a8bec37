"""How far predicted boundaries lie from annotated ones: HD95 and ASSD of every class.

A boundary is made of the edges between pixels of the class and pixels that are known to be of
another: the rim of an annotated area beside which nothing is known is where somebody stopped
drawing, no boundary. From every edge to the nearest one of the other side, in straight line. A
predicted edge counts where both its pixels are labelled, and no unlabelled area is nearer than the
annotated boundary: there might be a nearer one.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from hookpath.evaluation.shape_scoring.pixel_pairs import Pairs

if TYPE_CHECKING:
    from scipy.spatial import cKDTree

Values = npt.NDArray[np.float64]
Points = npt.NDArray[np.int32]

#: Columns of `BoundaryTally.metrics`.
DRAWN_EDGES, PREDICTED_EDGES, UNJUDGED_EDGES, MEASURED, SUM_UM, HD95_UM = range(6)

#: Edges of one kind that are kept as they are: half a metre of boundary at 0.5 µm/px.
MOST_POINTS = 1_000_000

#: The share of distances that HD95 leaves below it.
SHARE = 0.95


@dataclass
class PointSet:
    """Points in half pixels, ``(n, 2)``, with the number of points that each stands for.

    More than `most` are thinned: one for each cell of a lattice that becomes coarser as it must.
    """

    most: int = MOST_POINTS
    cell: int = 1
    _points: list[Points] = field(default_factory=list)
    _weights: list[npt.NDArray[np.int64]] = field(default_factory=list)
    _size: int = 0

    def add(self, points: Points) -> None:
        """Take more points."""
        self._points.append(points)
        self._weights.append(np.ones(len(points), np.int64))
        self._size += len(points)
        while self._size > 2 * self.most:
            self.cell *= 2
            self._thin()

    def _thin(self) -> None:
        points, weights = self.points, self.weights
        cells = (points // self.cell).astype(np.int64)
        key = cells[:, 0] << 32 | cells[:, 1]
        _, first, where = np.unique(key, return_index=True, return_inverse=True)
        self._points = [points[first]]
        self._weights = [np.bincount(where, weights, len(first)).astype(np.int64)]
        self._size = len(first)

    @property
    def points(self) -> Points:
        """``(n, 2)``: y, x."""
        return np.concatenate([np.zeros((0, 2), np.int32), *self._points])

    @property
    def weights(self) -> npt.NDArray[np.int64]:
        """``(n,)``."""
        return np.concatenate([np.zeros(0, np.int64), *self._weights])


@dataclass
class BoundaryTally:
    """Collects the boundaries of a slide, tile by tile, and measures them in the end.

    Args:
        n_classes: classes of the model.
        spacing_um: µm along a pixel.
        most: see `PointSet`; memory is bounded by it.
    """

    n_classes: int
    spacing_um: float
    most: int = MOST_POINTS
    _annotated: list[PointSet] = field(init=False)
    _predicted: list[PointSet] = field(init=False)
    _elsewhere: list[PointSet] = field(init=False)
    _rim: PointSet = field(init=False)

    def __post_init__(self) -> None:
        every = range(self.n_classes)
        self._annotated = [PointSet(self.most) for _ in every]
        self._predicted = [PointSet(self.most) for _ in every]
        self._elsewhere = [PointSet(self.most) for _ in every]
        self._rim = PointSet(self.most)

    def add(self, pairs: Pairs) -> None:
        """Take the edges between these pixels (the numbers of `pairs` do not matter)."""
        known_a, known_b = pairs.a.truth > 0, pairs.b.truth > 0
        both = known_a & known_b
        self._rim.add(pairs.edges(known_a != known_b))
        _add_by_class(pairs, both, (pairs.a.truth, pairs.b.truth), self._annotated)
        guesses = (pairs.a.guess, pairs.b.guess)
        _add_by_class(pairs, both, guesses, self._predicted)
        _add_by_class(pairs, ~both, guesses, self._elsewhere)

    def metrics(self) -> Values:
        """Edges and their distances by class, ``(C, 6)``.

        Edges annotated, predicted, of these not judged; edges that were measured, the sum of their
        distances and HD95 in µm (NaN where there is no distance).
        """
        rim = _tree([self._rim])
        parts = zip(self._annotated, self._predicted, self._elsewhere, strict=True)
        return np.array([self._measure(*part, rim) for part in parts]).reshape(-1, 6)

    def _measure(
        self, annotated: PointSet, predicted: PointSet, elsewhere: PointSet, rim: cKDTree | None
    ) -> list[float]:
        n_annotated, n_predicted = int(annotated.weights.sum()), int(predicted.weights.sum())
        to_annotated, to_predicted = _tree([annotated]), _tree([predicted, elsewhere])
        if to_annotated is None or to_predicted is None:
            return [n_annotated, n_predicted, n_predicted, 0, 0.0, math.nan]
        there = _distances(to_predicted, annotated)
        back, weights = _distances(to_annotated, predicted), predicted.weights
        unknown = np.inf if rim is None else _distances(rim, predicted)
        judged: npt.NDArray[np.bool_] = back <= unknown
        sides = [(there, annotated.weights), (back[judged], weights[judged])]
        half_um = self.spacing_um / 2
        total = sum(float((d * w).sum()) for d, w in sides)
        hd95 = max(_quantile(d, w) for d, w in sides if len(d))
        left = int(weights[~judged].sum())
        return [n_annotated, n_predicted, left, n_annotated + n_predicted - left,
                total * half_um, hd95 * half_um]  # fmt: skip


def _add_by_class(
    pairs: Pairs, where: npt.NDArray[np.bool_], labels: tuple[Any, Any], sets: Sequence[PointSet]
) -> None:
    """Put every edge between two classes to both."""
    between = where & (labels[0] != labels[1])
    if not between.any():
        return
    edges = pairs.edges(between)
    for side in labels:
        own = side[between]
        for label in np.unique(own[own > 0]).tolist():
            sets[label - 1].add(edges[own == label])


def _tree(sets: Sequence[PointSet]) -> cKDTree | None:
    from scipy.spatial import cKDTree

    points = np.concatenate([s.points for s in sets])
    return cKDTree(points, balanced_tree=False, compact_nodes=False) if len(points) else None


def _distances(tree: cKDTree, points: PointSet) -> Values:
    """``(n,)``: of every point to the nearest of the tree, in half pixels."""
    found: Values = np.asarray(tree.query(points.points)[0], np.float64).reshape(-1)
    return found


def _quantile(distances: Values, weights: npt.NDArray[np.int64]) -> float:
    """The smallest distance that at least `SHARE` of all do not exceed."""
    order = np.argsort(distances)
    up_to = np.cumsum(weights[order])
    return float(distances[order][np.searchsorted(up_to, SHARE * up_to[-1])])

"""Objects and boundaries of one slide, from its tiles."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from hookpath.evaluation.shape_scoring.boundary_distance import BoundaryTally
from hookpath.evaluation.shape_scoring.object_matching import LEAST_UM2, ObjectTally
from hookpath.evaluation.shape_scoring.pixel_pairs import Pairs, Pixels
from hookpath.evaluation.shape_scoring.shape_metrics import ShapeMetrics
from hookpath.geometry import Region

Labels = npt.NDArray[np.uint8]

#: Pixels along a tile's edge: with the numbers of annotated and of predicted objects.
_Edge = tuple[Pixels, Pixels]

_ALL, _FIRST, _LAST = slice(None), slice(0, 1), slice(-1, None)


@dataclass
class ShapeTally:
    """Fed every labelled tile, row by row; keeps tiles' last pixels for those that follow.

    Args:
        n_classes: classes of the model; labels above are not scored.
        spacing_um: µm along a pixel.
        least_um2: smaller objects are left out.
        mutual: what is not predicted is as unknown as what is not annotated.
    """

    n_classes: int
    spacing_um: float
    least_um2: float = LEAST_UM2
    mutual: bool = False
    _objects: ObjectTally = field(init=False)
    _boundaries: BoundaryTally = field(init=False)
    _right: dict[tuple[int, int], _Edge] = field(default_factory=dict)
    _below: dict[tuple[int, int], _Edge] = field(default_factory=dict)

    def __post_init__(self) -> None:
        least_px = self.least_um2 / self.spacing_um**2 * (1 - 1e-9)
        self._objects = ObjectTally(self.n_classes, least_px)
        self._boundaries = BoundaryTally(self.n_classes, self.spacing_um)

    def add(self, grid: Region, region: Region, truth: Labels, guess: Labels) -> None:
        """Count one tile of `grid`: ``(h, w)`` labels, 0 = unknown or not predicted."""
        known = (truth <= self.n_classes) & ((guess > 0) | (not self.mutual))
        truth = np.where(known, truth, 0).astype(np.uint8)
        row = round((region.y_l0 - grid.y_l0) / grid.downsample_y)
        column = round((region.x_l0 - grid.x_l0) / grid.downsample_x)
        numbers = self._objects.add(truth, guess)
        annotated, predicted = (Pixels(truth, guess, ids) for ids in numbers)
        for pairs in Pairs.within(predicted, row, column):
            self._boundaries.add(pairs)
        self._meet(
            self._right, (annotated.at(_ALL, _FIRST), predicted.at(_ALL, _FIRST)), row, column
        )
        self._meet(self._below, (annotated.at(_FIRST), predicted.at(_FIRST)), row, column)
        # Edges of rows that are over have been met, or nothing is known behind them.
        self._right = {at: kept for at, kept in self._right.items() if at[0] >= row}
        self._below = {at: kept for at, kept in self._below.items() if at[0] >= row}
        last = (annotated.at(_ALL, _LAST), predicted.at(_ALL, _LAST))
        self._right[row, column + region.width] = last
        self._below[row + region.height, column] = (annotated.at(_LAST), predicted.at(_LAST))

    def _meet(
        self, kept: dict[tuple[int, int], _Edge], after: _Edge, row: int, column: int
    ) -> None:
        before = kept.pop((row, column), None)
        if before is None:
            return
        annotated, predicted = (
            Pairs(a, b, kept is self._below, row, column)
            for a, b in zip(before, after, strict=True)
        )
        self._objects.join(annotated, predicted)
        self._boundaries.add(predicted)

    def metrics(self) -> ShapeMetrics:
        """What was found."""
        return ShapeMetrics(self._objects.counts(), self._boundaries.metrics())

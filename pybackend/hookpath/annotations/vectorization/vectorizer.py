"""Class maps → objects: rows stream in top to bottom, whole polygons come out."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from shapely.geometry import Polygon

from hookpath.annotations.classes import ClassTable
from hookpath.annotations.objects import PathObject
from hookpath.annotations.vectorization.border_junctions import Junctions
from hookpath.annotations.vectorization.ring_tracing import Bools, Rings, trace
from hookpath.annotations.vectorization.rings_to_polygons import (
    Frame,
    Polygons,
    exact_polygons,
    simple_polygons,
)
from hookpath.annotations.vectorization.row_runs import SCORE_UNIT, Ints, Runs, components, runs_of
from hookpath.errors import AnnotationError
from hookpath.geometry import Calibration

AREA_UM2, AREA_PX2 = "Area µm^2", "Area px^2"
"""Measurements of the area, with and without a calibration, named as QuPath names them."""

PROBABILITY = "Probability"
"""Measurement of the mean probability (0…1) of the object's class over its pixels."""

_BATCH_RUNS = 1_000_000


@dataclass(frozen=True)
class _Traced:
    """Finished pieces: their rings, label and mean score (0…1), the latter (pieces,) each."""

    rings: Rings
    label: Ints
    score: npt.NDArray[np.float64]

    @classmethod
    def joined(cls, several: list[_Traced]) -> _Traced:
        return cls(
            Rings.joined([t.rings for t in several]),
            np.concatenate([t.label for t in several]),
            np.concatenate([t.score for t in several]),
        )


class Vectorizer:
    """Outlines of the 4-connected pieces of a class map, the same however the rows are cut.

    Outlines are traced when their last row has passed, so memory holds the runs of open pieces and
    the corners of finished ones, not the map. Corners lie on pixel corners of the output grid,
    ``x_l0 = origin + x_out · downsample``; pieces that touch at a corner only are two objects.

    Args:
        classes: label c + 1 is its class c; label 0 is nothing.
        downsample: level-0 px per px of the map, along x and y (or one for both).
        origin_l0: level-0 position of the map's top left corner.
        min_area_l0: smaller pieces (level-0 px²) are left out, and smaller holes are filled: all
            that lies in such a hole is smaller still, so it is left out and nothing overlaps.
        simplify_l0: outlines may move by this much (level-0 px). Neighbours keep their common
            borders, so no gap opens, and polygons stay valid.
        object_type: ``annotation`` or ``detection``.
        calibration: for ``Area µm^2``; without it objects have ``Area px^2`` (level 0).
        size_l0: width and height of the slide; what the last column and row of the map have beyond
            is cut off.
    """

    def __init__(
        self,
        classes: ClassTable,
        downsample: float | tuple[float, float],
        origin_l0: tuple[float, float] = (0.0, 0.0),
        min_area_l0: float = 0.0,
        simplify_l0: float = 0.0,
        object_type: str = "annotation",
        *,
        calibration: Calibration | None = None,
        size_l0: tuple[float, float] | None = None,
    ) -> None:
        self.classes = classes
        dx, dy = downsample if isinstance(downsample, tuple) else (downsample, downsample)
        self.frame = Frame(origin_l0, (dx, dy), size_l0)
        self.simplify_l0 = simplify_l0
        self.object_type = object_type
        self.calibration = calibration
        #: Pixels that a piece needs; rounding of the division must not drop one that just has them.
        self.min_pixels = min_area_l0 / (dx * dy) * (1 - 1e-9)
        #: Pixels of each label in the map, and in the pieces found: `finish` compares them.
        self.mapped = np.zeros(len(classes) + 1, np.int64)
        self.found = np.zeros(len(classes) + 1, np.int64)
        #: Pieces found so far, those left out as too small included.
        self.pieces = 0
        self._width: int | None = None
        self._next_y = 0
        #: Runs of each piece that reaches the last row seen, and so may go on.
        self._open: list[list[Runs]] = []
        self._last, self._owner = Runs.none(), np.zeros(0, np.int64)
        self._scored: bool | None = None
        self._junctions = Junctions() if simplify_l0 > 0 else None
        self._done: list[_Traced] = []
        self._result: list[PathObject] | None = None

    def add_rows(
        self,
        y_out: int,
        labels: npt.NDArray[np.uint8],
        probabilities: npt.NDArray[Any] | None = None,
    ) -> None:
        """The next rows of the map, ``(h, w)`` uint8; rows left out in between hold nothing.

        Args:
            y_out: row of the map that `labels` starts with.
            probabilities: ``(C, h, w)``, 0…255 in uint8 or 0…1 in float; with all rows or none.

        Raises:
            ValueError: rows not in order, of another width, with a label that no class has…
        """
        self._check(y_out, labels, probabilities)
        if y_out > self._next_y:
            self._leave_out(y_out)
        if self._junctions:
            self._junctions.add_rows(y_out, labels)
        self._advance(runs_of(labels, y_out, probabilities), y_out + labels.shape[0])

    def finish(self) -> list[PathObject]:
        """All objects, ordered by their first pixel (top to bottom, left to right).

        Raises:
            AnnotationError: the outlines do not hold exactly the map's pixels (our bug).
        """
        if self._result is None:
            self._leave_out(self._next_y + 1)
            if not np.array_equal(self.mapped[1:], self.found[1:]):
                raise AnnotationError(
                    f"outlines hold {self.found[1:].tolist()} px by class, the class map "
                    f"{self.mapped[1:].tolist()}; please report this"
                )
            self._result = list(self._objects())
        return self._result

    def _check(
        self, y_out: int, labels: npt.NDArray[np.uint8], scores: npt.NDArray[Any] | None
    ) -> None:
        if self._result is not None or y_out < self._next_y:
            raise ValueError(f"rows must come top to bottom: {y_out} after {self._next_y}")
        if labels.ndim != 2 or labels.dtype != np.uint8:
            raise ValueError(f"labels must be (h, w) uint8, not {labels.shape} {labels.dtype}")
        if self._width not in (None, labels.shape[1]) or self._scored not in (
            None,
            scores is not None,
        ):
            raise ValueError("all rows must have one width, and probabilities, or none of them")
        if scores is not None and scores.shape != (len(self.classes), *labels.shape):
            raise ValueError(f"probabilities {scores.shape} do not fit labels {labels.shape}")
        counts = np.bincount(labels.ravel(), minlength=len(self.mapped))
        if len(counts) > len(self.mapped):
            raise ValueError(f"label {len(counts) - 1}, but only {len(self.classes)} classes")
        self.mapped += counts
        self._width, self._scored = labels.shape[1], scores is not None

    def _leave_out(self, next_y: int) -> None:
        """Empty rows from the last one seen to `next_y`."""
        if self._junctions and self._width:
            self._junctions.add_rows(self._next_y, np.zeros((1, self._width), np.uint8))
        self._advance(Runs.none(), next_y)

    def _advance(self, new: Runs, next_y: int) -> None:
        """Join new runs to the open pieces; finish those that do not reach row `next_y` - 1."""
        old = len(self._last)
        ties = self._ties()
        count, piece = components(Runs.joined([self._last, new]), (self._width or 0) + 1, ties)
        of_open = np.zeros(len(self._open), np.int64)
        of_open[self._owner] = piece[:old]
        goes_on = np.zeros(count, bool)
        goes_on[piece[old:][new.y == next_y - 1]] = True
        ended = ~goes_on[piece[old:]]
        self._finish_pieces(new.take(ended), piece[old:][ended], of_open, goes_on)
        self._keep_open(new.take(~ended), piece[old:][~ended], of_open, goes_on)
        self._next_y = next_y

    def _ties(self) -> tuple[Ints, Ints]:
        """Runs of the last row that belong to one open piece hang together above it."""
        order = np.argsort(self._owner, kind="stable")
        same = np.diff(self._owner[order]) == 0
        return order[:-1][same], order[1:][same]

    def _keep_open(self, new: Runs, piece: Ints, of_open: Ints, goes_on: Bools) -> None:
        number = np.cumsum(goes_on) - 1
        chunks: list[list[Runs]] = [[] for _ in range(int(goes_on.sum()))]
        for at, several in zip(of_open.tolist(), self._open, strict=True):
            if goes_on[at]:
                chunks[number[at]].extend(several)
        order = np.argsort(piece, kind="stable")
        sorted_runs, sorted_piece = new.take(order), number[piece[order]]
        bounds = np.flatnonzero(np.diff(sorted_piece, prepend=-1, append=-1))
        for start, stop in zip(bounds[:-1].tolist(), bounds[1:].tolist(), strict=True):
            chunks[sorted_piece[start]].append(sorted_runs.take(slice(start, stop)))
        lowest = new.y == new.y.max(initial=-1)
        self._open = chunks
        self._last, self._owner = new.take(lowest), number[piece[lowest]]

    def _finish_pieces(self, new: Runs, piece: Ints, of_open: Ints, goes_on: Bools) -> None:
        runs, pieces = [new], [piece]
        for at, several in zip(of_open.tolist(), self._open, strict=True):
            if not goes_on[at]:
                runs.extend(several)
                pieces.extend(np.full(len(r), at) for r in several)
        ended = Runs.joined(runs)
        if len(ended):
            self._trace(*self._large_enough(ended, np.concatenate(pieces)))

    def _large_enough(self, runs: Runs, piece: Ints) -> tuple[Runs, Ints]:
        """Runs of the pieces to keep, in the order of their pieces, which count from 0."""
        _, number = np.unique(piece, return_inverse=True)
        pixels = _sum_by(number, runs.length)
        self.pieces += len(pixels)
        self.found += _sum_by(runs.label, runs.length, len(self.found))
        keep = pixels >= self.min_pixels
        which = np.flatnonzero(keep[number])
        which = which[np.argsort(number[which], kind="stable")]
        return runs.take(which), (np.cumsum(keep) - 1)[number[which]]

    def _trace(self, runs: Runs, piece: Ints) -> None:
        """Outlines of all pieces, some at a time: tracing takes memory for each corner."""
        start = 0
        while start < len(runs):
            stop = min(start + _BATCH_RUNS, len(runs))
            stop = int(np.searchsorted(piece, piece[stop - 1], side="right"))
            part = slice(start, stop)
            self._done.append(self._traced(runs.take(part), piece[part] - piece[start]))
            start = stop

    def _traced(self, runs: Runs, piece: Ints) -> _Traced:
        pixels = _sum_by(piece, runs.length)
        rings = trace(piece, runs.y, runs.x0, runs.x1)
        _check_areas(rings, pixels)
        first = np.flatnonzero(np.diff(piece, prepend=-1))
        score = _sum_by(piece, runs.score) / (SCORE_UNIT * pixels)
        rings = rings.take(rings.is_outline | (rings.area >= self.min_pixels))
        return _Traced(rings, runs.label[first], score)

    def _objects(self) -> Iterator[PathObject]:
        if not self._done:
            return
        traced, self._done = _Traced.joined(self._done), []
        rings = traced.rings
        polygons = self._polygons(rings)
        top_left = rings.start[:-1][rings.is_outline]
        for i in np.lexsort([rings.x[top_left], rings.y[top_left]]).tolist():
            measurements = self._area(polygons[i])
            if self._scored:
                measurements[PROBABILITY] = float(traced.score[i])
            yield PathObject(
                polygons[i],
                object_type=self.object_type,
                path_class=self.classes.classes[traced.label[i] - 1],
                measurements=measurements,
            )

    def _polygons(self, rings: Rings) -> Polygons:
        if self._junctions is None:
            return exact_polygons(rings, self.frame)
        return simple_polygons(rings, self.frame, self.simplify_l0, self._junctions)

    def _area(self, polygon: Polygon) -> dict[str, float]:
        """Of the outline as it is, which is what QuPath shows under the same name."""
        if self.calibration is None:
            return {AREA_PX2: polygon.area}
        return {AREA_UM2: self.calibration.area_um2(polygon.area)}


def vectorize(
    labels: npt.NDArray[np.uint8],
    classes: ClassTable,
    downsample: float | tuple[float, float] = 1.0,
    probabilities: npt.NDArray[Any] | None = None,
    **options: Any,
) -> list[PathObject]:
    """Objects of a whole class map, ``(h, w)`` uint8; the options are those of `Vectorizer`."""
    vectorizer = Vectorizer(classes, downsample, **options)
    vectorizer.add_rows(0, labels, probabilities)
    return vectorizer.finish()


def _sum_by(group: Ints, values: Ints, groups: int = 0) -> Ints:
    """Sums of integers by group, exact (below 2^53)."""
    return np.rint(np.bincount(group, values, groups)).astype(np.int64)


def _check_areas(rings: Rings, pixels: Ints) -> None:
    """Every piece has one outline, and with its holes it encloses exactly the piece's pixels."""
    sign = np.where(rings.is_outline, 1, -1)
    enclosed = _sum_by(rings.piece, sign * rings.area)
    if not np.array_equal(enclosed, pixels):
        wrong = int((enclosed != pixels).sum()) if enclosed.shape == pixels.shape else "some"
        raise AnnotationError(
            f"the outlines of {wrong} pieces do not enclose their pixels; please report this"
        )

"""Class maps → objects: rows stream in top to bottom, whole polygons come out."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import shapely
from shapely.geometry import Polygon

from hookpath.annotations._runs import SCORE_UNIT, Ints, Runs, components, runs_of
from hookpath.annotations._trace import Rings, trace
from hookpath.annotations.classes import ClassTable
from hookpath.annotations.objects import PathObject
from hookpath.errors import AnnotationError
from hookpath.geometry import Calibration

Bools = npt.NDArray[np.bool_]

AREA_UM2, AREA_PX2 = "Area µm^2", "Area px^2"
"""Measurements of the area, with and without a calibration, named as QuPath names them."""

PROBABILITY = "Probability"
"""Measurement of the mean probability (0…1) of the object's class over its pixels."""

_BATCH_RUNS = 1_000_000


class Vectorizer:
    """Outlines of the 4-connected pieces of a class map, the same however the rows are cut.

    Polygons are made when their last row has passed, so memory holds the runs of open pieces and
    the finished objects, not the map. Corners lie on pixel corners of the output grid,
    ``x_l0 = origin + x_out · downsample``; pieces that touch at a corner only are two objects.

    Args:
        classes: label c + 1 is its class c; label 0 is nothing.
        downsample: level-0 px per px of the map, along x and y (or one for both).
        origin_l0: level-0 position of the map's top left corner.
        min_area_l0: smaller pieces (level-0 px²) are left out, and smaller holes are filled: all
            that lies in such a hole is smaller still, so it is left out and nothing overlaps.
        simplify_l0: outlines may move by this much (level-0 px); polygons stay valid.
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
        self.downsample = downsample if isinstance(downsample, tuple) else (downsample, downsample)
        self.origin_l0 = origin_l0
        self.simplify_l0 = simplify_l0
        self.object_type = object_type
        self.calibration = calibration
        self.size_l0 = size_l0
        #: Pixels that a piece needs; rounding of the division must not drop one that just has them.
        self.min_pixels = min_area_l0 / (self.downsample[0] * self.downsample[1]) * (1 - 1e-9)
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
        self._done: list[tuple[int, int, PathObject]] = []
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
            self._advance(Runs.none(), y_out)
        self._advance(runs_of(labels, y_out, probabilities), y_out + labels.shape[0])

    def finish(self) -> list[PathObject]:
        """All objects, ordered by their first pixel (top to bottom, left to right).

        Raises:
            AnnotationError: the outlines do not hold exactly the map's pixels (our bug).
        """
        if self._result is None:
            self._advance(Runs.none(), self._next_y + 1)
            if not np.array_equal(self.mapped[1:], self.found[1:]):
                raise AnnotationError(
                    f"outlines hold {self.found[1:].tolist()} px by class, the class map "
                    f"{self.mapped[1:].tolist()}; please report this"
                )
            self._done.sort(key=lambda found: found[:2])
            self._result = [obj for _, _, obj in self._done]
            self._done = []
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
            self._make_objects(*self._large_enough(ended, np.concatenate(pieces)))

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

    def _make_objects(self, runs: Runs, piece: Ints) -> None:
        """Objects of all pieces, some at a time: tracing takes memory for each corner."""
        start = 0
        while start < len(runs):
            stop = min(start + _BATCH_RUNS, len(runs))
            stop = int(np.searchsorted(piece, piece[stop - 1], side="right"))
            part = slice(start, stop)
            self._make_batch(runs.take(part), piece[part] - piece[start])
            start = stop

    def _make_batch(self, runs: Runs, piece: Ints) -> None:
        pixels = _sum_by(piece, runs.length)
        rings = trace(piece, runs.y, runs.x0, runs.x1)
        _check_areas(rings, pixels)
        scores = _sum_by(piece, runs.score) / (SCORE_UNIT * pixels)
        first = np.flatnonzero(np.diff(piece, prepend=-1))
        labels = runs.label[first]
        at = rings.start[:-1][rings.is_outline]
        for index, polygon in enumerate(self._polygons(rings)):
            measurements = self._area(polygon)
            if self._scored:
                measurements[PROBABILITY] = float(scores[index])
            found = PathObject(
                polygon,
                object_type=self.object_type,
                path_class=self.classes.classes[labels[index] - 1],
                measurements=measurements,
            )
            self._done.append((int(rings.y[at[index]]), int(rings.x[at[index]]), found))

    def _polygons(self, rings: Rings) -> list[Polygon]:
        """Valid polygons in level-0 px, without small holes, simplified."""
        keep = rings.is_outline | (rings.area >= self.min_pixels)
        number = np.cumsum(keep) - 1
        ring = rings.ring_of_corner
        corner = keep[ring]
        xy_l0 = self._to_l0(np.stack([rings.x[corner], rings.y[corner]], axis=1))
        lines = shapely.linearrings(xy_l0, indices=number[ring[corner]])
        polygons: Any = shapely.polygons(np.asarray(lines), indices=rings.piece[keep])
        if self.simplify_l0 > 0:
            polygons = shapely.simplify(polygons, self.simplify_l0, preserve_topology=True)
        return list(polygons)

    def _to_l0(self, xy_out: Ints) -> npt.NDArray[np.float64]:
        xy_l0: npt.NDArray[np.float64] = np.asarray(
            self.origin_l0, np.float64
        ) + xy_out * np.asarray(self.downsample)
        return xy_l0 if self.size_l0 is None else np.minimum(xy_l0, self.size_l0)

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

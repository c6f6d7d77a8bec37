"""Area by area: what a model says of each thing that a person drew, and how unlike that it is."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from hookpath.annotations.objects import PathObject
from hookpath.evaluation.csv_and_dataframe import Table
from hookpath.evaluation.predictions.class_map_source import Labels, Probabilities
from hookpath.evaluation.scoring.ground_truth import Truth

#: Object metadata of an annotation: the class that a person said is right as it is drawn.
RIGHT_KEY = "hookpath.right"

#: A probability map has 255 steps: less than half of one is no difference.
_LEAST = 0.5 / 255


@dataclass(frozen=True)
class AreaResult:
    """One annotated area.

    Attributes:
        object_id: of the annotation.
        label: its class.
        predicted: the class that most of it is said to be of; None: it was not predicted.
        pixels: labelled px (those that a smaller area does not cover).
        area_mm2: their area.
        counts: px by predicted class, "not predicted" last.
        right: share of the predicted px that are of `label`; NaN: none was predicted.
        loss: mean −ln p(`label`) over these px; NaN without probabilities or for a class that the
            model does not know.
        uncertainty: mean entropy of the probabilities there, 0 (sure) to 1 (as good as guessing).
        bounds_l0: x0, y0, x1, y1 in level-0 px.
        marked_right: a person said that it is right as it is drawn.
        left_out: what a network says that learned without this slide; None: nobody asked one.
    """

    object_id: str
    label: str
    predicted: str | None
    pixels: int
    area_mm2: float
    counts: tuple[int, ...]
    right: float
    loss: float
    uncertainty: float
    bounds_l0: tuple[float, float, float, float]
    marked_right: bool = False
    left_out: LeftOut | None = None

    @property
    def doubt(self) -> float:
        """What areas are ranked by.

        The loss of a network that did not learn from it where there is one, else the model's,
        else the share that is wrong.
        """
        if self.left_out is not None:
            return self.left_out.loss
        return self.loss if math.isfinite(self.loss) else 1 - self.right

    def as_dict(self) -> dict[str, Any]:
        """Plain Python for JSON."""
        return {
            "object": self.object_id,
            "class": self.label,
            "predicted": self.predicted,
            "pixels": self.pixels,
            "area_mm2": self.area_mm2,
            "counts": list(self.counts),
            "right": _finite(self.right),
            "loss": _finite(self.loss),
            "uncertainty": _finite(self.uncertainty),
            "bounds": list(self.bounds_l0),
            "marked_right": self.marked_right,
            "left_out": None if self.left_out is None else vars(self.left_out),
        }


@dataclass(frozen=True)
class LeftOut:
    """What a network that learned without an area says of it.

    Attributes:
        loss: mean −ln p of its class.
        predicted: the class that most of it is said to be of.
        right: share that is of its class.
    """

    loss: float
    predicted: str
    right: float


LeftOutAreas = dict[tuple[str, str], LeftOut]
"""By image id and annotation id."""


@dataclass
class AreaTally:
    """Adds up what is predicted in each area of a slide, tile by tile."""

    truth: Truth
    _counts: npt.NDArray[np.int64] = field(init=False)
    _loss: npt.NDArray[np.float64] = field(init=False)
    _entropy: npt.NDArray[np.float64] = field(init=False)
    _judged: npt.NDArray[np.int64] = field(init=False)

    def __post_init__(self) -> None:
        count = len(self.truth.labels.polygons) + 1
        self._counts = np.zeros((count, self.truth.n_known + 1), np.int64)
        self._loss, self._entropy = np.zeros(count), np.zeros(count)
        self._judged = np.zeros(count, np.int64)

    def add(
        self, owners: npt.NDArray[np.int32], guess: Labels, probabilities: Probabilities | None
    ) -> None:
        """Count one tile.

        Args:
            owners: ``(h, w)``: see `LabelSource.rasterize_polygons`.
            guess: ``(h, w)`` predicted labels, 0: not predicted.
            probabilities: ``(h, w, C)``, 255 = certain.
        """
        annotated = owners > 0
        whose, said = owners[annotated], guess[annotated].astype(np.int64)
        column = np.where((said > 0) & (said <= self.truth.n_known), said - 1, self.truth.n_known)
        np.add.at(self._counts, (whose, column), 1)
        if probabilities is not None:
            self._judge(whose, probabilities[annotated])

    def _judge(self, whose: npt.NDArray[np.int32], probabilities: Probabilities) -> None:
        there = probabilities.any(axis=1)
        whose, values = whose[there], probabilities[there].astype(np.float64)
        shares = np.maximum(values / values.sum(axis=1, keepdims=True), _LEAST)
        logs = -np.log(shares)
        size = len(self._judged)
        own = self._labels()[whose] - 1
        known = own < self.truth.n_known
        losses = logs[np.arange(len(own)), np.where(known, own, 0)]
        self._loss += np.bincount(whose, np.where(known, losses, np.nan), size)
        entropy = (shares * logs).sum(axis=1) / math.log(max(2, self.truth.n_known))
        self._entropy += np.bincount(whose, np.clip(entropy, 0, 1), size)
        self._judged += np.bincount(whose, minlength=size)

    def _labels(self) -> npt.NDArray[np.int64]:
        return np.array([0, *(p.label for p in self.truth.labels.polygons)], np.int64)

    def results(self, px_mm2: float, objects: Mapping[str, PathObject]) -> tuple[AreaResult, ...]:
        """Every area with labelled px, in the order of `LabelSource.polygons`.

        Args:
            px_mm2: area of a px of the grid that was counted on.
            objects: the annotations by id, for what a person said of them.
        """
        names, known = self.truth.classes.names, self.truth.classes.names[: self.truth.n_known]
        found = []
        for number, polygon in enumerate(self.truth.labels.polygons, start=1):
            counts = self._counts[number]
            pixels, predicted = int(counts.sum()), int(counts[:-1].sum())
            if not pixels:
                continue
            label, judged = names[polygon.label - 1], int(self._judged[number])
            own = int(counts[polygon.label - 1]) if label in known else 0
            found.append(
                AreaResult(
                    object_id=polygon.object_id,
                    label=label,
                    predicted=known[int(counts[:-1].argmax())] if predicted else None,
                    pixels=pixels,
                    area_mm2=pixels * px_mm2,
                    counts=tuple(int(n) for n in counts),
                    right=own / predicted if predicted else math.nan,
                    loss=self._loss[number] / judged if judged else math.nan,
                    uncertainty=self._entropy[number] / judged if judged else math.nan,
                    bounds_l0=_bounds(polygon.geometry.bounds),
                    marked_right=_is_marked(objects.get(polygon.object_id), label),
                )
            )
        return tuple(found)


def _is_marked(annotated: PathObject | None, label: str) -> bool:
    """A mark is of a class: it says nothing of an area that was given another one since."""
    return annotated is not None and annotated.metadata.get(RIGHT_KEY) == label


def _bounds(found: Iterable[float]) -> tuple[float, float, float, float]:
    x0, y0, x1, y1 = (round(float(v), 1) for v in found)
    return x0, y0, x1, y1


def areas_table(slides: Iterable[tuple[str, str | None, Sequence[AreaResult]]]) -> Table:
    """A line for every annotated area of every slide (its name and part), most doubtful first."""
    header = (
        "slide", "split", "object", "class", "predicted", "area_mm2", "right", "loss",
        "uncertainty", "left_out_loss", "left_out_predicted", "left_out_right", "marked_right",
        "x0", "y0", "x1", "y1",
    )  # fmt: skip
    every = [(name, part, area) for name, part, areas in slides for area in areas]
    every.sort(key=lambda row: -_ranked(row[2]))
    return Table(header, [(name, part, *_cells(area)) for name, part, area in every])


def _ranked(area: AreaResult) -> float:
    """NaN last."""
    return area.doubt if math.isfinite(area.doubt) else -1.0


def _cells(area: AreaResult) -> tuple[Any, ...]:
    out = area.left_out
    left_out = (None, None, None) if out is None else (out.loss, out.predicted, out.right)
    return (
        area.object_id, area.label, area.predicted, area.area_mm2, area.right, area.loss,
        area.uncertainty, *left_out, "yes" if area.marked_right else "no", *area.bounds_l0,
    )  # fmt: skip


def _finite(value: float) -> float | None:
    return float(value) if math.isfinite(value) else None

"""Metrics of objects and boundaries, per class, of a slide or of several together."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

import numpy as np
import numpy.typing as npt

from hookpath.evaluation.class_metrics import finite
from hookpath.evaluation.shape_scoring.boundary_distance import (
    DRAWN_EDGES,
    HD95_UM,
    MEASURED,
    PREDICTED_EDGES,
    SUM_UM,
    UNJUDGED_EDGES,
)
from hookpath.evaluation.shape_scoring.object_matching import DRAWN, FALSE, FOUND, UNJUDGED

Values = npt.NDArray[np.float64]

#: Names of the counted columns in files: key → column.
OBJECT_COUNTS = MappingProxyType(
    {"drawn": DRAWN, "found": FOUND, "false": FALSE, "not_judged": UNJUDGED}
)
EDGE_COUNTS = MappingProxyType(
    {
        "drawn_edges": DRAWN_EDGES,
        "predicted_edges": PREDICTED_EDGES,
        "not_judged_edges": UNJUDGED_EDGES,
        "measured_edges": MEASURED,
    }
)

#: Metrics of which less is better.
DISTANCES = ("assd_um", "hd95_um")


def object_f1(objects: npt.NDArray[Any]) -> Values:
    """``(…, 4)`` counts → F1 of objects; NaN where none was drawn."""
    annotated, found, false = (objects[..., i].astype(float) for i in (DRAWN, FOUND, FALSE))
    return _ratio(2 * found, np.where(annotated > 0, annotated + found + false, 0))


def object_precision(objects: npt.NDArray[Any]) -> Values:
    """``(…, 4)`` counts → share of the judged objects that were drawn; NaN where none was drawn."""
    annotated, found, false = (objects[..., i].astype(float) for i in (DRAWN, FOUND, FALSE))
    return _ratio(found, np.where(annotated > 0, found + false, 0))


def object_recall(objects: npt.NDArray[Any]) -> Values:
    """``(…, 4)`` counts → share of the annotations that were found."""
    return _ratio(objects[..., FOUND].astype(float), objects[..., DRAWN].astype(float))


def assd(boundaries: npt.NDArray[Any]) -> Values:
    """``(…, 6)`` sums → average symmetric surface distance, µm."""
    return _ratio(boundaries[..., SUM_UM], boundaries[..., MEASURED])


OBJECT_METRICS: Mapping[str, Callable[[npt.NDArray[Any]], Values]] = MappingProxyType(
    {"object_f1": object_f1, "object_precision": object_precision, "object_recall": object_recall}
)

#: Every metric of shapes.
SHAPE_METRICS = (*OBJECT_METRICS, *DISTANCES)


@dataclass(frozen=True)
class ShapeMetrics:
    """What was counted.

    Attributes:
        objects: ``(C, 4)`` int64, see `ObjectTally.counts`.
        boundaries: ``(C, 6)`` float64, see `BoundaryTally.figures`.
    """

    objects: npt.NDArray[np.int64]
    boundaries: Values

    @classmethod
    def pooled(cls, parts: Sequence[ShapeMetrics]) -> ShapeMetrics:
        """All slides together. HD95 is one slide's metric: of several it is NaN."""
        if len(parts) == 1:
            return parts[0]
        sums = np.sum([p.boundaries for p in parts], axis=0)
        sums[:, HD95_UM] = math.nan
        return cls(np.sum([p.objects for p in parts], axis=0), sums)

    def in_order(self, order: Sequence[int]) -> ShapeMetrics:
        """With the classes at these indices, in this order."""
        return ShapeMetrics(self.objects[list(order)], self.boundaries[list(order)])

    def of(self, metric: str) -> Values:
        """One of `SHAPE_METRICS`, ``(C,)``, NaN where undefined."""
        if metric in OBJECT_METRICS:
            return OBJECT_METRICS[metric](self.objects)
        return assd(self.boundaries) if metric == "assd_um" else self.boundaries[:, HD95_UM]

    def as_dict(self, names: Sequence[str]) -> dict[str, Any]:
        """Class → what was counted, for JSON."""
        return {
            name: {
                "objects": {key: int(objects[i]) for key, i in OBJECT_COUNTS.items()},
                "boundary": {key: int(edges[i]) for key, i in EDGE_COUNTS.items()}
                | {"sum_um": float(edges[SUM_UM]), "hd95_um": finite(edges[HD95_UM])},
            }
            for name, objects, edges in zip(names, self.objects, self.boundaries, strict=True)
        }

    @classmethod
    def from_dict(cls, raw: Mapping[str, Any]) -> ShapeMetrics:
        """What `as_dict` described."""
        objects = [[part["objects"][key] for key in OBJECT_COUNTS] for part in raw.values()]
        edges = [
            [*(part["boundary"][key] for key in EDGE_COUNTS), part["boundary"]["sum_um"],
             math.nan if part["boundary"]["hd95_um"] is None else part["boundary"]["hd95_um"]]
            for part in raw.values()
        ]  # fmt: skip
        return cls(
            np.array(objects, np.int64).reshape(-1, 4), np.array(edges, float).reshape(-1, 6)
        )


def _ratio(top: Values, bottom: Values) -> Values:
    share: Values = np.divide(top, bottom, out=np.full(top.shape, np.nan), where=bottom > 0)
    return share

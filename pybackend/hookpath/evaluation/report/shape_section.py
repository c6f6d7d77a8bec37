"""Objects and boundaries on a report's page."""

from __future__ import annotations

from typing import Any

from hookpath.evaluation.report.evaluation_report import EvaluationReport
from hookpath.evaluation.shape_scoring.boundary_distance import (
    DRAWN_EDGES,
    PREDICTED_EDGES,
    UNJUDGED_EDGES,
)
from hookpath.evaluation.shape_scoring.object_matching import DRAWN, FALSE, FOUND, UNJUDGED
from hookpath.evaluation.shape_scoring.shape_metrics import OBJECT_METRICS, SHAPE_METRICS

Row = dict[str, Any]


def shape_section(report: EvaluationReport) -> Row | None:
    """What the template shows; None in a report of a version that counted none."""
    pooled = report.pooled_measured.shapes
    if pooled is None:
        return None
    spreads = {metric: report.class_spread(metric) for metric in SHAPE_METRICS}
    mm = {s.spacing_um for s in report.slides}
    px_mm = mm.pop() / 1000 if len(mm) == 1 else None
    rows = []
    for i, path_class in enumerate(report.classes):
        objects, edges = pooled.objects[i], pooled.boundaries[i]
        predicted, left = edges[PREDICTED_EDGES], edges[UNJUDGED_EDGES]
        rows.append(
            {
                "cls": path_class,
                "drawn": objects[DRAWN],
                "found": objects[FOUND],
                "false": objects[FALSE],
                "unjudged": objects[UNJUDGED],
                "objects": [_cell(report, m, i, spreads) for m in OBJECT_METRICS],
                "assd": _cell(report, "assd_um", i, spreads),
                "hd95": spreads["hd95_um"][i],
                "mm": None if px_mm is None else edges[DRAWN_EDGES] * px_mm,
                "left": left / predicted if predicted else None,
            }
        )
    least = report.settings.get("objects_from_um2")
    return {"rows": rows, "with_mm": px_mm is not None, "least_um2": least}


def _cell(report: EvaluationReport, metric: str, i: int, spreads: dict[str, Any]) -> Row:
    pooled = float(report.pooled_measured.of_shapes(metric)[i])
    return {"pooled": pooled, "spread": spreads[metric][i]}

"""``scores.csv`` and ``slides.csv``: the metrics of every slide for a spreadsheet or R."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from hookpath.evaluation.class_metrics import METRICS, WHOLE_METRICS
from hookpath.evaluation.csv_and_dataframe import Table
from hookpath.evaluation.report.evaluation_report import EvaluationReport
from hookpath.evaluation.scoring.slide_metrics import BIN_METRICS, Measured
from hookpath.evaluation.shape_scoring.shape_metrics import OBJECT_COUNTS, SHAPE_METRICS

#: Name of the pooled metrics where slides are named.
POOLED = "(pooled)"

_PER_CLASS = (*METRICS, *BIN_METRICS, *SHAPE_METRICS)

#: ``objects_drawn`` and so on: how many of a class.
_OBJECTS = tuple(f"objects_{name}" for name in OBJECT_COUNTS)


def scores_table(report: EvaluationReport) -> Table:
    """One line for every slide and class, pooled metrics last."""
    header = ("slide", "split", "class", "labelled_pixels", *_PER_CLASS, *_OBJECTS)
    parts = [*((s.name, s.split, s.measured) for s in report.slides),
             (POOLED, None, report.pooled_measured)]  # fmt: skip
    rows = [row for part in parts for row in _class_rows(*part, report.classes.names)]
    return Table(header, rows)


def _class_rows(
    slide: str, split: str | None, measured: Measured, names: Sequence[str]
) -> list[tuple[Any, ...]]:
    support = measured.scores.support
    table = [measured.per_class(metric) for metric in _PER_CLASS]
    rows = [
        (
            slide,
            split,
            name,
            int(support[i]),
            *(float(column[i]) for column in table),
            *_objects(measured, i),
        )
        for i, name in enumerate(names)
    ]
    macro = (measured.value(metric) for metric in _PER_CLASS)
    none = [None] * len(_OBJECTS)
    return [*rows, (slide, split, "(macro)", int(support.sum()), *macro, *none)]


def _objects(measured: Measured, i: int) -> list[int | None]:
    shapes = measured.shapes
    return [None if shapes is None else int(shapes.objects[i, at]) for at in OBJECT_COUNTS.values()]


def slides_table(report: EvaluationReport) -> Table:
    """One line for every slide: its groups, and every metric for all classes."""
    keys = list(report.groups)
    metrics = [*WHOLE_METRICS, *_PER_CLASS]
    header = ["slide", "split", *keys, "labelled_mm2", *WHOLE_METRICS,
              *(f"macro_{m}" for m in _PER_CLASS)]  # fmt: skip
    rows: list[Sequence[Any]] = [
        [s.name, s.split, *(s.groups.get(k) for k in keys), s.labelled_mm2,
         *(s.measured.value(m) for m in metrics)]
        for s in report.slides
    ]  # fmt: skip
    area = sum(s.labelled_mm2 for s in report.slides)
    pooled = [report.pooled_measured.value(m) for m in metrics]
    return Table(header, [*rows, [POOLED, None, *[None] * len(keys), area, *pooled]])

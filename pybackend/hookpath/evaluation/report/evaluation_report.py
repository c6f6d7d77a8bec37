"""What an evaluation found: plain data with a JSON form (``report.json``)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

import numpy as np

from hookpath.annotations.classes import ClassTable
from hookpath.annotations.objects import PathClass
from hookpath.errors import EvaluationError
from hookpath.evaluation.class_metrics import (
    METRICS,
    WHOLE_METRICS,
    Counts,
    Scores,
    Spread,
    finite,
    row_normalised,
    spread,
)
from hookpath.evaluation.csv_and_dataframe import frame_of
from hookpath.evaluation.report.report_json_validation import refuse_other_content
from hookpath.evaluation.scoring.slide_groups import parts_by_group
from hookpath.evaluation.scoring.slide_metrics import BIN_METRICS, Measured, pooled_intervals_of
from hookpath.evaluation.scoring.slide_result import SlideResult
from hookpath.evaluation.scoring.split_metrics import metrics_by_part
from hookpath.evaluation.shape_scoring.shape_metrics import SHAPE_METRICS
from hookpath.evaluation.statistics.bootstrap import Interval, mean_interval
from hookpath.projects.project_protocol import Problem
from hookpath.untrusted_files import read_json, reason

if TYPE_CHECKING:
    from pandas import DataFrame

#: Rises whenever the meaning of a key of ``report.json`` changes.
FORMAT_VERSION = 1

#: ``kind`` in the ``report.json`` of a scale detector; those of classes have none.
SCALE_KIND = "scale"

REPORT_JSON = "report.json"
REPORT_HTML = "report.html"


@dataclass(frozen=True)
class EvaluationReport:
    """Result of `evaluate_project`.

    Attributes:
        title: headline of the page.
        created: local time, ISO 8601.
        classes: the model's, in label order.
        slides: every slide with labelled pixels.
        model: provenance (family, spacings, parameters of the training, path, weights' hash).
        settings: what was asked: project, split, truth.
        problems: slides that could not be scored.
    """

    title: str
    created: str
    classes: ClassTable
    slides: tuple[SlideResult, ...]
    model: Mapping[str, Any] = field(default_factory=dict)
    settings: Mapping[str, Any] = field(default_factory=dict)
    problems: tuple[Problem, ...] = ()

    def __post_init__(self) -> None:
        if not self.slides:
            raise ValueError("a report needs at least one slide")

    def __repr__(self) -> str:
        count, macro = len(self.slides), self.macro_spread("f1")
        return (
            f"{type(self).__name__}({self.title!r}, {count} slide{'s' * (count != 1)}, "
            f"macro F1 {macro.mean:.3f})"
        )

    def to_frame(self) -> DataFrame:
        """A line for every slide and class as a pandas data frame.

        As in ``scores.csv``, numbers as numbers; the pooled metrics come last, their slide is
        ``(pooled)``.

        Raises:
            UsageError: pandas is not installed.
        """
        from hookpath.evaluation.report.scores_and_slides_csv import scores_table

        return frame_of(scores_table(self))

    @cached_property
    def pooled_measured(self) -> Measured:
        """All slides counted together."""
        return Measured.pooled([s.measured for s in self.slides])

    @property
    def pooled(self) -> Scores:
        """Metrics of all labelled pixels of all slides taken together."""
        return self.pooled_measured.scores

    @property
    def has_probabilities(self) -> bool:
        """Whether ROC curves can be drawn."""
        return self.pooled_measured.bins is not None

    @property
    def metrics(self) -> tuple[str, ...]:
        """The per-class metrics of pixels that tables show.

        Without those of probabilities where there are none.
        """
        return (*METRICS, *BIN_METRICS) if self.has_probabilities else METRICS

    @property
    def all_metrics(self) -> tuple[str, ...]:
        """`metrics`, and those of objects and boundaries where they were counted."""
        return (*self.metrics, *(SHAPE_METRICS if self.pooled_measured.shapes else ()))

    @cached_property
    def groups(self) -> dict[str, dict[str, EvaluationReport]]:
        """Metadata key → its value → a report of these slides alone."""
        return parts_by_group(self.slides, lambda slides: replace(self, slides=slides))

    @cached_property
    def patients(self) -> dict[str, Measured]:
        """Patient → all of that patient's slides together; empty where that is each slide alone.

        A slide of which nobody knows whose it is counts as a patient of its own.
        """
        found: dict[str, list[Measured]] = {}
        for number, slide in enumerate(self.slides):
            found.setdefault(slide.patient or f"slide {number}", []).append(slide.measured)
        if len(found) == len(self.slides):
            return {}
        return {patient: Measured.pooled(parts) for patient, parts in found.items()}

    def over_patients(self, metric: str = "f1") -> tuple[Spread, Interval]:
        """Mean ± std over patients of a metric, and the 95 % bootstrap interval of the mean."""
        values = [measured.value(metric) for measured in self.patients.values()]
        return spread(values), mean_interval(values)

    @property
    def unknown(self) -> dict[str, Counts]:
        """Annotated classes that the model does not know: what was predicted there, all slides."""
        total: dict[str, Counts] = {}
        for slide in self.slides:
            for name, row in slide.unknown.items():
                total[name] = total.get(name, np.zeros_like(row)) + row
        return total

    def class_spread(self, metric: str = "f1") -> list[Spread]:
        """Per class: mean ± std over the slides where it is annotated (and the metric defined)."""
        table = np.array([s.measured.per_class(metric) for s in self.slides])
        return [spread(column) for column in table.T]

    def spread(self, metric: str = "f1") -> Spread:
        """Mean ± std over slides of a slide's metric: a macro mean, or one for all classes."""
        return spread([s.measured.value(metric) for s in self.slides])

    def macro_spread(self, metric: str = "f1") -> Spread:
        """Mean ± std over slides of each slide's macro mean."""
        return self.spread(metric)

    @property
    def accuracy_spread(self) -> Spread:
        """Mean ± std over slides of the share of labelled pixels that are right."""
        return self.spread("accuracy")

    def interval(self, metric: str = "f1") -> Interval:
        """95 % bootstrap interval of the mean over slides."""
        return mean_interval([s.measured.value(metric) for s in self.slides])

    @cached_property
    def pooled_intervals(self) -> dict[str, Interval]:
        """Metric → 95 % bootstrap interval of its pooled metric, slides drawn again."""
        parts = [s.measured for s in self.slides]
        found = pooled_intervals_of(parts, (*self.all_metrics, *WHOLE_METRICS))
        return {metric: whole for metric, (whole, _) in found.items()}

    def as_dict(self, probabilities: bool = True) -> dict[str, Any]:
        """Plain Python for JSON; undefined metrics are None.

        Args:
            probabilities: also the counted ones of every slide, from which ROC curves are drawn.
        """
        names = self.classes.names
        pooled = self.pooled
        shares = row_normalised(pooled.counts)
        return {
            "format_version": FORMAT_VERSION,
            "title": self.title,
            "created": self.created,
            "model": dict(self.model),
            "settings": dict(self.settings),
            "classes": [{"name": c.name, "color": list(c.color or ())} for c in self.classes],
            "columns": [*names, "none"],
            "pooled": {
                "confusion": pooled.counts.tolist(),
                "confusion_row_normalised": [[finite(v) for v in row] for row in shares],
                **self.pooled_measured.as_dict(names),
            },
            "over_slides": self._over_slides(),
            "over_patients": self._over_patients(),
            "pooled_intervals": {m: i.as_dict() for m, i in self.pooled_intervals.items()},
            "parts": metrics_by_part(self.slides, names),
            "groups": {
                key: {
                    value: {"slides": len(part.slides), **part._over_slides()}
                    for value, part in parts.items()
                }
                for key, parts in self.groups.items()
            },
            "unknown": {name: row.tolist() for name, row in self.unknown.items()},
            "slides": [s.as_dict(names, probabilities) for s in self.slides],
            "problems": [vars(p) for p in self.problems],
        }

    def _over_patients(self) -> dict[str, Any] | None:
        if not self.patients:
            return None
        found = {m: self.over_patients(m) for m in (*self.all_metrics, *WHOLE_METRICS)}
        metrics = {m: {**s.as_dict(), "interval": i.as_dict()} for m, (s, i) in found.items()}
        return {"patients": len(self.patients), **metrics}

    def _over_slides(self) -> dict[str, Any]:
        classes: dict[str, dict[str, Any]] = {name: {} for name in self.classes.names}
        for metric in self.all_metrics:
            for name, value in zip(self.classes.names, self.class_spread(metric), strict=True):
                classes[name][metric] = value.as_dict()
        whole = {metric: self._spread_dict(metric) for metric in WHOLE_METRICS}
        macro = {metric: self._spread_dict(metric) for metric in self.all_metrics}
        return {**whole, "macro": macro, "classes": classes}

    def _spread_dict(self, metric: str) -> dict[str, Any]:
        return {**self.spread(metric).as_dict(), "interval": self.interval(metric).as_dict()}

    @classmethod
    def from_dict(cls, raw: Mapping[str, Any]) -> Self:
        """The report that `as_dict` described; metrics are computed again from the counts."""
        classes = ClassTable.of(
            PathClass(c["name"], tuple(c["color"]) or None) for c in raw["classes"]
        )
        return cls(
            title=raw["title"],
            created=raw["created"],
            classes=classes,
            slides=tuple(SlideResult.from_dict(s, classes.of_interest) for s in raw["slides"]),
            model=raw["model"],
            settings=raw["settings"],
            problems=tuple(Problem(**p) for p in raw["problems"]),
        )


def load_report(source: str | Path) -> EvaluationReport:
    """Read ``report.json``, given itself, its folder, or a folder that has ``evaluation/`` in it.

    Raises:
        EvaluationError: not found, not a report, or written by a newer version.
    """
    path = find_report(Path(source))
    try:
        raw = read_json(path)
        if not isinstance(raw, dict) or not isinstance(raw.get("format_version"), int):
            raise ValueError("no object with a format_version")
        if raw["format_version"] > FORMAT_VERSION:
            raise EvaluationError(f"{path}: written by a newer hookpath; update this one")
        if raw.get("kind") == SCALE_KIND:
            raise EvaluationError(
                f"{path}: is of a scale detector, which has no classes; look at its report.html"
            )
        refuse_other_content(raw)
        return EvaluationReport.from_dict(raw)
    except (OSError, ValueError) as error:
        raise EvaluationError(
            f"{path}: not a report of `hookpath evaluate` ({reason(error)}); run it again"
        ) from error


def find_report(source: Path) -> Path:
    """Path of the ``report.json`` that `load_report` reads.

    Raises:
        EvaluationError: there is none.
    """
    for path in (source, source / REPORT_JSON, source / "evaluation" / REPORT_JSON):
        if path.is_file():
            return path
    raise EvaluationError(f"{source}: no {REPORT_JSON} here; run `hookpath evaluate` first")

"""What an evaluation found: plain data with a JSON form (``report.json``)."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any, Self

import numpy as np

from hookpath.annotations.classes import ClassTable
from hookpath.annotations.objects import PathClass
from hookpath.errors import EvaluationError
from hookpath.evaluation.scores import (
    METRICS,
    Counts,
    Scores,
    Spread,
    finite,
    row_normalised,
    scores,
    spread,
)
from hookpath.projects.base import Problem

#: Rises whenever the meaning of a key of ``report.json`` changes.
FORMAT_VERSION = 1

REPORT_JSON = "report.json"
REPORT_HTML = "report.html"


@dataclass(frozen=True)
class SlideResult:
    """Counts of one slide.

    Attributes:
        name, id: of the image in its project.
        split: its ``hookpath.split``, if set.
        spacing_um: µm/px of the class map, on whose grid pixels were counted.
        counts: ``(C, C + 1)``: rows = truth, last column = not predicted.
        unknown: annotated class that the model does not know → ``(C + 1,)`` what was predicted.
        pictures: kind (``slide``, ``truth``, ``prediction``, ``errors``) → file under the
            report's folder.
    """

    name: str
    id: str
    spacing_um: float
    counts: Counts
    split: str | None = None
    unknown: Mapping[str, Counts] = field(default_factory=dict)
    pictures: Mapping[str, str] = field(default_factory=dict)

    @cached_property
    def scores(self) -> Scores:
        """The figures of this slide."""
        return scores(self.counts)

    def as_dict(self, names: tuple[str, ...]) -> dict[str, Any]:
        """Plain Python for JSON."""
        return {
            "name": self.name,
            "id": self.id,
            "split": self.split,
            "spacing_um": self.spacing_um,
            "labelled_pixels": int(self.counts.sum()),
            "labelled_mm2": _mm2(int(self.counts.sum()), self.spacing_um),
            "confusion": self.counts.tolist(),
            "unknown": {name: row.tolist() for name, row in self.unknown.items()},
            "pictures": dict(self.pictures),
            **self.scores.as_dict(names),
        }


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

    @cached_property
    def pooled(self) -> Scores:
        """Figures of all labelled pixels of all slides taken together."""
        return scores(np.sum([s.counts for s in self.slides], axis=0))

    @property
    def unknown(self) -> dict[str, Counts]:
        """Annotated classes that the model does not know: what was predicted there, all slides."""
        total: dict[str, Counts] = {}
        for slide in self.slides:
            for name, row in slide.unknown.items():
                total[name] = total.get(name, np.zeros_like(row)) + row
        return total

    def class_spread(self, metric: str = "f1") -> list[Spread]:
        """Per class: mean ± std over the slides on which it is drawn (and the figure defined)."""
        table = np.array([s.scores.drawn(metric) for s in self.slides])
        return [spread(column) for column in table.T]

    def macro_spread(self, metric: str = "f1") -> Spread:
        """Mean ± std over slides of each slide's macro mean."""
        return spread([s.scores.macro(metric) for s in self.slides])

    @property
    def accuracy_spread(self) -> Spread:
        """Mean ± std over slides of the share of labelled pixels that are right."""
        return spread([s.scores.accuracy for s in self.slides])

    def as_dict(self) -> dict[str, Any]:
        """Plain Python for JSON; undefined figures are None."""
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
                **pooled.as_dict(names),
            },
            "over_slides": self._over_slides(),
            "unknown": {name: row.tolist() for name, row in self.unknown.items()},
            "slides": [s.as_dict(names) for s in self.slides],
            "problems": [vars(p) for p in self.problems],
        }

    def _over_slides(self) -> dict[str, Any]:
        classes: dict[str, dict[str, Any]] = {name: {} for name in self.classes.names}
        for metric in METRICS:
            for name, value in zip(self.classes.names, self.class_spread(metric), strict=True):
                classes[name][metric] = value.as_dict()
        macro = {metric: self.macro_spread(metric).as_dict() for metric in METRICS}
        return {"accuracy": self.accuracy_spread.as_dict(), "macro": macro, "classes": classes}

    @classmethod
    def from_dict(cls, raw: Mapping[str, Any]) -> Self:
        """The report that `as_dict` described; figures are computed again from the counts."""
        return cls(
            title=raw["title"],
            created=raw["created"],
            classes=ClassTable.of(
                PathClass(c["name"], tuple(c["color"]) or None) for c in raw["classes"]
            ),
            slides=tuple(_slide_from(s) for s in raw["slides"]),
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
        raw = json.loads(path.read_text(encoding="utf-8"))
        if raw["format_version"] > FORMAT_VERSION:
            raise EvaluationError(f"{path}: written by a newer hookpath; update this one")
        return EvaluationReport.from_dict(raw)
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise EvaluationError(
            f"{path}: not a report of `hookpath evaluate` ({type(error).__name__}: {error}); "
            "run it again"
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


def _slide_from(raw: Mapping[str, Any]) -> SlideResult:
    return SlideResult(
        name=raw["name"],
        id=raw["id"],
        split=raw["split"],
        spacing_um=raw["spacing_um"],
        counts=np.array(raw["confusion"], dtype=np.int64),
        unknown={k: np.array(v, dtype=np.int64) for k, v in raw["unknown"].items()},
        pictures=raw["pictures"],
    )


def _mm2(pixels: int, spacing_um: float) -> float:
    return pixels * spacing_um**2 / 1e6

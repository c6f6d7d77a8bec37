"""What an evaluation of a scale detector found: plain data with a JSON form."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

import numpy as np

from hookpath.evaluation.class_metrics import Spread, spread
from hookpath.evaluation.report.evaluation_report import FORMAT_VERSION, SCALE_KIND
from hookpath.evaluation.scale_detector.detector_metrics import (
    SCALE_METRICS,
    ScaleMeasured,
    Values,
    scale_intervals,
)
from hookpath.evaluation.scoring.slide_groups import parts_by_group
from hookpath.evaluation.statistics.bootstrap import Interval, mean_interval
from hookpath.projects.project_protocol import Problem


@dataclass(frozen=True)
class ScaleSlide:
    """The answers on one slide.

    Attributes:
        name, id: of the image in its project.
        spacing_um: µm/px of level 0 as stated, by which the patches were read.
        asked, found: ``(N,)`` magnifications of the patches, and the detector's answers.
        magnifications: the trained ones.
        split: its ``hookpath.split``, if set.
        groups: metadata key → the slide's value, for those keys that slides are grouped by.
    """

    name: str
    id: str
    spacing_um: float
    asked: Values
    found: Values
    magnifications: tuple[float, ...]
    split: str | None = None
    groups: Mapping[str, str] = field(default_factory=dict)

    @cached_property
    def measured(self) -> ScaleMeasured:
        """All metrics of this slide."""
        return ScaleMeasured.of(self.asked, self.found, self.magnifications)

    def as_dict(self) -> dict[str, Any]:
        """Plain Python for JSON."""
        return {
            "name": self.name,
            "id": self.id,
            "split": self.split,
            "groups": dict(self.groups),
            "spacing_um": self.spacing_um,
            **self.measured.as_dict(),
            "answers": {
                "magnification": self.asked.tolist(),
                "answer": np.round(self.found, 6).tolist(),
            },
        }


@dataclass(frozen=True)
class ScaleReport:
    """Result of `evaluate_scale`.

    Attributes:
        title: headline of the page.
        created: local time, ISO 8601.
        slides: every slide of which patches were read.
        model: provenance.
        settings: what was asked.
        problems: slides that could not be measured.
    """

    title: str
    created: str
    slides: tuple[ScaleSlide, ...]
    model: Mapping[str, Any] = field(default_factory=dict)
    settings: Mapping[str, Any] = field(default_factory=dict)
    problems: tuple[Problem, ...] = ()

    def __post_init__(self) -> None:
        if not self.slides:
            raise ValueError("a report needs at least one slide")

    @property
    def magnifications(self) -> tuple[float, ...]:
        """The trained ones."""
        return self.slides[0].magnifications

    @cached_property
    def pooled(self) -> ScaleMeasured:
        """All patches of all slides together."""
        return ScaleMeasured.pooled([s.measured for s in self.slides])

    @cached_property
    def pooled_intervals(self) -> dict[str, Interval]:
        """Metric → 95 % bootstrap interval of its pooled metric, slides drawn again."""
        return scale_intervals([s.measured for s in self.slides])

    def spread(self, metric: str) -> Spread:
        """Mean ± std over slides of a slide's metric."""
        return spread([s.measured.value(metric) for s in self.slides])

    def interval(self, metric: str) -> Interval:
        """95 % bootstrap interval of the mean over slides."""
        return mean_interval([s.measured.value(metric) for s in self.slides])

    @cached_property
    def groups(self) -> dict[str, dict[str, ScaleReport]]:
        """Metadata key → its value → a report of these slides alone."""
        return parts_by_group(self.slides, lambda slides: replace(self, slides=slides))

    def as_dict(self) -> dict[str, Any]:
        """Plain Python for JSON; undefined metrics are None."""
        return {
            "format_version": FORMAT_VERSION,
            "kind": SCALE_KIND,
            "title": self.title,
            "created": self.created,
            "model": dict(self.model),
            "settings": dict(self.settings),
            "magnifications": list(self.magnifications),
            "pooled": self.pooled.as_dict(),
            "over_slides": self._over_slides(),
            "pooled_intervals": {m: i.as_dict() for m, i in self.pooled_intervals.items()},
            "groups": {
                key: {
                    value: {"slides": len(part.slides), **part._over_slides()}
                    for value, part in parts.items()
                }
                for key, parts in self.groups.items()
            },
            "slides": [s.as_dict() for s in self.slides],
            "problems": [vars(p) for p in self.problems],
        }

    def _over_slides(self) -> dict[str, Any]:
        return {
            metric: {**self.spread(metric).as_dict(), "interval": self.interval(metric).as_dict()}
            for metric in SCALE_METRICS
        }

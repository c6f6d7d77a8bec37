"""Who predicts and scores slides: this process, or others for it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from hookpath.annotations import ClassTable
from hookpath.evaluation.predictions.class_map_source import MapOf
from hookpath.evaluation.scoring.slide_result import SlideResult
from hookpath.evaluation.slide_evaluation import AnnotatedImage, Scoring, evaluate_maps
from hookpath.events import Reporter
from hookpath.projects import Problem, Project

if TYPE_CHECKING:
    from hookpath.inference import PredictConfig, PredictReport


class EvaluationWork:
    """The two parts of an evaluation that take long, done in this process.

    `hookpath.cluster` has them done elsewhere.
    """

    def predict(
        self,
        project: Project,
        model_dir: Path,
        out_dir: Path,
        config: PredictConfig,
        reporter: Reporter,
    ) -> PredictReport:
        """See `hookpath.inference.predict_project`."""
        from hookpath.inference import predict_project

        return predict_project(project, model_dir, out_dir, config, reporter)

    def score(
        self, images: Sequence[AnnotatedImage], map_of: MapOf, scoring: Scoring, reporter: Reporter
    ) -> tuple[list[SlideResult], ClassTable, list[Problem]]:
        """See `evaluate_maps`."""
        return evaluate_maps(images, map_of, scoring, reporter)

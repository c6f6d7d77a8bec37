"""Evaluation on a cluster: workers predict and score slides, this process writes the report."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from hookpath.annotations import ClassTable, PathObject
from hookpath.annotations.object_planes import Plane
from hookpath.cluster.cluster_connection import connected
from hookpath.cluster.predict_task import predict_on_cluster
from hookpath.cluster.task_retries import Outcome, run_tasks
from hookpath.cluster.worker_projects import WorkerProjects
from hookpath.errors import EvaluationError
from hookpath.evaluation.evaluation_executor import EvaluationWork
from hookpath.evaluation.predictions.class_map_source import MapOf
from hookpath.evaluation.scoring.ground_truth import split_of
from hookpath.evaluation.scoring.slide_result import SlideResult
from hookpath.evaluation.slide_evaluation import AnnotatedImage, Scored, Scoring, score_image
from hookpath.events import Reporter, SilentReporter
from hookpath.inference import PredictConfig, PredictReport
from hookpath.inference.image_selection import chosen_images
from hookpath.projects import PlaneEntry, Problem, Project, image_id_of
from hookpath.projects.reopen_projects import ProjectSpec


@contextmanager
def evaluation_on_cluster(spec: ProjectSpec, cluster: str) -> Iterator[ClusterWork]:
    """For ``evaluate_project(…, work=…)``: a task for each slide.

    Workers need to see the same files, predictions and the report's folder under the same paths.

    Args:
        spec: of the project that is evaluated.

    Raises:
        ClusterError: there is no such cluster.
    """
    with connected(cluster) as client:
        yield ClusterWork(spec, client)


@dataclass(frozen=True)
class ClusterWork(EvaluationWork):
    """The work of an evaluation, by the workers of a Dask client."""

    spec: ProjectSpec
    client: Any

    def predict(
        self,
        project: Project,
        model_dir: Path,
        out_dir: Path,
        config: PredictConfig,
        reporter: Reporter,
    ) -> PredictReport:
        """See `predict_on_cluster`; the project is opened again by each worker."""
        folder = out_dir.absolute()
        return predict_on_cluster(self.spec, [model_dir], folder, config, self.client, reporter)

    def score(
        self, images: Sequence[AnnotatedImage], map_of: MapOf, scoring: Scoring, reporter: Reporter
    ) -> tuple[list[SlideResult], ClassTable, list[Problem]]:
        """See `hookpath.evaluation.slide_evaluation.evaluate_maps`.

        A folder of predictions is of one model: the first map is opened here, so that all workers
        know of which.
        """
        if scoring.picture_dir is not None:
            scoring = replace(scoring, picture_dir=scoring.picture_dir.absolute())
        _open_one(images, map_of)
        scored = Scored(images, reporter)
        there = WorkerProjects(self.spec)
        pieces = [
            (there, _Annotated.of(image), map_of, scoring, number)
            for number, image in enumerate(images, start=1)
        ]

        def done(number: int, outcome: Outcome) -> None:
            if outcome.error is not None:
                scored.failed(number, outcome.error, outcome.code)
                return
            result, classes, lines = outcome.value
            for line in lines:
                reporter.warn(line)
            # A part of the split may be known in this process only.
            split = split_of(images[number].entry)
            scored.add(number, replace(result, split=split), classes)

        run_tasks(self.client, score_one, pieces, done)
        return scored.all()


@dataclass(frozen=True)
class _Annotated:
    """An `AnnotatedImage` that travels."""

    image_id: str
    plane: Plane | None
    objects: tuple[PathObject, ...]
    complete: bool

    @classmethod
    def of(cls, image: AnnotatedImage) -> _Annotated:
        entry = image.entry
        plane = entry.plane if isinstance(entry, PlaneEntry) else None
        return cls(image_id_of(entry), plane, tuple(image.objects), image.complete)

    def within(self, project: Project) -> AnnotatedImage:
        """The image of a project that was opened again."""
        (entry,) = chosen_images(project, (self.image_id,))
        at_plane = entry if self.plane is None else PlaneEntry(entry, self.plane)
        return AnnotatedImage(at_plane, self.objects, self.complete)


class _Lines(SilentReporter):
    """Keeps warnings until they are home."""

    def __init__(self) -> None:
        self.warnings: list[str] = []

    def warn(self, message: str, code: str = "") -> None:
        """Keep it."""
        self.warnings.append(message)


def score_one(
    projects: WorkerProjects, annotated: _Annotated, map_of: MapOf, scoring: Scoring, number: int
) -> Outcome:
    """On a worker: one image."""
    lines = _Lines()
    image = annotated.within(projects.as_one())
    result, classes = score_image(image, map_of, scoring, number, lines)
    return Outcome(value=(result, classes, tuple(lines.warnings)))


def _open_one(images: Sequence[AnnotatedImage], map_of: MapOf) -> None:
    for image in images:
        try:
            map_of(image.entry).close()
        except EvaluationError:
            continue
        return

"""Prediction on a cluster: workers predict into the folder, this process writes the project."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from contextlib import nullcontext
from functools import lru_cache
from pathlib import Path
from typing import Any

from hookpath.cluster.cluster_connection import connected
from hookpath.cluster.task_retries import Outcome, run_tasks
from hookpath.cluster.worker_projects import WorkerProjects
from hookpath.errors import code_of, one_line
from hookpath.events import SILENT, Reporter
from hookpath.inference import (
    PredictConfig,
    PredictReport,
    SlidePrediction,
    load_prediction,
    summary,
)
from hookpath.inference.image_selection import chosen_images, part_of
from hookpath.inference.out_of_distribution import OodDetector, load_detector
from hookpath.inference.prediction_progress import OverallReporter, weights_of
from hookpath.inference.predictor_protocol import Predictor
from hookpath.inference.predictors.predictor_factory import load_ensemble
from hookpath.inference.project_prediction import predict_images, put_into_project
from hookpath.inference.writing.output_folder_checks import check_writable
from hookpath.models import ModelCard, ensemble_card, members_of
from hookpath.projects import ImageEntry, Problem, Project, chosen_planes, image_id_of
from hookpath.projects.reopen_projects import ProjectSpec


def predict_on_cluster(
    spec: ProjectSpec,
    model_dirs: Sequence[Path],
    out: Path,
    config: PredictConfig,
    cluster: Any,
    reporter: Reporter = SILENT,
) -> PredictReport:
    """Predict the images of projects on a cluster; see `hookpath.inference.predict_project`.

    Workers need to see the same files under the same paths. Finished slides are found there.

    Args:
        cluster: see `connected`; or a client of Dask that is there.

    Raises:
        ClusterError: there is no such cluster.
        ModelFolderError, ModelDesignError: the models cannot be used.
        UsageError: an image that is asked for is not there.
    """
    folders = [m for folder in model_dirs for m in members_of(folder)]
    ensemble_card(folders)  # what is wrong with them is reported before anything is started
    with spec.opened() as project:
        entries = part_of(chosen_images(project, config.images), config.shard)
        check_writable(out)
        writing = nullcontext() if config.as_ == "none" else project.changes()
        alone = config.model_copy(update={"shard": None, "into_project": False})
        there_too, place = WorkerProjects(spec), out.absolute()
        pieces = [(there_too, tuple(folders), place, _of_image(alone, e)) for e in entries]
        there = connected(cluster) if isinstance(cluster, str) else nullcontext(cluster)
        with there as client, writing:
            workers = len(client.scheduler_info(n_workers=-1)["workers"])
            reporter.info(f"{len(entries)} slides, {workers} workers so far")
            gathering = _Gathering(project, entries, out, config, reporter)  # time runs from now
            run_tasks(client, predict_one, pieces, gathering.done, gathering.again)
        reporter.overall(1.0)
        return gathering.report()


#: A worker may have several threads, but has one device.
_ONE = threading.Lock()


def _of_image(config: PredictConfig, entry: ImageEntry) -> PredictConfig:
    return config.model_copy(update={"images": (entry.id,)})


def predict_one(
    projects: WorkerProjects, folders: tuple[Path, ...], out: Path, config: PredictConfig
) -> Outcome:
    """On a worker: one image; projects stay open and the model loaded for the next.

    The outcome's value: whether all of it was found finished.
    """
    with _ONE:
        project = projects.as_one()
        predictor, card, detector = _loaded(folders, config.model_copy(update={"images": ()}))
        report = predict_images(project, predictor, card, out, config, SILENT, detector)
    if report.problems:
        return Outcome(report.problems[0].message, report.problems[0].code)
    return Outcome(value=not report.predicted)


@lru_cache(maxsize=1)
def _loaded(
    folders: tuple[Path, ...], config: PredictConfig
) -> tuple[Predictor, ModelCard, OodDetector | None]:
    predictor, card = load_ensemble(folders, config)
    return predictor, card, load_detector(folders[0], card, predictor)


class _Gathering:
    """What comes back, into the project and into the report."""

    def __init__(
        self,
        project: Project,
        entries: Sequence[ImageEntry],
        out: Path,
        config: PredictConfig,
        reporter: Reporter,
    ) -> None:
        self.project, self.entries, self.out, self.config = project, entries, out, config
        self.reporter = OverallReporter(reporter, weights_of(entries))
        self.found: dict[int, tuple[list[SlidePrediction], bool]] = {}
        self.problems: dict[int, Problem] = {}

    def done(self, number: int, outcome: Outcome) -> None:
        """One image has ended."""
        entry, was_there = self.entries[number], bool(outcome.value)
        self.reporter.image(number, entry.name)
        try:
            if outcome.error is not None:
                self._failed(number, outcome.error, outcome.code)
                return
            planes = chosen_planes(entry, self.config.planes)
            self.found[number] = [self._taken(e, was_there) for e in planes], was_there
        except Exception as error:  # one image must not stop the others
            self._failed(number, one_line(error), code_of(error))
        finally:
            self.reporter.image_done(was_there)

    def again(self, number: int, outcome: Outcome) -> None:
        """One image failed, and is tried once more."""
        line = Problem(self.entries[number].name, str(outcome.error)).line
        self.reporter.info(f"{line} (will be tried once more)")

    def report(self) -> PredictReport:
        """All that came back, in the project's order."""
        in_order = [self.found[number] for number in sorted(self.found)]
        new, old = (
            [f for found, was in in_order if was is w for f in found] for w in (False, True)
        )
        problems = tuple(self.problems[n] for n in sorted(self.problems))
        return PredictReport(self.out, tuple(new), tuple(old), problems)

    def _taken(self, entry: ImageEntry, was_there: bool) -> SlidePrediction:
        found = load_prediction(self.out, entry)
        if self.config.as_ != "none":
            found = put_into_project(entry, found, self.reporter)
        self.reporter.result("slide", {**summary(found), "resumed": was_there})
        return found

    def _failed(self, number: int, message: str, code: str) -> None:
        entry = self.entries[number]
        self.problems[number] = Problem(entry.name, message, code, image_id_of(entry))
        self.reporter.warn(self.problems[number].line)
        self.reporter.result("problem", vars(self.problems[number]))

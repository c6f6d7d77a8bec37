"""Every image of a project, one after the other; what fails is listed, the rest goes on."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from contextlib import ExitStack, nullcontext
from dataclasses import dataclass, replace
from pathlib import Path

from hookpath.annotations import PathObject
from hookpath.annotations.objects import new_object_id
from hookpath.errors import BusyError, PredictionError
from hookpath.events import SILENT, Reporter
from hookpath.inference.areas_to_predict import planes_with_regions, wanted_regions
from hookpath.inference.image_selection import chosen_images, part_of
from hookpath.inference.out_of_distribution import OodDetector, load_detector
from hookpath.inference.prediction_config import PredictConfig
from hookpath.inference.prediction_progress import OverallReporter, weights_of
from hookpath.inference.prediction_record import (
    RESULT_FILES,
    PredictionRecord,
    prediction_folder,
    regions_digest,
)
from hookpath.inference.predictor_protocol import Predictor
from hookpath.inference.predictors.ensemble import handles_for
from hookpath.inference.predictors.model_input_channels import seen_by
from hookpath.inference.predictors.predictor_factory import load_ensemble
from hookpath.inference.roi.clip_objects_to_roi import Regions
from hookpath.inference.slide_prediction import SlidePrediction, predict_slide
from hookpath.inference.writing.output_folder_checks import (
    OutputFullError,
    check_writable,
    clear_if_full,
    predicting_together,
    slide_alone,
    writing_into_project,
)
from hookpath.inference.writing.reuse_finished_maps import is_work_of, redrawn
from hookpath.locking import Claims, Failed, Work, share_out
from hookpath.models import ModelCard
from hookpath.projects import ImageEntry, Problem, Project, chosen_planes, image_id_of, result_key


@dataclass(frozen=True)
class PredictReport:
    """What a run did: slides predicted now, slides found finished, and what failed."""

    out_dir: Path
    predicted: tuple[SlidePrediction, ...]
    resumed: tuple[SlidePrediction, ...]
    problems: tuple[Problem, ...]

    def __repr__(self) -> str:
        return (
            f"PredictReport({str(self.out_dir)!r}: {len(self.predicted)} predicted, "
            f"{len(self.resumed)} found finished, {len(self.problems)} failed)"
        )


def predict_project(
    project: Project,
    model_dir: Path | Sequence[Path],
    out_dir: Path,
    config: PredictConfig | None = None,
    reporter: Reporter = SILENT,
) -> PredictReport:
    """Predict the images of a project and write the objects into it.

    One folder per image in `out_dir`. A slide with a record of the same run is not predicted
    again, so a run that was stopped goes on at the first unfinished slide.

    Args:
        model_dir: a model folder or an ensemble's; several: the mean of all.

    Raises:
        ModelFolderError: the model cannot be loaded.
        ModelDesignError: models do not answer alike, so they cannot be averaged.
        UsageError: `config.images` names an image that is not there.
        PredictionError: `out_dir` cannot be written to, or its disk is full.
        BusyError: another process predicts into it.
    """
    config = config or PredictConfig()
    chosen_images(project, config.images)  # a wrong name is refused before a model is loaded
    folders = [model_dir] if isinstance(model_dir, Path) else list(model_dir)
    predictor, card = load_ensemble(folders, config, reporter)
    detector = load_detector(folders[0], card, predictor)
    return predict_images(project, predictor, card, out_dir, config, reporter, detector)


def predict_images(
    project: Project,
    predictor: Predictor,
    card: ModelCard,
    out_dir: Path,
    config: PredictConfig,
    reporter: Reporter = SILENT,
    detector: OodDetector | None = None,
) -> PredictReport:
    """`predict_project` with a predictor at hand, of whatever kind; `card` describes its model.

    Args:
        detector: says how unlike the training slides a slide is; None: nobody does.

    Raises:
        UsageError, PredictionError: as `predict_project`.
    """
    chosen = chosen_images(project, config.images)
    each = [planes_with_regions(chosen_planes(i, config.planes), config.inside) for i in chosen]
    entries = part_of([plane for planes in each for plane in planes], config.shard)
    config = config.for_model(card)
    if card.glass and config.tissue is False:
        reporter.info("the background is predicted, too, since classes were annotated there")
    check_writable(out_dir)
    # Views that nobody may write to are predicted, too, as long as they get nothing.
    keeps_out = config.as_ == "none" or not config.into_project
    writing = nullcontext() if keeps_out else project.changes()
    with predicting_together(out_dir, _work(card, config)) as claims, writing:
        overall = OverallReporter(reporter, _weights(entries, config))
        run = _Run(project, predictor, card, out_dir, config, overall, claims, detector)
        return _Images(run, entries).predicted()


def _work(card: ModelCard, config: PredictConfig) -> str:
    """What processes that share the images must agree in."""
    said = (config.run_id(card.weights_sha256), config.files, config.again)
    return hashlib.sha256(repr(said).encode()).hexdigest()[:8]


class _Images:
    """The images of a run, shared with other processes that have the same command."""

    def __init__(self, run: _Run, entries: Sequence[ImageEntry]) -> None:
        self.run, self.entries, self.reporter = run, entries, run.reporter
        self.found: dict[int, tuple[SlidePrediction, bool]] = {}
        self.problems: dict[int, Problem] = {}

    def predicted(self) -> PredictReport:
        """Predict all that nobody else predicts; wait for those."""
        work = Work(
            name=lambda i: self.run.folder_of(self.entries[i]).name,
            do=self._do,
            failed=self._failed,
            again=self._again,
            waiting=self._waiting,
            ends=lambda error: isinstance(error, OutputFullError),
        )
        with clear_if_full(self.run.out_dir):
            share_out(range(len(self.entries)), self.run.claims, work)
        self.reporter.overall(1.0)
        in_order = [self.found[i] for i in sorted(self.found)]
        return PredictReport(
            self.run.out_dir,
            tuple(found for found, is_new in in_order if is_new),
            tuple(found for found, is_new in in_order if not is_new),
            tuple(self.problems[i] for i in sorted(self.problems)),
        )

    def _do(self, number: int) -> None:
        entry = self.entries[number]
        self.reporter.image(number, entry.name)
        try:
            found, is_new = self.run.prediction_of(entry)
        except BusyError as error:
            if not self.run.config.images:
                raise
            raise PredictionError(str(error), code=error.code) from error
        found = replace(self.run.into_project(entry, found), image_id=image_id_of(entry), held=None)
        self.found[number] = found, is_new
        self.reporter.result("slide", {**summary(found), "resumed": not is_new})
        self.reporter.image_done(was_there=not is_new)

    def _failed(self, number: int, why: Failed) -> None:
        entry = self.entries[number]
        problem = Problem(entry.name, why.message, why.code, image_id_of(entry))
        self.problems[number] = problem
        self.reporter.warn(problem.line)
        self.reporter.result("problem", vars(problem))
        self.reporter.image(number, entry.name)
        self.reporter.image_done(was_there=True)

    def _again(self, number: int, why: Failed) -> None:
        line = Problem(self.entries[number].name, why.message).line
        self.reporter.info(f"{line} (will be tried once more)")

    def _waiting(self, numbers: Sequence[int]) -> None:
        names = ", ".join(self.entries[i].name for i in numbers[:3])
        more = f" and {len(numbers) - 3} more" if len(numbers) > 3 else ""
        self.reporter.info(f"waiting for others to finish {names}{more}")


def load_prediction(out_dir: Path, entry: ImageEntry) -> SlidePrediction:
    """The finished prediction of an image in a run's folder.

    Raises:
        PredictionError: there is none.
    """
    folder = prediction_folder(out_dir, *result_key(entry))
    return SlidePrediction(folder, PredictionRecord.load(folder), image_id=image_id_of(entry))


@dataclass(frozen=True)
class _Run:
    """What stays the same from image to image."""

    project: Project
    predictor: Predictor
    card: ModelCard
    out_dir: Path
    config: PredictConfig
    reporter: OverallReporter
    claims: Claims
    detector: OodDetector | None

    def folder_of(self, entry: ImageEntry) -> Path:
        """Where the results of an image go."""
        return prediction_folder(self.out_dir, *result_key(entry))

    def prediction_of(self, entry: ImageEntry) -> tuple[SlidePrediction, bool]:
        """The finished prediction of an image, and whether it was made now."""
        folder = self.folder_of(entry)
        regions = wanted_regions(entry, self.config.inside)
        with slide_alone(folder, entry.name):
            again = self._is_wanted_again(folder)
            found = None if again else self._finished(entry, folder, regions)
            if found is not None:
                self.reporter.info(f"{entry.name}: finished earlier, not predicted again")
                return found, False
            made = self._predict(entry, folder, regions)
            if self.config.again:
                self.claims.note_done(folder.name)
            return made, True

    def _is_wanted_again(self, folder: Path) -> bool:
        """Whether a finished slide is to be predicted all the same: not one of this command's."""
        return self.config.again and not self.claims.is_done(folder.name)

    def _finished(
        self, entry: ImageEntry, folder: Path, regions: Sequence[PathObject] | None
    ) -> SlidePrediction | None:
        """The record of the same model and settings on the same slide, files still there."""
        try:
            record = PredictionRecord.load(folder)
        except PredictionError:
            return None
        areas = None if regions is None else Regions(regions).areas
        weights = self.card.weights_sha256
        if not is_work_of(record, weights, self.config) or record.regions != regions_digest(areas):
            return None
        now = entry.slide.identity()
        if record.slide != now:
            if why := record.slide.difference(now):
                self.reporter.info(f"{entry.name}: was {why}; predicted again")
            return None
        annotated = redrawn(folder, record, self.config, weights, regions)
        return None if annotated is None else SlidePrediction(folder, annotated)

    def _predict(
        self, entry: ImageEntry, folder: Path, regions: Sequence[PathObject] | None
    ) -> SlidePrediction:
        reference = seen_by(self.card, entry.slide)
        with ExitStack() as handles, clear_if_full(self.out_dir):
            count = handles_for(self.predictor, self.config.readers)
            slides = [handles.enter_context(reference.open()) for _ in range(count)]
            return predict_slide(
                self.predictor, self.card, slides, folder, self.config, self.reporter, regions,
                entry.name, self.detector,
            )  # fmt: skip

    def into_project(self, entry: ImageEntry, found: SlidePrediction) -> SlidePrediction:
        """Write the objects into the project unless they are there; a refusal can be retried."""
        if self.config.as_ == "none" or not self.config.into_project:
            return found
        if found.record.in_project and not self.claims.alone:
            return found  # another process has just written them
        with writing_into_project(self.out_dir, self.project):
            return put_into_project(entry, found, self.reporter)


def put_into_project(
    entry: ImageEntry, found: SlidePrediction, reporter: Reporter = SILENT
) -> SlidePrediction:
    """Write the objects of a finished prediction into the project, unless they are there."""
    run, is_there = found.record.run, found.record.in_project
    if is_there and (not found.record.objects or any(o.run == run for o in entry.objects())):
        return found
    objects = found.objects
    if is_there:  # they were taken out since; what a person edited has stayed, under its id
        objects = tuple(replace(o, id=new_object_id()) for o in objects)
    if note := entry.write(objects, run).note:
        reporter.info(note)
    record = found.record.model_copy(update={"in_project": True})
    record.save(found.folder)
    return replace(found, record=record)


def _weights(entries: Sequence[ImageEntry], config: PredictConfig) -> list[float]:
    """Inside regions, which hide in files that take time to read, all images count the same."""
    return weights_of(entries) if config.inside is None else [1.0] * len(entries)


def summary(found: SlidePrediction) -> dict[str, object]:
    """What another program needs to show a finished slide."""
    record = found.record
    return {
        "image": record.image,
        "image_id": found.image_id,
        "folder": str(found.folder),
        "files": {
            key: str(found.folder / name) if name in record.files else None
            for key, name in RESULT_FILES.items()
        },
        "run": record.run,
        "plane": record.plane,
        "areas_mm2": record.areas_mm2,
        "objects": record.objects,
        "in_project": record.in_project,
        "spacing_um": record.spacing_um,
        "downsample": record.downsample,
        "seconds": record.seconds,
        "ood": None if record.ood is None else record.ood.model_dump(),
    }

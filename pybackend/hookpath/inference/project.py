"""Every image of a project, one after the other; what fails is listed, the rest goes on."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import ExitStack, nullcontext
from dataclasses import dataclass, replace
from pathlib import Path

from hookpath.annotations import PathObject, read_geojson
from hookpath.annotations.objects import new_object_id
from hookpath.errors import PredictionError, code_of, one_line
from hookpath.events import SILENT, Reporter
from hookpath.inference.choosing import chosen_images
from hookpath.inference.config import PredictConfig
from hookpath.inference.ood import OodDetector, load_detector
from hookpath.inference.output import (
    OutputFullError,
    check_writable,
    clear_if_full,
    predicting_alone,
    slide_alone,
)
from hookpath.inference.overall import OverallReporter, weights_of
from hookpath.inference.predictor import Predictor
from hookpath.inference.predictors import load_predictor
from hookpath.inference.record import (
    GEOJSON_NAME,
    RESULT_FILES,
    PredictionRecord,
    prediction_folder,
    regions_digest,
)
from hookpath.inference.redrawing import is_work_of, redrawn
from hookpath.inference.regions import Regions
from hookpath.inference.seeing import seen_by
from hookpath.inference.slide import SlidePrediction, predict_slide
from hookpath.inference.wanted import wanted_regions
from hookpath.models import ModelCard
from hookpath.projects import ImageEntry, Problem, Project, result_key


@dataclass(frozen=True)
class PredictReport:
    """What a run did: slides predicted now, slides found finished, and what failed."""

    out_dir: Path
    predicted: tuple[SlidePrediction, ...]
    resumed: tuple[SlidePrediction, ...]
    problems: tuple[Problem, ...]


def predict_project(
    project: Project,
    model_dir: Path,
    out_dir: Path,
    config: PredictConfig | None = None,
    reporter: Reporter = SILENT,
) -> PredictReport:
    """Predict the images of a project and write the objects into it.

    One folder per image in `out_dir`. A slide with a record of the same run is not predicted
    again, so a run that was stopped goes on at the first unfinished slide.

    Raises:
        ModelFolderError: the model cannot be loaded.
        UsageError: `config.images` names an image that is not there.
        PredictionError: `out_dir` cannot be written to, or its disk is full.
        BusyError: another process predicts into it.
    """
    config = config or PredictConfig()
    chosen_images(project, config.images)  # a wrong name is told before a model is loaded
    predictor, card = load_predictor(model_dir, config, reporter)
    detector = load_detector(model_dir, card, predictor)
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
    entries = chosen_images(project, config.images)
    config = config.for_model(card)
    if card.glass and config.tissue is False:
        reporter.info("glass is predicted, too, since classes were drawn there")
    check_writable(out_dir)
    # Views that nobody may write to are predicted, too, as long as they get nothing.
    writing = nullcontext() if config.as_ == "none" else project.changes()
    with predicting_alone(out_dir, shared=len(entries) == 1 or bool(config.images)), writing:
        return _predict_all(entries, predictor, card, out_dir, config, reporter, detector)


def _predict_all(
    entries: Sequence[ImageEntry],
    predictor: Predictor,
    card: ModelCard,
    out_dir: Path,
    config: PredictConfig,
    reporter: Reporter,
    detector: OodDetector | None,
) -> PredictReport:
    overall = OverallReporter(reporter, _weights(entries, config))
    run = _Run(predictor, card, out_dir, config, overall, detector)
    done: list[SlidePrediction] = []
    resumed: list[SlidePrediction] = []
    problems: list[Problem] = []
    for entry in entries:
        try:
            found, is_new = run.prediction_of(entry)
            found = replace(run.into_project(entry, found), image_id=entry.id)
            (done if is_new else resumed).append(found)
            reporter.result("slide", {**summary(found), "resumed": not is_new})
            overall.image_done(was_there=not is_new)
        except OutputFullError:
            raise
        except Exception as error:  # one bad slide must not stop the others
            problems.append(Problem(entry.name, one_line(error), code_of(error), entry.id))
            reporter.warn(problems[-1].line)
            reporter.result("problem", vars(problems[-1]))
            overall.image_done(was_there=True)
    reporter.overall(1.0)
    return PredictReport(out_dir, tuple(done), tuple(resumed), tuple(problems))


def load_prediction(out_dir: Path, entry: ImageEntry) -> SlidePrediction:
    """The finished prediction of an image in a run's folder.

    Raises:
        PredictionError: there is none.
    """
    folder = prediction_folder(out_dir, *result_key(entry))
    return replace(_loaded(folder, PredictionRecord.load(folder)), image_id=entry.id)


def _loaded(folder: Path, record: PredictionRecord) -> SlidePrediction:
    objects = read_geojson(folder / GEOJSON_NAME) if GEOJSON_NAME in record.files else []
    return SlidePrediction(folder, record, tuple(objects))


@dataclass(frozen=True)
class _Run:
    """What stays the same from image to image."""

    predictor: Predictor
    card: ModelCard
    out_dir: Path
    config: PredictConfig
    reporter: Reporter
    detector: OodDetector | None

    def prediction_of(self, entry: ImageEntry) -> tuple[SlidePrediction, bool]:
        """The finished prediction of an image, and whether it was made now."""
        folder = prediction_folder(self.out_dir, *result_key(entry))
        regions = wanted_regions(entry, self.config.inside)
        with slide_alone(folder, entry.name):
            found = None if self.config.again else self._finished(entry, folder, regions)
            if found is not None:
                self.reporter.info(f"{entry.name}: finished earlier, not predicted again")
                return found, False
            return self._predict(entry, folder, regions), True

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
        drawn = redrawn(folder, record, self.config, weights, regions)
        if drawn is None:
            return None
        record, objects = drawn
        return SlidePrediction(folder, record, tuple(objects))

    def _predict(
        self, entry: ImageEntry, folder: Path, regions: Sequence[PathObject] | None
    ) -> SlidePrediction:
        reference = seen_by(self.card, entry.slide)
        with ExitStack() as handles, clear_if_full(self.out_dir):
            slides = [handles.enter_context(reference.open()) for _ in range(self.config.readers)]
            return predict_slide(
                self.predictor, self.card, slides, folder, self.config, self.reporter, regions,
                entry.name, self.detector,
            )  # fmt: skip

    def into_project(self, entry: ImageEntry, found: SlidePrediction) -> SlidePrediction:
        """Write the objects into the project unless they are there; a refusal can be retried."""
        run, objects = found.record.run, found.objects
        if self.config.as_ == "none":
            return found
        if found.record.in_project:
            if not objects or any(o.run == run for o in entry.objects()):
                return found
            # They were taken out since. What a person edited has stayed, under its id.
            objects = tuple(replace(o, id=new_object_id()) for o in objects)
        if note := entry.write(objects, run).note:
            self.reporter.info(note)
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
        "areas_mm2": record.areas_mm2,
        "objects": record.objects,
        "in_project": record.in_project,
        "spacing_um": record.spacing_um,
        "downsample": record.downsample,
        "seconds": record.seconds,
        "ood": None if record.ood is None else record.ood.model_dump(),
    }

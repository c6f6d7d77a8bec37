"""Every image of a project, one after the other; what fails is listed, the rest goes on."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path

from shapely.geometry.base import BaseGeometry

from hookpath.annotations import read_geojson
from hookpath.errors import HookpathError, PredictionError, UsageError
from hookpath.events import SILENT, Reporter
from hookpath.inference.config import ALL_ANNOTATIONS, PredictConfig
from hookpath.inference.record import (
    GEOJSON_NAME,
    PredictionRecord,
    SlideStamp,
    prediction_folder,
)
from hookpath.inference.runner import Runner, TorchRunner
from hookpath.inference.slide import SlidePrediction, predict_slide
from hookpath.models import ModelCard, load_model
from hookpath.projects import ImageEntry, Problem, Project


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
        PredictionError: `out_dir` cannot be written to.
    """
    config = config or PredictConfig()
    entries = _chosen(project, config.images)
    model, card = load_model(model_dir)
    runner = TorchRunner(model, config.device, config.amp)
    _check_writable(out_dir)
    done: list[SlidePrediction] = []
    resumed: list[SlidePrediction] = []
    problems: list[Problem] = []
    for entry in entries:
        folder = prediction_folder(out_dir, entry.name, entry.id)
        try:
            found = None if config.again else _finished(entry, folder, config, card)
            if found is not None:
                reporter.info(f"{entry.name}: finished earlier, not predicted again")
                resumed.append(_into_project(entry, found, config))
            else:
                predicted = _predict_entry(runner, card, entry, folder, config, reporter)
                done.append(_into_project(entry, predicted, config))
                reporter.result("slide", _summary(done[-1]))
        except Exception as error:  # one bad slide must not stop the others
            problems.append(Problem(entry.name, _explained(error)))
            reporter.warn(f"{entry.name}: {problems[-1].message}")
    return PredictReport(out_dir, tuple(done), tuple(resumed), tuple(problems))


def load_prediction(out_dir: Path, entry: ImageEntry) -> SlidePrediction:
    """The finished prediction of an image in a run's folder.

    Raises:
        PredictionError: there is none.
    """
    folder = prediction_folder(out_dir, entry.name, entry.id)
    record = PredictionRecord.load(folder)
    objects = read_geojson(folder / GEOJSON_NAME) if GEOJSON_NAME in record.files else []
    return SlidePrediction(folder, record, tuple(objects))


def _chosen(project: Project, names: Sequence[str]) -> list[ImageEntry]:
    entries = list(project.images)
    known = {e.name for e in entries} | {e.id for e in entries}
    missing = [n for n in names if n not in known]
    if missing:
        raise UsageError(f"{project.source}: no image named {', '.join(missing)}")
    return [e for e in entries if not names or e.name in names or e.id in names]


def _check_writable(out_dir: Path) -> None:
    probe = out_dir / ".write-test"
    try:
        out_dir.mkdir(parents=True, exist_ok=True)
        probe.touch()
        probe.unlink()
    except OSError as error:
        raise PredictionError(
            f"{out_dir}: cannot be written to ({error.strerror}); choose another folder with -o"
        ) from error


def _finished(
    entry: ImageEntry, folder: Path, config: PredictConfig, card: ModelCard
) -> SlidePrediction | None:
    try:
        record = PredictionRecord.load(folder)
    except PredictionError:
        return None
    same_run = record.run == config.run_id(card.weights_sha256)
    same_slide = record.slide == SlideStamp.of(entry.slide.path)
    wanted = {GEOJSON_NAME} if config.wants_geojson else set()
    complete = all((folder / name).is_file() for name in wanted.union(record.files))
    if not (same_run and same_slide and complete):
        return None
    objects = read_geojson(folder / GEOJSON_NAME) if wanted else []
    return SlidePrediction(folder, record, tuple(objects))


def _predict_entry(
    runner: Runner,
    card: ModelCard,
    entry: ImageEntry,
    folder: Path,
    config: PredictConfig,
    reporter: Reporter,
) -> SlidePrediction:
    roi = _regions(entry, config.inside)
    reference = entry.slide
    with ExitStack() as handles:
        slides = [handles.enter_context(reference.open()) for _ in range(config.readers)]
        return predict_slide(runner, card, slides, folder, config, reporter, roi, entry.name)


def _regions(entry: ImageEntry, inside: str | None) -> list[BaseGeometry] | None:
    """What a person drew of that class; predictions of earlier runs of ours do not count."""
    if inside is None:
        return None
    drawn = [o for o in entry.objects() if o.run is None and o.object_type == "annotation"]
    found = [
        o.geometry
        for o in drawn
        if o.geometry.area > 0
        and (inside == ALL_ANNOTATIONS or (o.path_class and o.path_class.name == inside))
    ]
    if not found:
        what = "area annotation" if inside == ALL_ANNOTATIONS else f"annotation of class {inside!r}"
        raise PredictionError(f"no {what} to predict in; draw one, or predict whole slides")
    return found


def _into_project(
    entry: ImageEntry, found: SlidePrediction, config: PredictConfig
) -> SlidePrediction:
    """Write the objects into the project unless that was done; a refused write can be retried."""
    if config.as_ == "none" or found.record.in_project:
        return found
    entry.write(found.objects, found.record.run)
    record = found.record.model_copy(update={"in_project": True})
    record.save(found.folder)
    return replace(found, record=record)


def _summary(found: SlidePrediction) -> dict[str, object]:
    record = found.record
    return {
        "image": record.image,
        "folder": str(found.folder),
        "run": record.run,
        "areas_mm2": record.areas_mm2,
        "objects": record.objects,
        "seconds": record.seconds,
    }


def _explained(error: Exception) -> str:
    if isinstance(error, HookpathError):
        return str(error)
    if isinstance(error, OSError) and error.strerror:
        return f"{error.filename or 'a file'}: {error.strerror}"
    return f"unexpected {type(error).__name__}: {error}"

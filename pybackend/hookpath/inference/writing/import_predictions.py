"""Finished predictions into a project, drawn as wanted now; nothing is predicted again."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from hookpath.annotations import PathObject
from hookpath.errors import HookpathError, PredictionError, code_of, one_line
from hookpath.events import SILENT, Reporter
from hookpath.inference.areas_to_predict import wanted_regions
from hookpath.inference.image_selection import chosen_images
from hookpath.inference.prediction_record import (
    RECORD_NAME,
    PredictionRecord,
    prediction_folder,
    regions_digest,
)
from hookpath.inference.roi.clip_objects_to_roi import Regions
from hookpath.inference.writing.objects_from_maps import ObjectConfig, draw_objects
from hookpath.projects import ImageEntry, PlaneEntry, Problem, Project, image_id_of, result_key
from hookpath.projects.image_planes import planes_in
from hookpath.slides import SlideIdentity


@dataclass(frozen=True)
class Imported:
    """What one image got: objects added and removed, and the tag of the new ones."""

    image: str
    image_id: str
    run: str
    added: int
    removed: int


@dataclass(frozen=True)
class ImportReport:
    """What was imported, what failed, and the images without a prediction."""

    imported: tuple[Imported, ...]
    problems: tuple[Problem, ...]
    without: tuple[str, ...]


def import_predictions(
    project: Project,
    predictions: Path,
    config: ObjectConfig | None = None,
    images: Sequence[str] = (),
    beside: bool = False,
    reporter: Reporter = SILENT,
) -> ImportReport:
    """Write the objects of finished predictions into a project.

    An image finds its prediction by id and name, else (predicted from a folder or another project)
    by the slide that it is, else by a name that only one prediction has.

    Args:
        predictions: folder that `predict_project` wrote to, wherever it ran.
        images: names or ids; empty: all that were predicted.
        beside: results of other runs stay in the project; otherwise these take their place.

    Raises:
        PredictionError: there is no finished prediction of any of the images.
        UsageError: an image that is asked for is not there, or a class of a threshold.
    """
    config = config or ObjectConfig()
    entries = chosen_images(project, images)
    finished = _Finished(predictions)
    done: list[Imported] = []
    problems: list[Problem] = []
    without: list[str] = []
    reporter.start("import", len(entries), "image")
    with project.changes():
        for entry in entries:
            try:
                found = finished.of_planes(entry)
                if not found:
                    without.append(entry.name)
                for view, folder in found:
                    done.append(_import(view, folder, finished.records[folder], config, beside))
                    reporter.result("imported", vars(done[-1]))
            except Exception as error:  # one bad slide must not stop the others
                problems.append(Problem(entry.name, one_line(error), code_of(error), entry.id))
                reporter.warn(problems[-1].line)
                reporter.result("problem", vars(problems[-1]))
            reporter.advance("import")
    reporter.finish("import")
    if not done and not problems:
        raise PredictionError(
            f"{predictions}: holds no prediction of these images; predict them with hookpath "
            f"predict -o {predictions}"
        )
    return ImportReport(tuple(done), tuple(problems), tuple(without))


def _import(
    entry: ImageEntry, folder: Path, record: PredictionRecord, config: ObjectConfig, beside: bool
) -> Imported:
    objects = draw_objects(folder, config, _regions(entry, record))
    run = config.run_id(record)
    report = entry.write(objects, run, beside=beside)
    return Imported(entry.name, image_id_of(entry), run, report.added, report.removed)


def _regions(entry: ImageEntry, record: PredictionRecord) -> list[PathObject] | None:
    """The areas that were predicted in, if they are still in the project; None: as the maps are."""
    if not record.regions:
        return None
    try:
        found = wanted_regions(entry, record.settings.get("inside"))
    except PredictionError:
        return None
    same = found is not None and regions_digest(Regions(found).areas) == record.regions
    return found if same else None


class _Finished:
    """The finished predictions of a folder, and which of them is an image's."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.records = _records_in(folder)

    def of_planes(self, entry: ImageEntry) -> list[tuple[ImageEntry, Path]]:
        """The image, or those of its planes that were predicted, with the folders.

        Raises:
            PredictionError: see `of`.
        """
        planes = planes_in(entry)
        if planes == (1, 1):
            folder = self.of(entry)
            return [] if folder is None else [(entry, folder)]
        views = [PlaneEntry(entry, (z, t)) for t in range(planes[1]) for z in range(planes[0])]
        own = ((v, prediction_folder(self._folder, *result_key(v))) for v in views)
        return [(v, f) for v, folder in own if folder in self.records and (f := self.of(v))]

    def of(self, entry: ImageEntry) -> Path | None:
        """Folder of an image's prediction; None: it has none.

        Raises:
            PredictionError: what has its name is of another slide.
        """
        now = _identity(entry)
        own = prediction_folder(self._folder, *result_key(entry))
        if own in self.records:
            return self._checked(own, now, entry)
        same = [f for f, r in self.records.items() if now is not None and _is_same(r, now)]
        if same:
            return next((f for f in same if self.records[f].image == entry.name), same[0])
        named = [f for f, r in self.records.items() if r.image == entry.name]
        return self._checked(named[0], now, entry) if len(named) == 1 else None

    def _checked(self, folder: Path, now: SlideIdentity | None, entry: ImageEntry) -> Path:
        why = "" if now is None else self.records[folder].slide.difference(now)
        if why:
            raise PredictionError(
                f"{entry.name}: when {folder} was predicted, the slide was {why}; predict it again"
            )
        return folder


def _is_same(record: PredictionRecord, now: SlideIdentity) -> bool:
    return bool(record.slide.content) and not record.slide.difference(now)


def _identity(entry: ImageEntry) -> SlideIdentity | None:
    """Which slide it is; None where it is not here: its results can be imported all the same."""
    try:
        return entry.slide.identity()
    except HookpathError:
        return None


def _records_in(folder: Path) -> Mapping[Path, PredictionRecord]:
    """Raises: PredictionError: no such folder, or no finished prediction in it."""
    found, why = {}, "predict into it first"
    for path in sorted(folder.glob(f"*/{RECORD_NAME}")):
        try:
            found[path.parent] = PredictionRecord.load(path.parent)
        except PredictionError as error:
            why = str(error)
    if not found:
        raise PredictionError(f"{folder}: no finished prediction here; {why}")
    return found

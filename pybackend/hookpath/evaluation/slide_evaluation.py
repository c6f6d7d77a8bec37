"""Score predictions against annotations, slide by slide, and write the report."""

from __future__ import annotations

import datetime
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from shapely.geometry import box

from hookpath.annotations import ClassTable, LabelRules, PathObject, class_names_in
from hookpath.errors import EvaluationError, HookpathError
from hookpath.evaluation.class_metrics import Counts, nanmean
from hookpath.evaluation.predictions.class_map_source import MapOf, PredictedMap
from hookpath.evaluation.report.evaluation_report import EvaluationReport
from hookpath.evaluation.report.slide_views import draw_views, save_views, view_of
from hookpath.evaluation.report.worst_places import cut_out
from hookpath.evaluation.scoring.annotated_tiles import covering_grid, scoring_grid
from hookpath.evaluation.scoring.annotation_scores import AreaTally
from hookpath.evaluation.scoring.ground_truth import (
    Truth,
    all_objects_of,
    images_of_split,
    objects_of,
    split_of,
    truth_folder,
    truth_of,
)
from hookpath.evaluation.scoring.pixel_counting import ErrorTally, ProbabilityTally, count_slide
from hookpath.evaluation.scoring.slide_groups import groups_of
from hookpath.evaluation.scoring.slide_result import Place, SlideResult
from hookpath.evaluation.shape_scoring.object_matching import LEAST_UM2
from hookpath.evaluation.shape_scoring.shape_counts import ShapeTally
from hookpath.events import SILENT, Reporter
from hookpath.geometry import Region
from hookpath.projects import (
    Grouping,
    ImageEntry,
    Problem,
    Project,
    Rest,
    annotated_planes,
    as_labels,
)
from hookpath.safe_names import file_stem
from hookpath.slides import Slide
from hookpath.slides.rgb_rendering import as_rgb

#: Name of the progress task.
TASK = "evaluate"


@dataclass(frozen=True)
class AnnotatedImage:
    """An image to be scored, and what was drawn on it.

    Attributes:
        complete: with the rest of its tissue.
        written: names of its classes before any rule changed them.
    """

    entry: ImageEntry
    objects: Sequence[PathObject]
    complete: bool = False
    written: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Scoring:
    """How slides are scored.

    Attributes:
        spacing_um: µm/px of the grid that is scored on; None: that of the class map, or 4 µm/px
            for coarser maps (see `scoring_grid`).
        group_by: metadata keys whose values put slides into groups.
        picture_dir: where the pictures of every slide go; None: none are made.
        object_um2: objects of less area are not counted.
        mutual: what is not predicted is as unknown as what is not annotated (two people's
            drawings).
    """

    spacing_um: float | None = None
    group_by: tuple[str, ...] = ()
    picture_dir: Path | None = None
    object_um2: float = LEAST_UM2
    mutual: bool = False


def annotated_images(
    project: Project,
    split: str = "all",
    truth_dir: Path | None = None,
    names: Collection[str] = (),
    rest: Rest | None = None,
    rules: LabelRules | None = None,
    reporter: Reporter = SILENT,
) -> tuple[list[AnnotatedImage], list[Problem]]:
    """The images of a split that somebody annotated, and those that could not be read.

    Args:
        names: only the images of these names; empty: all.
        rest: what undrawn tissue is; None: unknown, unless an image's metadata says so.
        rules: how annotations become labels; None: as they are.
        reporter: hears of files in `truth_dir` that are not named quite like their image.

    Raises:
        EvaluationError: there is no such split, or no image with annotations.
    """
    found: list[AnnotatedImage] = []
    problems: list[Problem] = []
    truth = truth_folder(project, truth_dir, reporter)
    for entry in images_of_split(project.images, split):
        if names and entry.name not in names:
            continue
        try:
            every = all_objects_of(entry, truth)
            for plane in annotated_planes(entry, every):
                mine = objects_of(plane, truth, every)
                annotated = as_labels(plane, mine, rules or LabelRules())
                objects = (rest or Rest()).completed(plane, annotated)
                if class_names_in(objects):
                    is_complete = len(objects) > len(annotated)
                    found.append(AnnotatedImage(plane, objects, is_complete, _written(mine)))
        except HookpathError as error:
            problems.append(Problem(entry.name, str(error), error.code, entry.id))
    if not found:
        raise EvaluationError(
            _why_no_truth(project, split, truth_dir, problems), code="nothing_annotated"
        )
    return found, problems


def _written(objects: Sequence[PathObject]) -> frozenset[str]:
    return frozenset(c.name for c in class_names_in(objects))


def _why_no_truth(
    project: Project, split: str, truth_dir: Path | None, problems: Sequence[Problem]
) -> str:
    which = f"{project.name}" if split == "all" else f"the {split} images of {project.name}"
    if truth_dir is not None and not truth_dir.is_dir():
        return f"{truth_dir}: no such folder; give one with <slide>.geojson files"
    first = f" (first problem: {problems[0].line})" if problems else ""
    if truth_dir is not None:
        return (
            f"{truth_dir}: no <slide>.geojson with classified areas fits an image of {which}{first}"
        )
    return (
        f"{which}: no annotated areas; draw classified areas in QuPath (not points or lines), or "
        f"pass --truth DIR with <slide>.geojson files{first}"
    )


def evaluate_maps(
    images: Sequence[AnnotatedImage],
    map_of: MapOf,
    scoring: Scoring = Scoring(),
    reporter: Reporter = SILENT,
) -> tuple[list[SlideResult], ClassTable, list[Problem]]:
    """Score every image against the class map that `map_of` finds for it.

    A slide that fails becomes a `Problem`; the others go on.

    Args:
        images: what to score.
        map_of: gives the class map of an image; all must have the same classes.
        scoring: how.

    Raises:
        EvaluationError: not one slide could be scored; the message has the first reason.
    """
    scored = Scored(images, reporter)
    for number, image in enumerate(images):
        try:
            scored.add(number, *score_image(image, map_of, scoring, number + 1, reporter))
        except HookpathError as error:
            scored.failed(number, str(error), error.code)
    return scored.all()


def score_image(
    image: AnnotatedImage, map_of: MapOf, scoring: Scoring, number: int, reporter: Reporter
) -> tuple[SlideResult, ClassTable]:
    """One image against its class map, and the map's classes.

    Args:
        number: of the image among all, from 1: its pictures are named by it.

    Raises:
        HookpathError: it cannot be scored.
    """
    predicted = map_of(image.entry)
    try:
        return _evaluate_image(image, predicted, scoring, number, reporter), predicted.classes
    finally:
        predicted.close()


class Scored:
    """What came of images, in whatever order they are scored."""

    def __init__(self, images: Sequence[AnnotatedImage], reporter: Reporter) -> None:
        self._images, self._reporter = images, reporter
        self._results: dict[int, SlideResult] = {}
        self._problems: dict[int, Problem] = {}
        self._classes: ClassTable | None = None
        reporter.start(TASK, len(images), "slide")

    def add(self, number: int, result: SlideResult, classes: ClassTable) -> None:
        """The image at index `number` was scored."""
        name = self._images[number].entry.name
        try:
            self._classes = _same_classes(self._classes, classes, name)
        except EvaluationError as error:
            self.failed(number, str(error), error.code)
            return
        self._results[number] = result
        macro = nanmean([r.scores.macro() for r in self._results.values()])
        self._reporter.advance(TASK, 1, macro_f1=macro)

    def failed(self, number: int, message: str, code: str) -> None:
        """The image at index `number` could not be."""
        entry = self._images[number].entry
        self._problems[number] = Problem(entry.name, message, code, entry.id)
        self._reporter.warn(f"not scored: {self._problems[number].line}")
        self._reporter.result("problem", vars(self._problems[number]))
        self._reporter.advance(TASK, 1)

    def all(self) -> tuple[list[SlideResult], ClassTable, list[Problem]]:
        """All of them, in the order of the images.

        Raises:
            EvaluationError: not one could be scored; the message has the first reason.
        """
        self._reporter.finish(TASK)
        problems = [self._problems[n] for n in sorted(self._problems)]
        if self._classes is None:
            first = problems[0]
            raise EvaluationError(
                f"no slide could be scored; the first reason: {first.line}", code=first.code
            )
        results = [self._results[n] for n in sorted(self._results)]
        return results, self._classes, problems


def make_report(
    title: str,
    results: Sequence[SlideResult],
    classes: ClassTable,
    problems: Sequence[Problem] = (),
    model: Mapping[str, Any] | None = None,
    settings: Mapping[str, Any] | None = None,
) -> EvaluationReport:
    """The report of these slides, dated now."""
    return EvaluationReport(
        title=title,
        created=datetime.datetime.now().astimezone().isoformat(timespec="seconds"),
        classes=classes,
        slides=tuple(results),
        model=model or {},
        settings=settings or {},
        problems=tuple(problems),
    )


def _same_classes(before: ClassTable | None, now: ClassTable, image: str) -> ClassTable:
    if before is not None and before.names != now.names:
        raise EvaluationError(
            f"{image}: its prediction has the classes {', '.join(now.names)}, the others "
            f"{', '.join(before.names)}; predict all slides with one model"
        )
    return before or now


def _evaluate_image(
    image: AnnotatedImage,
    predicted: PredictedMap,
    scoring: Scoring,
    number: int,
    reporter: Reporter,
) -> SlideResult:
    truth = truth_of(image.objects, predicted.classes)
    if truth is None:
        raise EvaluationError(f"{image.entry.name}: no annotated areas", code="nothing_annotated")
    grid, spacing_um = scoring_grid(predicted.grid, predicted.spacing_um, scoring.spacing_um)
    slide = _try_open(image.entry, reporter)
    errors, probabilities, areas = None, ProbabilityTally(), AreaTally(truth)
    shapes = ShapeTally(truth.n_known, spacing_um, scoring.object_um2, scoring.mutual)
    if slide is not None:
        grid = covering_grid(grid, slide.width_l0, slide.height_l0)
        if scoring.picture_dir is not None:
            errors = ErrorTally(view_of(slide, truth.labels.bounds_l0))
    try:
        counts = count_slide(
            truth, predicted, grid, errors, probabilities=probabilities, areas=areas, shapes=shapes
        )
        _check_counts(image.entry.name, counts, truth, predicted, grid)
        judged = areas.results(spacing_um**2 / 1e6, {o.id: o for o in image.objects})
        pictures: dict[str, str] = {}
        places: tuple[Place, ...] = ()
        if slide is not None and errors is not None and scoring.picture_dir is not None:
            views = draw_views(slide, truth, predicted, errors)
            stem = picture_stem(number, image.entry.name)
            pictures = save_views(views, scoring.picture_dir, stem)
            places = cut_out(slide, truth, predicted, judged, scoring.picture_dir, stem)
    finally:
        if slide is not None:
            slide.close()
    rows = zip(truth.unknown, counts[truth.n_known :], strict=True)
    return SlideResult(
        name=image.entry.name,
        id=image.entry.id,
        split=split_of(image.entry),
        spacing_um=spacing_um,
        counts=counts[: truth.n_known],
        unknown={name: row for name, row in rows if row.any()},
        pictures=pictures,
        groups=groups_of(image.entry, scoring.group_by),
        bins=probabilities.bins,
        map_spacing_um=predicted.spacing_um,
        counted=truth.classes.of_interest[: truth.n_known],
        patient=Grouping().value_of(image.entry),
        areas=judged,
        places=places,
        shapes=shapes.metrics(),
    )


def _check_counts(
    name: str, counts: Counts, truth: Truth, predicted: PredictedMap, grid: Region
) -> None:
    """Refuse a slide on which no pixel could be scored."""
    if not counts.any():
        raise EvaluationError(f"{name}: {_why_nothing(truth, grid)}")
    if not counts[: truth.n_known].any():
        raise EvaluationError(
            f"{name}: none of its classes ({', '.join(truth.unknown)}) is one of "
            f"the model's ({', '.join(predicted.classes.names)}); rename them in QuPath"
        )


def _why_nothing(truth: Truth, grid: Region) -> str:
    """Why annotated areas gave not one labelled pixel."""
    x0, y0, x1, y1 = grid.bounds_l0
    on_slide = [p for p in truth.labels.polygons if p.geometry.intersects(box(x0, y0, x1, y1))]
    if on_slide:
        return "its annotations are smaller than a pixel of the prediction; draw larger areas"
    return "its annotations lie off the slide; check that they belong to this image"


def picture_stem(number: int, name: str) -> str:
    """File name for a slide's pictures that every file system takes: ``003_node_1``."""
    return f"{number:03d}_{file_stem(Path(name).stem, 48)}"


def _try_open(entry: ImageEntry, reporter: Reporter) -> Slide | None:
    """The slide for its size and pictures; scoring itself needs only the class map."""
    try:
        return as_rgb(entry.slide.open())
    except HookpathError as error:
        reporter.warn(f"{entry.name}: no pictures in the report: {error}")
        return None

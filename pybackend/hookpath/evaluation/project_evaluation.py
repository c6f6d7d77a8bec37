"""Evaluate a project: predict what is missing, score every annotated slide, write the report."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

from hookpath.annotations import ClassTable, LabelRules
from hookpath.atomic_files import make_folder, try_folder
from hookpath.errors import EvaluationError, UsageError, write_code
from hookpath.evaluation.class_metrics import finite
from hookpath.evaluation.evaluation_executor import EvaluationWork
from hookpath.evaluation.predictions.class_map_source import PredictedMap
from hookpath.evaluation.predictions.prediction_folder import PredictionsFolder
from hookpath.evaluation.report.evaluation_page import learned_slides, write_report
from hookpath.evaluation.report.evaluation_report import EvaluationReport
from hookpath.evaluation.scoring.annotation_scores import LeftOutAreas
from hookpath.evaluation.scoring.model_split import parts_of, take_parts_of_model
from hookpath.evaluation.scoring.slide_groups import check_keys
from hookpath.evaluation.scoring.slide_result import SlideResult, with_left_out
from hookpath.evaluation.shape_scoring.object_matching import LEAST_UM2
from hookpath.evaluation.slide_evaluation import (
    AnnotatedImage,
    Scoring,
    annotated_images,
    make_report,
)
from hookpath.events import SILENT, Reporter
from hookpath.extras import require_extra
from hookpath.locking import entered, working_in
from hookpath.projects import ImageEntry, Project, Rest

if TYPE_CHECKING:
    from pydantic import BaseModel

    from hookpath.inference import PredictConfig


class Maps(Protocol):
    """Gives class maps (a `MapOf`), and what is known of them."""

    folder: Path

    @property
    def model(self) -> Mapping[str, Any]:
        """Of the model that made them."""

    @property
    def predicted_with(self) -> Mapping[str, Any]:
        """The settings that change what is predicted."""

    def __call__(self, entry: ImageEntry) -> PredictedMap:
        """The class map of an image."""

    def part_of(self, image: str) -> str | None:
        """What an image was for the model; None: unknown."""

    def ood_of(self, image: str) -> tuple[float, float] | None:
        """How unlike the training slides an image is, and up to what that is usual."""


JudgeLeftOut = Callable[[Sequence[AnnotatedImage], ClassTable, Reporter], LeftOutAreas]
"""Says of every annotated area what a network says that learned without it."""

#: Folders under ``out_dir``.
PICTURES, PREDICTIONS = "pictures", "predictions"


def evaluate_project(
    project: Project,
    *,
    model_dir: Path | None = None,
    predictions_dir: Path | None = None,
    maps: Maps | None = None,
    out_dir: Path,
    split: str = "all",
    truth_dir: Path | None = None,
    names: Collection[str] = (),
    reporter: Reporter = SILENT,
    predict: PredictConfig | None = None,
    rest: Rest | None = None,
    rules: LabelRules | None = None,
    title: str | None = None,
    group_by: Sequence[str] = (),
    spacing_um: float | None = None,
    object_um2: float = LEAST_UM2,
    left_out: JudgeLeftOut | None = None,
    mixed: bool = False,
    work: EvaluationWork | None = None,
) -> EvaluationReport:
    """Score predictions on the labelled pixels of a project's annotated slides.

    Writes ``report.html`` (one self-contained page), ``report.json``, ``scores.csv``, ``areas.csv``
    and ``pictures/`` to `out_dir`; the project is only read.

    Args:
        project: the slides, and the annotations unless `truth_dir` is given.
        model_dir: a model folder. Annotated slides that it has not predicted yet are predicted
            first, into ``out_dir/predictions``; a run that was stopped goes on where it was.
        predictions_dir: instead: ``out_dir`` of an earlier `hookpath.inference.predict_project`.
        maps: instead: whatever gives the class map of an image (`ForeignMaps`: what other programs
            predicted).
        out_dir: where the report goes.
        split: ``all``, or the images whose ``hookpath.split`` is ``train``, ``val`` or ``test``;
            where no image has that, those that were this for the model (``test``: that it never
            saw).
        truth_dir: take the annotations from ``<slide stem>.geojson`` files in here.
        names: of `split` only the images of these names; empty: all.
        reporter: gets the task ``evaluate`` and a result ``evaluation``.
        predict: how to predict with `model_dir`; ``inside="*"`` predicts only where something is
            annotated, which is all that metrics need. Nothing is ever written into the project.
        rest: what undrawn tissue is; None: what it was when the model was trained, else unknown
            (an image's metadata always counts, see `Rest`).
        rules: how annotations become labels; None: as when the model was trained.
        title: headline of the report; default: the project's name and the split.
        group_by: image metadata keys (a grade, a hospital) by whose values slides are grouped.
        spacing_um: µm/px of the pixels that are scored; None: those of the class map, or 4 µm/px
            where it is coarser.
        object_um2: objects of less area, in µm², are not counted.
        left_out: also judges every annotated area by what its slide did not teach
            (`hookpath.review.judge_left_out`).
        mixed: predictions may come from several models, as those of folds do.
        work: who predicts and scores; None: this process.

    Raises:
        UsageError: not exactly one of `model_dir`, `predictions_dir` and `maps`, or no image has a
            key of `group_by`.
        EvaluationError: nothing annotated, nothing predicted, nothing that could be scored, or
            `out_dir` cannot be written. A single slide's failure is in ``report.problems``.
        ModelFolderError: the model cannot be loaded.
        MissingPackageError: what draws the report's plots is not installed.
    """
    require_extra("evaluate", "a report")
    if sum(given is not None for given in (model_dir, predictions_dir, maps)) != 1:
        raise UsageError("give either a model folder or a folder of predictions to evaluate")
    if rest is None and model_dir is not None:
        rest = setting_of_model(model_dir, "rest", Rest)
    asked = rules or LabelRules()
    if rules is None and model_dir is not None:
        rules = setting_of_model(model_dir, "labels", LabelRules)
    work = work or EvaluationWork()
    take_parts_of_model(project, split, model_dir, predictions_dir, reporter)
    images, problems = annotated_images(project, split, truth_dir, names, rest, rules, reporter)
    for line in asked.unused_names(n for image in images for n in image.written):
        reporter.warn(line)
    check_keys([image.entry for image in images], group_by)
    bare = _report_bare(project, images, reporter) if split == "all" and not names else []
    with reporting_into(out_dir):
        model: Mapping[str, Any] = {}
        if model_dir is not None:
            maps, model = _predict(work, project, images, model_dir, out_dir, predict, reporter)
        elif predictions_dir is not None:
            maps = PredictionsFolder(predictions_dir, mixed=mixed)
        assert maps is not None, "one of three is given"
        scoring = Scoring(spacing_um, tuple(group_by), out_dir / PICTURES, object_um2)
        results, classes, failed = work.score(images, maps, scoring, reporter)
        results = [with_parts(r, maps, parts_of(model)) for r in results]
        if left_out is not None:
            results = with_left_out(results, left_out(images, classes, reporter))
        _report_unknown(results, reporter)
        _report_learned(results, model, reporter)
        report = make_report(
            title or f"{project.name}: {'all annotated slides' if split == 'all' else split}",
            results,
            classes,
            [*problems, *failed],
            {**maps.model, **model},
            {
                "project": str(project.source),
                "split": split,
                "truth": str(truth_dir) if truth_dir else "annotations of the project",
                "predictions": str(maps.folder),
                "predicted_with": maps.predicted_with,
                "rest": rest.class_name if rest else None,
                "grouped_by": list(group_by),
                "scored_at_um": spacing_um,
                "objects_from_um2": object_um2,
                "not_annotated": bare,
            },
        )
        write_report(report, out_dir)
        reporter.result("evaluation", summary(report, out_dir))
    return report


_Setting = TypeVar("_Setting", bound="BaseModel")


def setting_of_model(model_dir: Path, name: str, kind: type[_Setting]) -> _Setting:
    """The settings ``labels`` or ``rest`` that a model was trained with.

    Raises:
        ModelFolderError: there is no model.
    """
    from hookpath.models import card_at

    settings = card_at(model_dir).training.get("config", {})
    try:
        return kind.model_validate(settings.get(name, {}))
    except ValueError:  # a card from elsewhere, with something else of that name
        return kind()


def model_facts(model_dir: Path) -> dict[str, Any]:
    """What a report says of a model that was evaluated.

    Raises:
        ModelFolderError: there is no model.
    """
    from hookpath.models import card_at

    card = card_at(model_dir)
    return {
        "path": str(model_dir),
        "family": card.family,
        "spacings_um": [b.spacing_um for b in card.branches],
        "config": card.config,
        "steps": card.training.get("steps"),
        "best_epoch": card.metrics.get("epoch"),
        "trained_on": card.training.get("split", {}).get("train", []),
        "validated_on": card.training.get("split", {}).get("val", []),
    }


def summary(report: EvaluationReport, out_dir: Path) -> dict[str, Any]:
    """The few metrics that a terminal or another program wants."""
    macro, accuracy = report.macro_spread("f1"), report.accuracy_spread
    pooled = report.pooled_measured
    return {
        "report": str(out_dir / "report.html"),
        "slides": len(report.slides),
        "problems": len(report.problems),
        "macro_f1": macro.as_dict(),
        "accuracy": accuracy.as_dict(),
        "pooled_macro_f1": finite(report.pooled.macro("f1")),
        "pooled_kappa": finite(pooled.value("kappa")),
        "pooled_balanced_accuracy": finite(pooled.value("balanced_accuracy")),
        "pooled_macro_auc": finite(pooled.value("auc")),
        "pooled_macro_object_f1": finite(pooled.value("object_f1")),
        "pooled_macro_assd_um": finite(pooled.value("assd_um")),
        "pooled_f1": {
            name: finite(f1)
            for name, f1 in zip(report.classes.names, report.pooled.annotated("f1"), strict=True)
        },
    }


@contextmanager
def reporting_into(out_dir: Path) -> Iterator[None]:
    """`make_ready`, and be the only process that evaluates into a folder."""
    lock = working_in(out_dir, f"evaluating into {out_dir}")
    with entered(lock, partial(_not_writable, out_dir)):
        make_ready(out_dir)
        yield


def _not_writable(out_dir: Path, error: OSError) -> EvaluationError:
    return EvaluationError(
        f"{out_dir}: cannot be written to ({error.strerror}); choose another folder with -o",
        code=write_code(error),
    )


def make_ready(out_dir: Path) -> None:
    """Fail before hours of prediction; take away the pictures of an earlier evaluation."""
    try:
        try_folder(out_dir)
        make_folder(out_dir / PICTURES)
        for picture in (out_dir / PICTURES).glob("[0-9][0-9][0-9]_*.jpg"):
            picture.unlink()
    except OSError as error:
        raise _not_writable(out_dir, error) from error


def _predict(
    work: EvaluationWork,
    project: Project,
    images: Sequence[AnnotatedImage],
    model_dir: Path,
    out_dir: Path,
    config: PredictConfig | None,
    reporter: Reporter,
) -> tuple[PredictionsFolder, Mapping[str, Any]]:
    from hookpath.inference import PredictConfig

    names = tuple(image.entry.id for image in images)
    wanted = {"as_": "none", "geojson": False, "tiff": True, "images": names}
    config = (config or PredictConfig()).model_copy(update=wanted)
    if config.inside and any(image.complete for image in images):
        reporter.info("predicting everywhere, since undrawn tissue is of a class, too")
        config = config.model_copy(update={"inside": None})
    done = work.predict(project, model_dir, out_dir / PREDICTIONS, config, reporter)
    if not done.predicted and not done.resumed and done.problems:
        first = done.problems[0]
        raise EvaluationError(
            f"no slide could be predicted; the first, {first.line}", code=first.code
        )
    failed = {p.image: p.message for p in done.problems}
    return PredictionsFolder(out_dir / PREDICTIONS, failed), model_facts(model_dir)


def _report_bare(
    project: Project, images: Sequence[AnnotatedImage], reporter: Reporter
) -> list[str]:
    """Names of the images without annotated areas, which are left out; `images` are the others."""
    scored = {image.entry.id for image in images}
    bare = [e.name for e in project.images if e.id not in scored]
    if bare:
        reporter.info(f"{len(bare)} of {len(project.images)} images have no annotated areas")
    return bare


def with_parts(result: SlideResult, maps: Maps, named: Mapping[str, str]) -> SlideResult:
    """With what is known of a slide besides metrics: how unlike training's, and in which part."""
    taught = maps.part_of(result.name)
    part = named.get(result.name) if taught is None else taught if taught != "unseen" else None
    split = result.split or part
    return replace(result, ood=maps.ood_of(result.name), split=split, taught=taught)


def _report_learned(
    results: Sequence[SlideResult], model: Mapping[str, Any], reporter: Reporter
) -> None:
    """Metrics of slides that taught the model are no measure of it: said wherever they are."""
    learned = learned_slides(results, model)
    if learned:
        more = f" and {len(learned) - 3} more" if len(learned) > 3 else ""
        reporter.warn(
            f"{len(learned)} of {len(results)} scored slides taught this model "
            f"({', '.join(learned[:3])}{more}): their metrics say little about other slides"
        )


def _report_unknown(results: Sequence[SlideResult], reporter: Reporter) -> None:
    pixels: dict[str, int] = {}
    for result in results:
        for name, row in result.unknown.items():
            pixels[name] = pixels.get(name, 0) + int(row.sum())
    for name, count in pixels.items():
        reporter.warn(
            f"class {name!r} is annotated ({count} px) but the model does not know it: not scored, "
            "the report says what was predicted there"
        )

"""``hookpath evaluate``."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from hookpath.cli import shared_options as shared
from hookpath.cli.console_and_exit_codes import Console, Debug, Json, counted, running
from hookpath.errors import EvaluationError, UsageError, shared_code
from hookpath.limits import SPACING_UM

if TYPE_CHECKING:
    from hookpath.evaluation import EvaluationReport, ScaleReport
    from hookpath.evaluation.evaluation_executor import EvaluationWork
    from hookpath.evaluation.predictions.other_programs_predictions import ForeignMaps
    from hookpath.evaluation.project_evaluation import JudgeLeftOut
    from hookpath.evaluation.statistics.bootstrap import Interval
    from hookpath.projects import Problem


#: Rows of the table of doubtful areas; all are in ``areas.csv``.
_MOST_AREAS = 20


def command(
    sources: shared.Sources,
    out: Annotated[Path, typer.Option("-o", "--out", help="Folder for the report.")],
    model: shared.Model = None,
    predictions: Annotated[
        Path | None, typer.Option(help="Results of `hookpath predict` to score.")
    ] = None,
    maps: Annotated[
        Path | None,
        typer.Option(
            metavar="DIR",
            help="What another program predicted: a label image or GeoJSON for each image.",
        ),
    ] = None,
    annotator: Annotated[
        Path | None,
        typer.Option(
            metavar="SOURCE",
            help="Another person's project of the same slides: how far do the two agree?",
        ),
    ] = None,
    classes: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="Which value of label images is which class (CSV, JSON or TOML: value, name).",
        ),
    ] = None,
    split: Annotated[
        Literal["all", "train", "val", "test"], typer.Option(help="Which images.")
    ] = "all",
    splits: shared.Splits = None,
    fold: shared.Fold = None,
    truth: Annotated[
        Path | None,
        typer.Option(
            help="Folder with <slide>.geojson to score against.",
            show_default="the annotations in the project",
        ),
    ] = None,
    only_annotated: Annotated[
        bool,
        typer.Option(
            "--only-annotated",
            help="With --model: predict only inside the project's annotations; much faster.",
        ),
    ] = False,
    rest: Annotated[
        str | None,
        typer.Option(
            metavar="CLASS",
            help="Undrawn tissue of annotated slides is of this class (`none`: unknown).",
            show_default="as the model was trained",
        ),
    ] = None,
    line_width: shared.LineWidth = None,
    fold_derived: shared.FoldDerived = False,
    map_: shared.MapClass = None,
    group_by: Annotated[
        list[str] | None,
        typer.Option(
            "--group-by",
            metavar="KEY",
            help="Image metadata (a grade, a hospital) to group slides by; may be repeated.",
        ),
    ] = None,
    spacing: Annotated[
        float | None,
        typer.Option(
            metavar="UM",
            min=0.01,
            max=SPACING_UM,
            help="µm/px of the pixels that are scored.",
            show_default="those of the class map, 4 where it is coarser",
        ),
    ] = None,
    min_object: Annotated[
        float | None,
        typer.Option(
            metavar="UM2",
            min=0,
            help="Objects of less area are not counted, µm².",
            show_default="100, as in predict",
        ),
    ] = None,
    left_out: Annotated[
        bool,
        typer.Option(
            "--left-out",
            help="Judge every annotated area by a quick network trained on the other slides.",
        ),
    ] = False,
    cluster: shared.Cluster = None,
    device: shared.Device = "auto",
    mpp: shared.Mpp = None,
    override_mpp: shared.OverrideMpp = None,
    remap: shared.Remapped = None,
    json: Json = False,
    debug: Debug = False,
) -> None:
    """Score predictions against annotations, on labelled pixels only; write a report.

    A scale detector is measured against the µm/px of the slides instead.
    """
    with running("evaluate", json, debug) as console:
        from hookpath.evaluation import evaluate_project, evaluate_scale
        from hookpath.evaluation.annotator_agreement import agreement
        from hookpath.evaluation.shape_scoring.object_matching import LEAST_UM2
        from hookpath.inference import PredictConfig

        scored = (model, predictions, maps, annotator)
        if sum(given is not None for given in scored) != 1:
            raise UsageError(
                "give either --model DIR, --predictions DIR, --maps DIR or --annotator SOURCE"
            )
        if annotator is not None:
            _refuse_with_annotator(
                {"--split": split if split != "all" else None, "--truth": truth, "--rest": rest,
                 "--only-annotated": only_annotated or None, "--left-out": left_out or None,
                 "--min-object": min_object, "--cluster": cluster}
            )  # fmt: skip
            with (
                shared.opened_as_one(
                    sources, mpp, override_mpp, console.reporter.warn, remap
                ) as project,
                shared.opened_as_one([annotator], mpp, override_mpp, None, remap) as second,
            ):
                rules = shared.label_rules(line_width, fold_derived, map_)
                report = agreement(
                    project, second, out, rules, group_by or (), spacing, console.reporter
                )
            print_agreement(console, report, out)
            return
        if classes is not None and maps is None:
            raise UsageError("--classes says what the values of label images in --maps mean")
        if truth is not None and only_annotated:
            raise UsageError(
                "--only-annotated predicts inside the project's annotations only, and what --truth "
                "has elsewhere would count as missed; leave one of them out"
            )
        if model is not None and _is_scale_detector(model):
            _refuse({"--truth": truth, "--rest": rest, "--spacing": spacing,
                     "--only-annotated": only_annotated or None,
                     "--left-out": left_out or None, "--min-object": min_object,
                     "--cluster": cluster})  # fmt: skip
            with shared.opened_as_one(
                sources, mpp, override_mpp, console.reporter.warn, remap
            ) as project:
                shared.take_split(project, splits, fold, console.reporter.warn)
                measured = evaluate_scale(
                    project,
                    model_dir=shared.model_folder(model),
                    out_dir=out,
                    split=split,
                    device=device,
                    group_by=group_by or (),
                    reporter=console.reporter,
                )
            _print_scale(console, measured, out)
            return
        with (
            shared.opened_as_one(
                sources, mpp, override_mpp, console.reporter.warn, remap
            ) as project,
            _work(cluster, sources, mpp, override_mpp, remap) as work,
        ):
            shared.take_split(project, splits, fold, console.reporter.warn)
            report = evaluate_project(
                project,
                model_dir=shared.model_folder(model) if model else None,
                predictions_dir=predictions,
                maps=_foreign(maps, classes, spacing, console.reporter.warn) if maps else None,
                out_dir=out,
                split=split,
                truth_dir=truth,
                rest=None if rest is None else shared.rest_option(rest),
                rules=shared.label_rules(line_width, fold_derived, map_)
                if line_width or fold_derived or map_
                else None,
                group_by=group_by or (),
                spacing_um=spacing,
                object_um2=LEAST_UM2 if min_object is None else min_object,
                predict=PredictConfig(device=device, inside="*" if only_annotated else None),
                reporter=console.reporter,
                left_out=_judge(device) if left_out else None,
                work=work,
            )
        if left_out:
            _print_areas(console, report)
        print_report(console, report, out)


@contextmanager
def _work(
    cluster: str | None,
    sources: Sequence[Path],
    mpp: float | None,
    override_mpp: float | None,
    remap: Sequence[str] | None,
) -> Iterator[EvaluationWork | None]:
    """Who predicts and scores; None: this process."""
    if cluster is None:
        yield None
        return
    from hookpath.cluster import evaluation_on_cluster
    from hookpath.projects.reopen_projects import ProjectSpec

    places = tuple(path.absolute() for path in sources)
    spec = ProjectSpec(places, mpp, override_mpp, tuple(remap or ()))
    with evaluation_on_cluster(spec, cluster) as work:
        yield work


def _foreign(
    maps: Path, classes: Path | None, spacing: float | None, warn: Callable[[str], None]
) -> ForeignMaps:
    from hookpath.conversion import read_class_values
    from hookpath.evaluation.predictions.other_programs_predictions import ForeignMaps

    found = ForeignMaps(maps, None if classes is None else read_class_values(classes), spacing)
    for note in found.notes:
        warn(note)
    return found


def _judge(device: str) -> JudgeLeftOut:
    from hookpath.review import judge_left_out

    return lambda images, classes, reporter: judge_left_out(images, classes, device, reporter)


def _print_areas(console: Console, report: EvaluationReport) -> None:
    """The areas that are most doubtful, and not marked as right."""
    every = [(s, a) for s in report.slides for a in s.areas if not a.marked_right]
    every = [(s, a) for s, a in every if a.doubt == a.doubt]
    every.sort(key=lambda pair: -pair[1].doubt)
    rows = [
        [s.name, s.split or "", a.label, a.predicted or "–", _number(a.loss), f"{a.area_mm2:.4f}",
         *((a.left_out.predicted, _number(a.left_out.loss)) if a.left_out else ("–", "–"))]
        for s, a in every[:_MOST_AREAS]
    ]  # fmt: skip
    columns = ["image", "split", "annotated", "predicted", "loss", "mm²", "left out says", "loss"]
    console.table(f"{len(rows)} of {len(every)} areas, the most doubtful first", columns, rows)


def _is_scale_detector(model: Path) -> bool:
    from hookpath.models import card_at

    return card_at(shared.model_folder(model)).scores == "magnification"


def _refuse(options: Mapping[str, object]) -> None:
    """What is only for models that tell classes."""
    given = [name for name, value in options.items() if value is not None]
    if given:
        raise UsageError(
            f"{given[0]} is for models that tell classes; a scale detector is measured against the "
            "µm/px that slides state, leave it out"
        )


def _print_scale(console: Console, report: ScaleReport, out: Path) -> None:
    from hookpath.evaluation.scale_detector.detector_metrics import SCALE_METRICS, SCALE_TITLES

    console.result("evaluated", report.as_dict())
    parts = [*((s.name, s.measured) for s in report.slides), ("all", report.pooled)]
    rows = [[name, *(_number(m.value(key)) for key in SCALE_METRICS)] for name, m in parts]
    console.table("answers of the scale detector", ["image", *SCALE_TITLES.values()], rows)
    console.say(f"report in {out / 'report.html'}")
    _fail_for(report.problems, "measured")


def _refuse_with_annotator(options: Mapping[str, object]) -> None:
    given = [name for name, value in options.items() if value is not None]
    if given:
        raise UsageError(f"{given[0]} is for predictions, not for --annotator")


def print_agreement(console: Console, report: EvaluationReport, out: Path) -> None:
    """Print how far two people agree.

    Raises:
        EvaluationError: some images could not be compared.
    """
    from hookpath.evaluation.scoring.slide_metrics import pooled_intervals_of

    console.result("agreement", report.as_dict(probabilities=False))
    parts = [s.measured for s in report.slides]
    found = pooled_intervals_of(parts, ("dice", "kappa"))
    rows = [
        [name, _number(value), _interval(interval)]
        for name, value, interval in zip(
            report.classes.names, report.pooled_measured.per_class("dice"), found["dice"][1],
            strict=True,
        )
    ]  # fmt: skip
    kappa = report.pooled_measured.value("kappa")
    rows += [["all classes: κ", _number(kappa), _interval(found["kappa"][0])]]
    columns = ["Dice", "pooled", "95 % over slides"]
    console.table(f"{counted(len(parts), 'slide', 'slides')}, areas of both", columns, rows)
    console.say(f"report in {out / 'report.html'}")
    _fail_for(report.problems, "compared")


def _interval(interval: Interval) -> str:
    low, high = _number(interval.low), _number(interval.high)
    return f"{low} to {high}" if interval.low == interval.low else "three slides needed"


def print_report(console: Console, report: EvaluationReport, out: Path) -> None:
    """Print the metrics of a report.

    Raises:
        EvaluationError: some images could not be scored.
    """
    console.result("evaluated", report.as_dict(probabilities=False))
    classes = report.classes.names
    rows = [
        [s.name, *(_number(v) for v in s.scores.annotated("f1")), _number(s.scores.macro("f1"))]
        for s in report.slides
    ]
    pooled = report.pooled
    rows.append(["all", *(_number(v) for v in pooled.annotated("f1")), _number(pooled.macro("f1"))])
    console.table("F1 over labelled pixels", ["image", *classes, "macro"], rows)
    console.say(f"report in {out / 'report.html'}")
    _fail_for(report.problems, "scored")


def _fail_for(problems: Sequence[Problem], done: str) -> None:
    if problems:
        images = counted(len(problems), "image was", "images were")
        line = f"{images} not {done}; {problems[0].line}"
        raise EvaluationError(line, code=shared_code(problems))


def _number(value: float) -> str:
    return "–" if value != value else f"{value:.3f}"

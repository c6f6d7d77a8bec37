"""``hookpath evaluate``"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from hookpath.cli.console import Console, Debug, Json, counted, running
from hookpath.cli.inputs import (
    Device,
    FoldDerived,
    LineWidth,
    Model,
    Mpp,
    OverrideMpp,
    Source,
    model_folder,
    opened,
    rest_option,
)
from hookpath.errors import EvaluationError, UsageError, shared_code

if TYPE_CHECKING:
    from hookpath.evaluation import EvaluationReport, ScaleReport
    from hookpath.projects import Problem


def command(
    source: Source,
    out: Annotated[
        Path, typer.Option("-o", "--out", help="Folder for the report.", show_default=False)
    ],
    model: Model = None,
    predictions: Annotated[
        Path | None,
        typer.Option(help="Results of `hookpath predict` to score.", show_default=False),
    ] = None,
    split: Annotated[
        Literal["all", "train", "val", "test"], typer.Option(help="Which images.")
    ] = "all",
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
    line_width: LineWidth = None,
    fold_derived: FoldDerived = False,
    group_by: Annotated[
        list[str] | None,
        typer.Option(
            "--group-by",
            metavar="KEY",
            help="Image metadata (a grade, a hospital) to group slides by; may be repeated.",
            show_default=False,
        ),
    ] = None,
    spacing: Annotated[
        float | None,
        typer.Option(
            metavar="UM",
            min=0.01,
            help="µm/px of the pixels that are scored.",
            show_default="those of the class map, 4 where it is coarser",
        ),
    ] = None,
    device: Device = "auto",
    mpp: Mpp = None,
    override_mpp: OverrideMpp = None,
    json: Json = False,
    debug: Debug = False,
) -> None:
    """Score predictions against annotations, on labelled pixels only; write a report.

    A scale detector is measured against the µm/px of the slides instead.
    """
    with running("evaluate", json, debug) as console:
        from hookpath.annotations import LabelRules
        from hookpath.evaluation import evaluate_project, evaluate_scale
        from hookpath.inference import PredictConfig

        if (model is None) == (predictions is None):
            raise UsageError("give either --model DIR or --predictions DIR")
        if truth is not None and only_annotated:
            raise UsageError(
                "--only-annotated predicts inside the project's annotations only, and what --truth "
                "has elsewhere would count as missed; leave one of them out"
            )
        if model is not None and _is_scale_detector(model):
            _refuse({"--truth": truth, "--rest": rest, "--spacing": spacing,
                     "--only-annotated": only_annotated or None})  # fmt: skip
            with opened([source], mpp, override_mpp, console.reporter.warn) as (project,):
                measured = evaluate_scale(
                    project,
                    model_dir=model_folder(model),
                    out_dir=out,
                    split=split,
                    device=device,
                    group_by=group_by or (),
                    reporter=console.reporter,
                )
            _tell_scale(console, measured, out)
            return
        with opened([source], mpp, override_mpp, console.reporter.warn) as (project,):
            report = evaluate_project(
                project,
                model_dir=model_folder(model) if model else None,
                predictions_dir=predictions,
                out_dir=out,
                split=split,
                truth_dir=truth,
                rest=None if rest is None else rest_option(rest),
                rules=LabelRules(line_width_um=line_width, fold_derived=fold_derived)
                if line_width or fold_derived
                else None,
                group_by=group_by or (),
                spacing_um=spacing,
                predict=PredictConfig(device=device, inside="*" if only_annotated else None),
                reporter=console.reporter,
            )
        tell(console, report, out)


def _is_scale_detector(model: Path) -> bool:
    from hookpath.models import read_card

    return read_card(model_folder(model)).scores == "magnification"


def _refuse(options: Mapping[str, object]) -> None:
    """What is only for models that tell classes."""
    given = [name for name, value in options.items() if value is not None]
    if given:
        raise UsageError(
            f"{given[0]} is for models that tell classes; a scale detector is measured against the "
            "µm/px that slides state, leave it out"
        )


def _tell_scale(console: Console, report: ScaleReport, out: Path) -> None:
    from hookpath.evaluation.scale_figures import SCALE_METRICS, SCALE_TITLES

    console.result("evaluated", report.as_dict())
    parts = [*((s.name, s.measured) for s in report.slides), ("all", report.pooled)]
    rows = [[name, *(_figure(m.figure(key)) for key in SCALE_METRICS)] for name, m in parts]
    console.table("answers of the scale detector", ["image", *SCALE_TITLES.values()], rows)
    console.say(f"report in {out / 'report.html'}")
    _fail_for(report.problems, "measured")


def tell(console: Console, report: EvaluationReport, out: Path) -> None:
    """Print the figures of a report.

    Raises:
        EvaluationError: some images could not be scored.
    """
    console.result("evaluated", report.as_dict(probabilities=False))
    classes = report.classes.names
    rows = [
        [s.name, *(_figure(v) for v in s.scores.drawn("f1")), _figure(s.scores.macro("f1"))]
        for s in report.slides
    ]
    pooled = report.pooled
    rows.append(["all", *(_figure(v) for v in pooled.drawn("f1")), _figure(pooled.macro("f1"))])
    console.table("F1 over labelled pixels", ["image", *classes, "macro"], rows)
    console.say(f"report in {out / 'report.html'}")
    _fail_for(report.problems, "scored")


def _fail_for(problems: Sequence[Problem], done: str) -> None:
    if problems:
        images = counted(len(problems), "image was", "images were")
        line = f"{images} not {done}; {problems[0].line}"
        raise EvaluationError(line, code=shared_code(problems))


def _figure(value: float) -> str:
    return "–" if value != value else f"{value:.3f}"

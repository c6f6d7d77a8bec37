"""``hookpath evaluate``"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from hookpath.cli.console import Console, Debug, Json, running
from hookpath.cli.inputs import Device, Model, Mpp, Source, model_folder, opened, rest_option
from hookpath.errors import EvaluationError, UsageError, shared_code

if TYPE_CHECKING:
    from hookpath.evaluation import EvaluationReport


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
    json: Json = False,
    debug: Debug = False,
) -> None:
    """Score predictions against annotations, on labelled pixels only; write a report."""
    with running("evaluate", json, debug) as console:
        from hookpath.evaluation import evaluate_project
        from hookpath.inference import PredictConfig

        if (model is None) == (predictions is None):
            raise UsageError("give either --model DIR or --predictions DIR")
        with opened([source], mpp) as (project,):
            report = evaluate_project(
                project,
                model_dir=model_folder(model) if model else None,
                predictions_dir=predictions,
                out_dir=out,
                split=split,
                truth_dir=truth,
                rest=None if rest is None else rest_option(rest),
                group_by=group_by or (),
                spacing_um=spacing,
                predict=PredictConfig(device=device, inside="*" if only_annotated else None),
                reporter=console.reporter,
            )
        tell(console, report, out)


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
    if report.problems:
        line = f"{len(report.problems)} images were not scored; {report.problems[0].line}"
        raise EvaluationError(line, code=shared_code(report.problems))


def _figure(value: float) -> str:
    return "–" if value != value else f"{value:.3f}"

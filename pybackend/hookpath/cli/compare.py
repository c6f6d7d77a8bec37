"""``hookpath compare``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from hookpath.cli import compare_design as designs
from hookpath.cli.console_and_exit_codes import Console, Debug, Json, running
from hookpath.cli.shared_options import Cluster, Fold, Splits

if TYPE_CHECKING:
    from hookpath.evaluation import Comparison


def command(
    runs: Annotated[
        list[Path] | None,
        typer.Argument(
            metavar="RUN...",
            help="Reports of `hookpath evaluate`, two or more; with --design: a SOURCE, or "
            "nothing for synthetic slides.",
        ),
    ] = None,
    *,
    out: Annotated[Path, typer.Option("-o", "--out", help="Folder for the comparison.")],
    name: Annotated[
        list[str] | None,
        typer.Option(help="What to call a run, once for each.", show_default="folder names"),
    ] = None,
    metric: Annotated[
        Literal[
            "f1",
            "dice",
            "precision",
            "recall",
            "iou",
            "auc",
            "ap",
            "accuracy",
            "balanced_accuracy",
            "kappa",
            "quadratic_kappa",
            "object_f1",
            "object_precision",
            "object_recall",
            "assd_um",
            "hd95_um",
        ],
        typer.Option(help="What to compare."),
    ] = "f1",
    correction: Annotated[
        Literal["holm", "benjamini-hochberg", "bonferroni", "none"],
        typer.Option(help="How p values are corrected for many tests."),
    ] = "holm",
    against: Annotated[
        str | None,
        typer.Option(metavar="NAME", help="Test only against this run.", show_default="every pair"),
    ] = None,
    group_by: Annotated[
        list[str] | None,
        typer.Option(
            metavar="KEY",
            help="Show groups of slides by this metadata; may be repeated.",
            show_default="what the evaluations were grouped by",
        ),
    ] = None,
    design: Annotated[
        str | None,
        typer.Option(
            help="Run a whole experiment instead: hooknet-paper, context, outline, scales, real."
        ),
    ] = None,
    folds: designs.Folds = None,
    seeds: designs.Seeds = None,
    truth: designs.Truth = None,
    by: designs.By = None,
    budget_seconds: designs.Budget = None,
    preset: designs.Preset = None,
    set_: designs.Settings = None,
    only: designs.Only = None,
    splits: Splits = None,
    fold: Fold = None,
    cluster: Cluster = None,
    json: Json = False,
    debug: Debug = False,
) -> None:
    """Compare evaluations on the same slides: table, plots, paired tests.

    With --design: train, predict and score several networks on the same slides, then compare.
    """
    with running("compare", json, debug) as console:
        given = designs.Given(
            folds, seeds, truth, by, budget_seconds, preset, set_, only, splits, fold, cluster
        )
        if design is not None:
            designs.run(console, design, runs or [], out, given)
            return
        given.refuse_any()
        from hookpath.evaluation import compare_reports

        found = compare_reports(
            runs or [], names=name, out_dir=out, metric=metric, correction=correction,
            baseline=against, group_by=group_by,
        )  # fmt: skip
        _report(console, found, out)


def _report(console: Console, found: Comparison, out: Path) -> None:
    from hookpath.evaluation.class_metrics import spread
    from hookpath.evaluation.report.html_templates import bounds, plus_minus
    from hookpath.evaluation.scoring.slide_metrics import title_of

    console.result("compared", found.as_dict())
    rows = [
        [slide, *(f"{value:.3f}" for value in row)]
        for slide, row in zip(found.slides, found.macro, strict=True)
    ]
    rows.append(["mean ± std", *(plus_minus(spread(column)) for column in found.macro.T)])
    rows.append(["95 % interval", *(bounds(interval) or "–" for interval in found.intervals)])
    console.table(title_of(found.metric), ["image", *found.names], rows)
    for test in found.tests:
        console.say(f"{test.first} → {test.second}: {test.verdict}")
    for note in found.notes:
        console.reporter.warn(note)
    console.say(f"comparison in {out / 'comparison.html'}")

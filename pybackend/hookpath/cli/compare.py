"""``hookpath compare``"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from hookpath.cli.console import Console, Debug, Json, running

if TYPE_CHECKING:
    from hookpath.evaluation import Comparison


def command(
    runs: Annotated[
        list[Path],
        typer.Argument(
            metavar="RUN...",
            help="Reports of `hookpath evaluate`, two or more.",
            show_default=False,
        ),
    ],
    out: Annotated[
        Path, typer.Option("-o", "--out", help="Folder for the comparison.", show_default=False)
    ],
    name: Annotated[
        list[str] | None,
        typer.Option(help="What to call a run, once for each.", show_default="folder names"),
    ] = None,
    metric: Annotated[
        Literal["f1", "precision", "recall", "iou"], typer.Option(help="What to compare.")
    ] = "f1",
    json: Json = False,
    debug: Debug = False,
) -> None:
    """Compare evaluations on the same slides: table, plots, paired tests."""
    with running("compare", json, debug) as console:
        from hookpath.evaluation import compare_reports

        _tell(console, compare_reports(runs, names=name, out_dir=out, metric=metric), out)


def _tell(console: Console, found: Comparison, out: Path) -> None:
    console.result("compared", found.as_dict())
    rows = [
        [slide, *(f"{value:.3f}" for value in row)]
        for slide, row in zip(found.slides, found.macro, strict=True)
    ]
    console.table(f"macro {found.metric}", ["image", *found.names], rows)
    for test in found.tests:
        console.say(f"{test.first} → {test.second}: {test.verdict}")
    for note in found.notes:
        console.reporter.warn(note)
    console.say(f"comparison in {out / 'comparison.html'}")

"""``hookpath compare``"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from hookpath.cli.console import Debug, Json, running


def command(
    runs: Annotated[
        list[Path],
        typer.Argument(metavar="RUN...", help="Reports of `hookpath evaluate`, two or more."),
    ],
    out: Annotated[
        Path, typer.Option("-o", "--out", help="Folder for the comparison.", show_default=False)
    ],
    json: Json = False,
    debug: Debug = False,
) -> None:
    """Compare evaluations on the same slides: table, plots, paired tests."""
    with running("compare", json, debug) as console:
        from hookpath.evaluation import compare_reports

        found = compare_reports(runs, out)
        console.result("compared", found.as_dict())
        console.table("", *found.table())
        console.say(f"comparison in {out / 'comparison.html'}")

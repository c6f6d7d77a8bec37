"""``hookpath measure``."""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from hookpath.cli import shared_options as shared
from hookpath.cli.console_and_exit_codes import Console, Debug, Json, fail_for, running
from hookpath.cli.output_file import refuse_unwritable, saving
from hookpath.errors import EvaluationError

if TYPE_CHECKING:
    from hookpath.measurements.project_measurement import ImageMeasured


def command(
    sources: shared.Sources,
    out: Annotated[
        Path | None,
        typer.Option(
            "-o", "--out", metavar="CSV", help="Table of all regions.", show_default="none"
        ),
    ] = None,
    inside: Annotated[
        str | None,
        typer.Option(
            metavar="CLASS",
            help="Only inside annotations of this class (`*`: any), and in cores.",
            show_default="cores, and annotations that are no labels: of no class, of Region*, or "
            "of a class that is not measured",
        ),
    ] = None,
    run: Annotated[
        str | None, typer.Option(help="Results of this run only.", show_default="the only one")
    ] = None,
    image: shared.OnlyImages = None,
    mpp: shared.Mpp = None,
    override_mpp: shared.OverrideMpp = None,
    remap: shared.Remapped = None,
    json: Json = False,
    debug: Debug = False,
) -> None:
    """Areas and percentages by class, on whole images and inside annotations and TMA cores.

    What is measured are the results in the project, with all that was corrected since. Writes
    nothing into it.
    """
    with ExitStack() as stack:
        console = stack.enter_context(running("measure", json, debug))
        refuse_unwritable(out)
        project = stack.enter_context(
            shared.opened_as_one(sources, mpp, override_mpp, console.reporter.warn, remap)
        )
        from hookpath.loop import find_entry
        from hookpath.measurements import measure_project, write_table

        chosen = [find_entry(project, name) for name in image or ()]
        done, problems = measure_project(
            project, inside=inside, run=run, images=chosen, reporter=console.reporter
        )
        if out is not None and done:
            with saving(out):
                write_table(done, out)
        console.result(
            "measures",
            {
                "images": [one.as_dict() for one in done],
                "problems": [vars(one) for one in problems],
                "table": None if out is None else str(out),
            },
        )
        _report(console, done, out)
        fail_for(problems, len(done), EvaluationError, "were not measured")


def _report(console: Console, done: list[ImageMeasured], out: Path | None) -> None:
    names = list(dict.fromkeys(name for one in done for name in one.classes))
    rows = [
        [
            one.name,
            m.parent.name or m.parent.class_name or m.parent.kind,
            f"{m.parent_mm2:.4f}",
            *(
                f"{m.areas_mm2[n]:.4f} ({m.percent(n):.1f} %)" if m.areas_mm2.get(n) else "–"
                for n in names
            ),
        ]
        for one in done
        for m in one.measured
    ]
    console.table("", ["image", "region", "mm²", *names], rows)
    if out is not None:
        console.say(f"table in {out}")

"""``hookpath split``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from hookpath.cli.console_and_exit_codes import Console, Debug, Json, counted, running
from hookpath.cli.output_file import refuse_unwritable
from hookpath.cli.shared_options import Mpp, OverrideMpp, Remapped, Sources, opened_as_one

if TYPE_CHECKING:
    from hookpath.projects import MadeSplit, SplitPlan


def command(
    sources: Sources,
    by: Annotated[
        str,
        typer.Option(
            help="What is never on two sides: patient, slide, or a key of image metadata."
        ),
    ] = "patient",
    pattern: Annotated[
        str | None,
        typer.Option(
            metavar="REGEX",
            help="Finds the patient in an image's name where metadata do not say; its first "
            "group counts.",
            show_default="TCGA's barcode",
        ),
    ] = None,
    folds: Annotated[
        int | None, typer.Option(min=2, help="So many folds instead of one split.")
    ] = None,
    val: Annotated[float, typer.Option(help="Share that validates.")] = 0.2,
    test: Annotated[float, typer.Option(help="Share that tests.")] = 0.2,
    stratify: Annotated[
        bool, typer.Option("--stratify", help="Spread every class's annotated area evenly, too.")
    ] = False,
    every: Annotated[bool, typer.Option("--all", help="Images without annotations, too.")] = False,
    seed: Annotated[int, typer.Option(help="Of the draw.")] = 0,
    out: Annotated[
        Path | None,
        typer.Option(
            "-o",
            "--out",
            metavar="FILE",
            help="Write a table (CSV) and leave the projects alone.",
            show_default="the images' metadata",
        ),
    ] = None,
    again: Annotated[
        bool, typer.Option("--again", help="Replace a split that is in the metadata.")
    ] = False,
    mpp: Mpp = None,
    override_mpp: OverrideMpp = None,
    remap: Remapped = None,
    json: Json = False,
    debug: Debug = False,
) -> None:
    """Deal slides out into train, validation and test, or into folds, patient by patient."""
    with running("split", json, debug) as console:
        from hookpath.projects import Grouping, SplitPlan, make_split, write_to_metadata

        refuse_unwritable(out)
        plan = SplitPlan(Grouping(by, pattern), folds, val, test, stratify, every, seed)
        with opened_as_one(sources, mpp, override_mpp, console.reporter.warn, remap) as project:
            made = make_split(project, plan)
            if out is not None:
                made.table.save(out)
            else:
                write_to_metadata(project, made, plan, again)
        _report(console, made, plan, out)


def _report(console: Console, made: MadeSplit, plan: SplitPlan, out: Path | None) -> None:
    from hookpath.projects import FOLD_KEY, SPLIT_KEY

    found = {part: made.summary(part) for part in plan.parts}
    classes = list(dict.fromkeys(name for _, _, shares in found.values() for name in shares))
    rows = [
        [part, str(images), str(groups), *(f"{shares.get(c, 0.0):.0%}" for c in classes)]
        for part, (images, groups, shares) in found.items()
    ]
    what = "fold" if plan.folds else "part"
    together = {"patient": "patients", "slide": "slides"}.get(plan.grouping.by, "groups")
    rows_of = {row.image: {"group": row.group, "split": row.split, "fold": row.fold}
               for row in made.table.rows}  # fmt: skip
    console.result("split", {"out": out, "by": plan.grouping.by, "images": rows_of})
    console.table("", [what, "images", together, *classes], rows)
    if made.untold:
        images = counted(len(made.untold), "image", "images")
        console.reporter.warn(
            f"no {plan.grouping.by} is known of {images}, such as {made.untold[0]}: each counts as "
            "one of its own (--pattern finds it in names, --by KEY takes image metadata)"
        )
    if made.bare:
        images = counted(made.bare, "image", "images")
        console.say(f"{images} without annotations in no part (--all deals them out, too)")
    key = FOLD_KEY if plan.folds else SPLIT_KEY
    place = f"table in {out}" if out else f"written into the images' metadata ({key})"
    console.say(place)

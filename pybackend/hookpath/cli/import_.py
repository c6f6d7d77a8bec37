"""``hookpath import``."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from hookpath.cli.console_and_exit_codes import Console, Debug, Json, counted, fail_for, running
from hookpath.cli.shared_options import Mpp, OverrideMpp, Remapped, Sources, opened_as_one
from hookpath.errors import PredictionError, UsageError

if TYPE_CHECKING:
    from hookpath.inference import ImportReport


def command(
    sources: Sources,
    predictions: Annotated[Path, typer.Option(help="Folder that `hookpath predict -o` wrote to.")],
    as_: Annotated[
        Literal["detections", "annotations"], typer.Option("--as", help="What the project gets.")
    ] = "detections",
    threshold: Annotated[
        list[str] | None,
        typer.Option(
            metavar="[CLASS=]P",
            help="Probability (0 to 1) that is needed; of a class: from which on a pixel is of it, "
            "even if another one is more probable. Repeatable.",
            show_default="the most probable class",
        ),
    ] = None,
    smooth: Annotated[
        float, typer.Option(min=0, help="Smooth probabilities first by a Gaussian, σ in µm.")
    ] = 0.0,
    min_area: Annotated[float, typer.Option(min=0, help="Drop smaller objects, µm².")] = 100.0,
    simplify: Annotated[float, typer.Option(min=0, help="Outlines may move by this, µm.")] = 0.5,
    image: Annotated[
        list[str] | None,
        typer.Option(help="Only this image; repeatable.", show_default="all predicted ones"),
    ] = None,
    beside: Annotated[
        bool,
        typer.Option("--beside", help="Keep the results of other runs (two models side by side)."),
    ] = False,
    mpp: Mpp = None,
    override_mpp: OverrideMpp = None,
    remap: Remapped = None,
    json: Json = False,
    debug: Debug = False,
) -> None:
    """Put finished predictions into a project, or beside the slides of a folder.

    Objects are drawn from the probability maps; nothing is predicted again, and the folder of
    predictions stays as it is.
    """
    with running("import", json, debug) as console:
        from hookpath.inference import ObjectConfig, import_predictions

        config = ObjectConfig(
            as_=as_,
            min_area_um2=min_area,
            simplify_um=simplify,
            smooth_um=smooth,
            **thresholds_of(threshold or ()),
        )
        with opened_as_one(sources, mpp, override_mpp, console.reporter.warn, remap) as project:
            report = import_predictions(
                project, predictions, config, image or (), beside, console.reporter
            )
        _report(console, report)


def thresholds_of(given: Sequence[str]) -> dict[str, Any]:
    """``["0.4", "Tumor=0.6"]`` as settings of `ObjectConfig`.

    Raises:
        UsageError: no probability.
    """
    found: dict[str, float] = {}
    for text in given:
        name, _, value = text.rpartition("=")
        try:
            share = float(value)
        except ValueError:
            share = -1.0
        if not 0 <= share <= 1:
            raise UsageError(
                f"--threshold {text}: write a probability between 0 and 1, or CLASS=probability"
            )
        found[name] = share
    return {"threshold": found.pop("", 0.0), "thresholds": found}


def _report(console: Console, report: ImportReport) -> None:
    console.result(
        "import",
        {
            "images": [vars(one) for one in report.imported],
            "problems": [vars(problem) for problem in report.problems],
            "without": list(report.without),
        },
    )
    rows = [[one.image, str(one.added), str(one.removed), one.run] for one in report.imported]
    console.table("", ["image", "objects", "replaced", "run"], rows)
    if report.without:
        images = counted(len(report.without), "image has", "images have")
        names = ", ".join([*report.without[:3], *(["…"] if len(report.without) > 3 else [])])
        console.say(f"{images} no finished prediction there that can be read: {names}")
    fail_for(report.problems, len(report.imported), PredictionError)

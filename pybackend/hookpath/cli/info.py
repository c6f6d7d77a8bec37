"""``hookpath info``"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from hookpath.cli.console import Console, Debug, Json, running
from hookpath.cli.inputs import (
    Device,
    FoldDerived,
    LineWidth,
    Mpp,
    OverrideMpp,
    RestClass,
    Source,
    TissueIs,
    model_folder,
    opened,
    rest_option,
)
from hookpath.errors import HookpathError, ProjectError, shared_code

if TYPE_CHECKING:
    from hookpath.inference.scale_check import ScaleEstimate
    from hookpath.projects import ImageSummary, Project


def command(
    source: Source,
    mpp: Mpp = None,
    override_mpp: OverrideMpp = None,
    scale_model: Annotated[
        Path | None,
        typer.Option(
            metavar="DIR",
            help="A trained scale detector (or its run): is µm/px what the content looks like?",
            show_default=False,
        ),
    ] = None,
    rest: RestClass = None,
    tissue_rule: TissueIs = "generous",
    line_width: LineWidth = None,
    fold_derived: FoldDerived = False,
    device: Device = "auto",
    json: Json = False,
    debug: Debug = False,
) -> None:
    """Slides, µm/px, annotated area by class, splits and problems. Writes nothing."""
    with running("info", json, debug) as console:
        from hookpath.annotations import LabelRules, twin_classes
        from hookpath.projects import Problem, summarise, tell_files, twin_remarks

        undrawn = rest_option(rest, tissue_rule)
        rules = LabelRules(line_width_um=line_width, fold_derived=fold_derived)
        with opened([source], mpp, override_mpp, console.reporter.warn) as (project,):
            images = summarise(project, undrawn, rules)
            scales = _scales(project, scale_model, device, console)
            for twins in twin_remarks(project.images):
                console.reporter.warn(twins)
            tell_files(console.reporter, [project])
        console.result(
            "project",
            {"source": source, "images": [vars(i) | _seen(scales.get(i.id)) for i in images]},
        )
        classes = list(dict.fromkeys(name for i in images for name in i.annotated_mm2))
        columns = ["image", "size px", "µm/px", "split", *(f"{name} mm²" for name in classes)]
        console.table(str(source), columns, [_row(i, classes) for i in images])
        for image in images:
            if (estimate := scales.get(image.id)) and estimate.line:
                console.reporter.warn(f"{image.name}: {estimate.line}")
        for name, count in Counter(i.rest for i in images if i.rest).items():
            console.say(f"undrawn tissue counts as {name} on {count} of {len(images)} images")
        for image in images:
            for line in image.notes:
                console.say(f"{image.name}: {line}")
        for twins in twin_classes(classes):
            console.reporter.warn(twins)
        broken = [i for i in images if i.problem]
        for image in broken:
            console.say(Problem(image.name, image.problem).line)
        if broken:
            raise ProjectError(
                f"{len(broken)} of {len(images)} images cannot be used; {broken[0].problem}",
                code=shared_code(broken),
            )


def _scales(
    project: Project, scale_model: Path | None, device: str, console: Console
) -> dict[str, ScaleEstimate]:
    """What the detector says of each image that it can be asked about, by the images' ids."""
    if scale_model is None:
        return {}
    from hookpath.inference.scale_check import ScaleCheck

    check = ScaleCheck(model_folder(scale_model), device)
    found: dict[str, ScaleEstimate] = {}
    console.reporter.start("scale", len(project.images), "slide")
    for entry in project.images:
        try:
            found[entry.id] = check.look(entry.slide, entry.name)
        except HookpathError as error:
            console.reporter.warn(f"{entry.name}: its scale cannot be checked ({error})")
        console.reporter.advance("scale")
    console.reporter.finish("scale")
    return found


def _seen(estimate: ScaleEstimate | None) -> dict[str, object]:
    """What a program gets of an estimate."""
    if estimate is None:
        return {}
    return {"estimated_um": estimate.estimated_um, "scale_disagrees": estimate.disagrees}


def _row(image: ImageSummary, classes: Sequence[str]) -> list[str]:
    size = f"{image.width} × {image.height}" if image.width else "–"
    spacing = f"{image.spacing_um:.4g}" if image.spacing_um else "–"
    areas = (_area(image.annotated_mm2.get(n)) for n in classes)
    return [image.name, size, spacing, image.split or "", *areas]


def _area(mm2: float | None) -> str:
    if mm2 is None:
        return ""
    return "?" if math.isnan(mm2) else f"{mm2:.4f}"

"""``hookpath info``."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from hookpath.cli import shared_options as shared
from hookpath.cli.console_and_exit_codes import Console, Debug, Json, counted, running
from hookpath.cli.output_file import refuse_unwritable
from hookpath.errors import HookpathError, ProjectError, shared_code

if TYPE_CHECKING:
    from hookpath.inference.scale_detector_check import ScaleEstimate
    from hookpath.projects import ImageSummary, Project, Totals

#: Of more images or remarks only sums are shown.
_MOST_ROWS = 100


def command(
    sources: shared.Sources,
    mpp: shared.Mpp = None,
    override_mpp: shared.OverrideMpp = None,
    remap: shared.Remapped = None,
    scale_model: Annotated[
        Path | None,
        typer.Option(
            metavar="DIR",
            help="A trained scale detector (or its run): is µm/px what the content looks like?",
        ),
    ] = None,
    rest: shared.RestClass = None,
    tissue_rule: shared.TissueIs = "generous",
    line_width: shared.LineWidth = None,
    fold_derived: shared.FoldDerived = False,
    map_: shared.MapClass = None,
    csv: Annotated[Path | None, typer.Option(metavar="FILE", help="All images as a table.")] = None,
    parquet: Annotated[
        Path | None, typer.Option(metavar="FILE", help="The same as Parquet (extra 'tables').")
    ] = None,
    device: shared.Device = "auto",
    json: Json = False,
    debug: Debug = False,
) -> None:
    """Slides, µm/px, annotated area by class, splits and problems. Writes into no project."""
    with running("info", json, debug) as console:
        from hookpath.projects import Totals, report_files, summarise, twin_remarks, write_csv
        from hookpath.projects.image_table import write_parquet

        refuse_unwritable(csv)
        refuse_unwritable(parquet)
        undrawn = shared.rest_option(rest, tissue_rule)
        rules = shared.label_rules(line_width, fold_derived, map_)
        with shared.opened_as_one(
            sources, mpp, override_mpp, console.reporter.warn, remap
        ) as project:
            images = summarise(project, undrawn, rules)
            scales = _scales(project, scale_model, device, console)
            for twins in twin_remarks(project.images):
                console.reporter.warn(twins)
            report_files(console.reporter, [project])
        for path, write in ((csv, write_csv), (parquet, write_parquet)):
            if path is not None:
                write(images, path)
        console.result(
            "project",
            {
                "source": sources[0],
                "sources": sources,
                "images": [vars(i) | _seen(scales.get(i.id)) for i in images],
                "totals": Totals.of(images).as_dict(),
            },
        )
        _show(console, project.name if len(sources) > 1 else str(sources[0]), images)
        _report(console, images, scales)
        for line in rules.unused_names(name for i in images for name in i.written):
            console.reporter.warn(line)
        for path in (csv, parquet):
            if path is not None:
                console.say(f"table of {counted(len(images), 'image', 'images')} in {path}")
        _refuse_broken(console, images)


def _show(console: Console, title: str, images: Sequence[ImageSummary]) -> None:
    """The images (of many only sums), the projects, and what all of it amounts to."""
    from hookpath.projects import by_project

    classes = list(dict.fromkeys(name for i in images for name in i.annotated_mm2))
    areas = [f"{name} mm²" for name in classes]
    if len(images) <= _MOST_ROWS:
        columns = ["image", "size px", "µm/px", "split", *areas]
        console.table(title, columns, [_row(i, classes) for i in images])
    projects = by_project(images)
    if len(projects) > 1 and len(projects) <= _MOST_ROWS:
        rows = [_sums(name, totals, classes) for name, totals in projects.items()]
        console.table("", ["project", "images", "annotated", *areas], rows)
    if len(images) > 1:
        console.say(_in_all(images, classes))


def _sums(name: str, totals: Totals, classes: Sequence[str]) -> list[str]:
    areas = (_area(totals.mm2.get(c)) for c in classes)
    return [name, str(totals.images), str(totals.annotated), *areas]


def _in_all(images: Sequence[ImageSummary], classes: Sequence[str]) -> str:
    from hookpath.projects import Totals

    totals = Totals.of(images)
    drawn = ", ".join(
        f"{name} {_area(totals.mm2[name])} mm² on {counted(totals.slides[name], 'image', 'images')}"
        for name in classes
    )
    parts = ", ".join(f"{count} {name}" for name, count in totals.splits.items() if name)
    bare = totals.images - totals.annotated
    return (
        f"{counted(totals.images, 'image', 'images')}, {bare} without annotations"
        + (f" (split: {parts})" if parts else "")
        + (f"; {drawn}" if drawn else "")
    )


def _report(
    console: Console, images: Sequence[ImageSummary], scales: Mapping[str, ScaleEstimate]
) -> None:
    """What a person should know of the images."""
    from hookpath.annotations import twin_classes

    for image in images:
        if (estimate := scales.get(image.id)) and estimate.line:
            console.reporter.warn(f"{image.name}: {estimate.line}")
    for line in _channels(images):
        console.say(line)
    for name, count in Counter(i.rest for i in images if i.rest).items():
        console.say(f"undrawn tissue counts as {name} on {count} of {len(images)} images")
    notes = [f"{image.name}: {line}" for image in images for line in image.notes]
    for line in notes[:_MOST_ROWS]:
        console.say(line)
    if len(notes) > _MOST_ROWS:
        console.say(f"and {len(notes) - _MOST_ROWS} more remarks (--json has all)")
    for twins in twin_classes(dict.fromkeys(n for i in images for n in i.annotated_mm2)):
        console.reporter.warn(twins)


def _channels(images: Sequence[ImageSummary]) -> list[str]:
    """What is no RGB of one plane, images that are alike in one line."""
    kinds: dict[str, list[str]] = {}
    for image in images:
        if image.channels:
            count = counted(len(image.channels), "channel", "channels")
            said = f"{count} of {image.dtype}: {', '.join(image.channels)}"
            kinds.setdefault(said, []).append(image.name)
        if image.planes != (1, 1):
            z, t = image.planes
            said = f"z-planes 0 to {z - 1}, time points 0 to {t - 1}"
            kinds.setdefault(said, []).append(image.name)
    return [f"{_some(names)}: {said}" for said, names in kinds.items()]


def _some(names: Sequence[str]) -> str:
    """``a.tif, b.tif and 7 more images``."""
    shown, more = ", ".join(names[:3]), len(names) - 3
    return f"{shown} and {counted(more, 'more image', 'more images')}" if more > 0 else shown


def _refuse_broken(console: Console, images: Sequence[ImageSummary]) -> None:
    """Name what cannot be used, missing slides in one line.

    Raises:
        ProjectError: there is something.
    """
    from hookpath.projects import Problem, missing_lines

    broken = [i for i in images if i.problem]
    if not broken:
        return
    gone = missing_lines(images) if sum(bool(i.missing) for i in images) > 1 else []
    lines = [Problem(i.name, i.problem).line for i in broken if not (gone and i.missing)]
    for line in [*gone, *lines[:_MOST_ROWS]]:
        console.say(line)
    raise ProjectError(
        f"{len(broken)} of {len(images)} images cannot be used; {[*gone, broken[0].problem][0]}",
        code=shared_code(broken),
    )


def _scales(
    project: Project, scale_model: Path | None, device: str, console: Console
) -> dict[str, ScaleEstimate]:
    """What the detector says of each image that it can be asked about, by the images' ids."""
    if scale_model is None:
        return {}
    from hookpath.inference.scale_detector_check import ScaleCheck

    check = ScaleCheck(shared.model_folder(scale_model), device)
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

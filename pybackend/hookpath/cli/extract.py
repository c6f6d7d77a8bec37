"""``hookpath extract``."""

from __future__ import annotations

import os
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from hookpath.cli import shared_options as shared
from hookpath.cli.console_and_exit_codes import Console, Debug, Json, fail_for, running
from hookpath.errors import ExtractionError

if TYPE_CHECKING:
    from hookpath.extraction import ExtractReport


def command(
    sources: Annotated[
        list[Path], typer.Argument(metavar="SOURCE…", help="QuPath projects or folders of slides.")
    ],
    out: Annotated[Path, typer.Option("-o", "--out", help="Folder for the patches.")],
    at: Annotated[
        list[str] | None,
        typer.Option(
            help="Magnification (10x is 1 µm/px) or µm/px (0.5); repeatable.", show_default="10x"
        ),
    ] = None,
    mode: Annotated[
        Literal["centres", "grid"],
        typer.Option(
            help="centres: about each patch of the finest magnification one of every other, "
            "concentric; grid: each magnification has its own grid."
        ),
    ] = "centres",
    size: Annotated[int, typer.Option(help="Side of the patches, px.")] = 256,
    stride: Annotated[
        int | None, typer.Option(help="From patch to patch, px.", show_default="the size")
    ] = None,
    where: Annotated[
        Literal["tissue", "labels", "all"],
        typer.Option(help="Patches with enough tissue, enough of one annotated class, or all."),
    ] = "tissue",
    tissue_rule: shared.TissueIs = "generous",
    tissue_share: Annotated[float, typer.Option(help="How much tissue is enough.")] = 0.5,
    label_share: Annotated[
        float, typer.Option(help="How much of a class gives a patch its label.")
    ] = 0.5,
    class_: Annotated[
        list[str] | None,
        typer.Option("--class", help="Only this class is a label; repeatable.", show_default="all"),
    ] = None,
    rest: shared.RestClass = None,
    line_width: shared.LineWidth = None,
    fold_derived: shared.FoldDerived = False,
    map_: shared.MapClass = None,
    format_: Annotated[
        Literal["png", "jpeg", "tiff"],
        typer.Option("--format", help="Of the images; TIFF holds any channels."),
    ] = "png",
    channels: Annotated[
        str | None,
        typer.Option(
            metavar="NAME,NAME…", help="Of TIFF: these, in this order.", show_default="all"
        ),
    ] = None,
    masks: Annotated[
        bool,
        typer.Option("--masks", help="A label image beside each patch, its values in labels.csv."),
    ] = False,
    layout: Annotated[
        Literal["nnunet", "coco"] | None,
        typer.Option(help="The same as nnU-Net or COCO reads it, too."),
    ] = None,
    quality: Annotated[int, typer.Option(min=1, max=100, help="Of JPEG.")] = 90,
    workers: Annotated[
        int | None,
        typer.Option(min=0, help="Processes; 0: none besides this one.", show_default="the cores"),
    ] = None,
    image: shared.OnlyImages = None,
    z: shared.ZPlanes = None,
    t: shared.TimePoints = None,
    shard: shared.Shard = None,
    cluster: shared.Cluster = None,
    again: Annotated[bool, typer.Option("--again", help="Extract finished slides again.")] = False,
    mpp: shared.Mpp = None,
    override_mpp: shared.OverrideMpp = None,
    remap: shared.Remapped = None,
    json: Json = False,
    debug: Debug = False,
) -> None:
    """Cut patches out of slides into image files, with a table of where and what they are.

    A run that was stopped goes on at the first unfinished slide when started again. The same
    command may run several times at once: they share the slides.
    """
    with running("extract", json, debug) as console:
        from hookpath.annotations import plain_class_name
        from hookpath.extraction import ExtractConfig, Magnification, extract_projects

        config = ExtractConfig(
            at=tuple(Magnification.parse(text) for text in at or ["10x"]),
            mode=mode,
            size=size,
            stride=stride,
            where=where,
            tissue=tissue_rule,
            tissue_share=tissue_share,
            label_share=label_share,
            classes=tuple(map(plain_class_name, class_ or ())),
            rest=shared.rest_option(rest).class_name,
            rules=shared.label_rules(line_width, fold_derived, map_),
            image_format=format_,
            channels=tuple(shared.parse_channels(channels)) if channels else (),
            quality=quality,
            masks=masks or layout is not None,
            workers=_cores() if workers is None else workers,
            images=tuple(image or ()),
            planes=shared.plane_choice(z, t),
            again=again,
            shard=shared.shard_of(shard),
        )
        if cluster is not None:
            from hookpath.cluster import extract_on_cluster
            from hookpath.projects.reopen_projects import ProjectSpec

            places = tuple(path.absolute() for path in sources)
            spec = ProjectSpec(places, mpp, override_mpp, tuple(remap or ()))
            report = extract_on_cluster(spec, out, config, cluster, console.reporter)
            _lay_out(console, report, layout, sources[0].stem)
            _report(console, report)
            return
        with shared.opened(sources, mpp, override_mpp, console.reporter.warn, remap) as projects:
            report = extract_projects(projects, out, config, console.reporter)
            _lay_out(console, report, layout, projects[0].name)
            _report(console, report)


def _lay_out(
    console: Console, report: ExtractReport, layout: Literal["nnunet", "coco"] | None, name: str
) -> None:
    from hookpath.conversion import read_class_values
    from hookpath.extraction.dataset_layouts import LABELS_NAME, write_coco, write_nnunet

    if layout is None or report.table is None:
        return
    found = read_class_values(report.out_dir / LABELS_NAME).classes
    values = {c.name: value for value, c in found.items() if c is not None}
    if layout == "coco":
        console.say(f"COCO: {write_coco(report.table, values)}")
    else:
        console.say(f"nnU-Net: {write_nnunet(report.table, values, name)}")


def _cores() -> int:
    """Those that this process may use (a batch system grants fewer than there are)."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _report(console: Console, report: ExtractReport) -> None:
    records = [*report.extracted, *report.resumed]
    console.result(
        "extracted",
        {
            "out": report.out_dir,
            "table": report.table,
            "images": [record.model_dump() for record in records],
            "problems": [vars(problem) for problem in report.problems],
        },
    )
    names = list(dict.fromkeys(name for record in records for name in record.patches))
    labels = list(Counter(label for record in records for label in record.by_label if label))
    rows = [
        [
            record.image,
            *(str(record.patches.get(name, 0)) for name in names),
            *(str(record.by_label.get(label, 0)) for label in labels),
        ]
        for record in records
    ]
    if records:
        console.table("", ["image", *names, *labels], rows)
        console.say(f"table of all patches: {report.table}")
    fail_for(report.problems, len(records), ExtractionError)

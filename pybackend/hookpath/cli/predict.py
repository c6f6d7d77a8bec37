"""``hookpath predict``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from hookpath.cli import shared_options as shared
from hookpath.cli.console_and_exit_codes import Console, Debug, Json, fail_for, running
from hookpath.cli.dry_run_commands import print_prediction
from hookpath.durations import duration_text
from hookpath.errors import PredictionError, UsageError

if TYPE_CHECKING:
    from hookpath.inference import PredictReport, SlidePrediction


def command(
    sources: shared.Sources,
    out: Annotated[Path, typer.Option("-o", "--out", help="Folder for the results.")],
    model: shared.Models = None,
    as_: Annotated[
        Literal["detections", "annotations", "none"],
        typer.Option("--as", help="What the project gets."),
    ] = "detections",
    tiff: Annotated[bool, typer.Option(help="Class map and probabilities as TIFF.")] = True,
    zarr: Annotated[
        bool, typer.Option("--zarr", help="The maps as OME-Zarr, too (for napari).")
    ] = False,
    geojson: Annotated[bool, typer.Option(help="Objects as GeoJSON.")] = True,
    inside: Annotated[
        str | None,
        typer.Option(
            help="Only inside annotations of this class ('*': any).", show_default="whole slides"
        ),
    ] = None,
    image: shared.OnlyImages = None,
    shard: shared.Shard = None,
    cluster: shared.Cluster = None,
    z: shared.ZPlanes = None,
    t: shared.TimePoints = None,
    min_area: Annotated[float, typer.Option(min=0, help="Drop smaller objects, µm².")] = 100.0,
    simplify: Annotated[float, typer.Option(min=0, help="Outlines may move by this, µm.")] = 0.5,
    tissue: Annotated[
        bool | None,
        typer.Option(
            "--tissue/--no-tissue",
            help="Only where there is tissue.",
            show_default="tissue, unless classes were annotated on the background",
        ),
    ] = None,
    tissue_rule: shared.TissueIs = "generous",
    overlap: Annotated[
        float | None,
        typer.Option(
            min=0,
            max=0.9,
            help="Share that patches have in common, where a model goes patch by patch.",
            show_default="0.5 where convolutions are padded, else 0",
        ),
    ] = None,
    device: shared.Device = "auto",
    engine: Annotated[
        Literal["auto", "torch", "openvino"],
        typer.Option(help="What computes on a CPU; auto: OpenVINO where it agrees with torch."),
    ] = "auto",
    precision: Annotated[
        Literal["fp32", "bf16"], typer.Option(help="bf16: faster, slightly less exact.")
    ] = "fp32",
    amp: Annotated[bool, typer.Option("--amp", help="--precision bf16.", hidden=True)] = False,
    tta: Annotated[
        bool, typer.Option("--tta", help="Mean over mirrors and quarter turns: 8 times the work.")
    ] = False,
    adapt_bn: Annotated[
        bool, typer.Option("--adapt-bn", help="Batch normalisation by each slide's own statistics.")
    ] = False,
    again: Annotated[bool, typer.Option("--again", help="Predict finished slides again.")] = False,
    dry_run: Annotated[
        bool,
        typer.Option(
            "--dry-run",
            help="Say which images would be refused, and which are unlike the training slides; "
            "predict nothing.",
        ),
    ] = False,
    mpp: shared.Mpp = None,
    override_mpp: shared.OverrideMpp = None,
    remap: shared.Remapped = None,
    json: Json = False,
    debug: Debug = False,
) -> None:
    """Predict whole slides; write objects into the project, maps and GeoJSON to a folder.

    A run that was stopped goes on at the first unfinished slide when started again. The same
    command may run several times at once, also on several machines: they share the slides.
    """
    with running("predict", json, debug) as console:
        from hookpath.inference import PredictConfig, check_images, predict_project

        if not model:
            raise UsageError("--model is missing: give the model folder or the run that made it")
        config = PredictConfig(
            as_=as_,
            tiff=tiff,
            geojson=geojson,
            inside=inside,
            planes=shared.plane_choice(z, t),
            images=tuple(image or ()),
            min_area_um2=min_area,
            simplify_um=simplify,
            tissue=_tissue(tissue, tissue_rule),
            overlap=overlap,
            device=device,
            engine=engine,
            amp=amp or precision == "bf16",
            tta=tta,
            adapt_bn=adapt_bn,
            again=again,
            shard=shared.shard_of(shard),
        )
        if zarr and not tiff:
            raise UsageError("--zarr is made from the TIFFs; leave --no-tiff out")
        folders = [shared.model_folder(path).absolute() for path in model]
        if dry_run:
            with shared.opened_as_one(
                sources, mpp, override_mpp, console.reporter.warn, remap
            ) as project:
                print_prediction(console, check_images(project, folders, config, console.reporter))
            return
        if cluster is not None:
            from hookpath.cluster import predict_on_cluster
            from hookpath.projects.reopen_projects import ProjectSpec

            places = tuple(path.absolute() for path in sources)
            spec = ProjectSpec(places, mpp, override_mpp, tuple(remap or ()))
            report = predict_on_cluster(spec, folders, out, config, cluster, console.reporter)
            _write_zarrs(console, report, zarr)
            _report(console, report)
            return
        with shared.opened_as_one(
            sources, mpp, override_mpp, console.reporter.warn, remap
        ) as project:
            report = predict_project(project, folders, out, config, console.reporter)
        _write_zarrs(console, report, zarr)
        _report(console, report)


def _tissue(
    wanted: bool | None, rule: Literal["generous", "saturation"]
) -> bool | Literal["saturation", "auto"]:
    """Where to predict, from the two options."""
    if wanted is False:
        return False
    if rule == "saturation":
        return rule
    return True if wanted else "auto"


def _write_zarrs(console: Console, report: PredictReport, wanted: bool) -> None:
    """The maps of all slides as OME-Zarr; those that are there stay."""
    from hookpath.inference import maps_as_zarr
    from hookpath.inference.prediction_record import ZARR_NAME

    folders = [found.folder for found in (*report.predicted, *report.resumed)]
    left = [f for f in folders if not (f / ZARR_NAME).is_dir()] if wanted else []
    if not left:
        return
    console.reporter.start("OME-Zarr", len(left), "slide")
    for folder in left:
        maps_as_zarr(folder)
        console.reporter.advance("OME-Zarr")
    console.reporter.finish("OME-Zarr")


def _report(console: Console, report: PredictReport) -> None:
    from hookpath.inference import summary

    done = [*report.predicted, *report.resumed]
    console.result(
        "predicted",
        {
            "out": report.out_dir,
            "images": [summary(found) for found in done],
            "problems": [vars(problem) for problem in report.problems],
        },
    )
    classes = done[0].record.classes if done else ()
    columns = ["image", *(f"{name} mm²" for name in classes), "objects", "time"]
    console.table("", columns, [_row(found, classes) for found in done])
    console.say(f"results in {report.out_dir}")
    fail_for(report.problems, len(done), PredictionError)


def _row(found: SlidePrediction, classes: tuple[str, ...]) -> list[str]:
    record = found.record
    areas = (f"{record.areas_mm2.get(name, 0.0):.3f}" for name in classes)
    return [record.image, *areas, str(record.objects), duration_text(record.seconds)]

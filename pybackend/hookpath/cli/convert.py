"""``hookpath convert``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from hookpath.cli.console_and_exit_codes import Console, Debug, Json, counted, running
from hookpath.cli.shared_options import Mpp
from hookpath.errors import AnnotationError, UsageError, shared_code
from hookpath.limits import DOWNSAMPLE, SPACING_UM

if TYPE_CHECKING:
    from hookpath.conversion import Converted, ConvertReport


def command(
    files: Annotated[
        list[Path],
        typer.Argument(
            metavar="FILE…",
            help="ASAP XML, ImageScope XML, HALO .annotations, label masks (PNG, TIFF), GeoJSON.",
        ),
    ],
    out: Annotated[
        Path | None,
        typer.Option(
            "-o",
            "--out",
            help="Folder for the results.",
            show_default="beside the slide, else beside the file",
        ),
    ] = None,
    to: Annotated[
        Literal["geojson", "asap", "imagescope", "mask", "mask-tiff"],
        typer.Option(help="Format of the results."),
    ] = "geojson",
    slides: Annotated[
        Path | None,
        typer.Option(
            help="Slides that the files belong to: a project, a folder, or one slide.",
            show_default="slides of the same name beside the files",
        ),
    ] = None,
    classes: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="Class of each mask value (value, name, colour, ignore) as CSV, JSON or TOML.",
        ),
    ] = None,
    class_: Annotated[
        list[str] | None,
        typer.Option(
            "--class",
            metavar="OLD=NEW",
            help="Rename a class; 'OLD=' drops it, '=NEW' names what has none; repeatable.",
        ),
    ] = None,
    hole: Annotated[
        list[str] | None,
        typer.Option(help="ASAP group that is cut out of the others.", show_default="Exclusion"),
    ] = None,
    class_from: Annotated[
        str,
        typer.Option(
            help="What ImageScope's class is: layer, text (of the region), or an attribute's name."
        ),
    ] = "layer",
    frame: Annotated[
        Literal["auto", "qupath", "file"],
        typer.Option(
            help="What XML's coordinates and masks start at: the part of the slide that QuPath "
            "shows, or the whole file (auto: XML at the file, masks at what QuPath shows)."
        ),
    ] = "auto",
    mask_spacing: Annotated[
        float | None,
        typer.Option(
            help="µm per mask px.", min=0.01, max=SPACING_UM, show_default="from the slide's size"
        ),
    ] = None,
    downsample: Annotated[
        float | None,
        typer.Option(
            help="Slide px per mask px.",
            min=0.01,
            max=DOWNSAMPLE,
            show_default="from the slide's size",
        ),
    ] = None,
    origin: Annotated[
        str | None,
        typer.Option(
            metavar="X,Y",
            help="Slide px at which the corner of a mask lies.",
            show_default="0,0: it covers the slide",
        ),
    ] = None,
    simplify: Annotated[
        float, typer.Option(min=0, help="Outlines of masks may move by this, mask px.")
    ] = 0.0,
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="Replace results that exist.")
    ] = False,
    mpp: Mpp = None,
    json: Json = False,
    debug: Debug = False,
) -> None:
    """Other programs' annotations to QuPath's GeoJSON, and back."""
    with running("convert", json, debug) as console:
        from hookpath.conversion import ConvertConfig, convert_files

        config = ConvertConfig(
            to=to,
            slides=slides,
            mpp=mpp,
            table=classes,
            rename=tuple(class_ or ()),
            holes=tuple(hole or ("Exclusion",)),
            class_from=class_from,
            whole_file={"auto": None, "qupath": False, "file": True}[frame],
            mask_spacing_um=mask_spacing,
            downsample=downsample,
            origin=_position(origin) if origin else None,
            simplify_px=simplify,
            overwrite=overwrite,
        )
        if mpp is not None and not 0.01 <= mpp <= 100:
            raise UsageError(f"--mpp {mpp:g}: µm per pixel must lie between 0.01 and 100")
        _report(console, convert_files(files, out, config, console.reporter))


def _what_happened(found: Converted) -> str:
    """Behind the name of a result."""
    if found.there:
        return " (as it was)"
    return " (replaced)" if found.replaced else ""


def _position(text: str) -> tuple[float, float]:
    try:
        x, y = (float(part) for part in text.split(","))
    except ValueError as error:
        raise UsageError(f"--origin {text}: give two numbers, as 59206,33505") from error
    return x, y


def _report(console: Console, report: ConvertReport) -> None:
    done, problems = report.converted, report.problems
    console.result(
        "converted", {"files": [vars(d) for d in done], "problems": [vars(p) for p in problems]}
    )
    rows = [
        [
            f"{found.path}{_what_happened(found)}",
            ", ".join(f"{n} {name or 'without class'}" for name, n in found.objects.items()) or "–",
            str(found.holes) if found.holes else "",
        ]
        for found in done
    ]
    if rows:
        console.table("", ["file", "objects", "holes"], rows)
    if problems:
        raise AnnotationError(
            f"{counted(len(problems), 'result was', 'results were')} not made; "
            f"{problems[0].message}",
            code=shared_code(problems),
        )

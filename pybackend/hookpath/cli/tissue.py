"""``hookpath tissue``."""

from __future__ import annotations

from typing import Annotated

import typer

from hookpath.cli import shared_options as shared
from hookpath.cli.console_and_exit_codes import Debug, Json, fail_for, running
from hookpath.errors import LoopError
from hookpath.limits import LENGTH_UM, SPACING_UM


def command(
    source: shared.Source,
    image: shared.OnlyImages = None,
    threshold: Annotated[
        float, typer.Option(min=0, max=255, help="Of RGB: darker than this grey value is tissue.")
    ] = 200.0,
    auto: Annotated[
        bool, typer.Option("--auto", help="Find the threshold on each slide, dark ground too.")
    ] = False,
    saturation: Annotated[
        bool,
        typer.Option("--saturation", help="By colour, as H2G-Net: HSV saturation above 20 of 255."),
    ] = False,
    spacing: Annotated[
        float, typer.Option(min=0.1, max=SPACING_UM, help="µm/px at which is looked.")
    ] = 20.0,
    min_area: Annotated[float, typer.Option(min=0, help="Drop smaller pieces, µm².")] = 100_000.0,
    max_hole: Annotated[float, typer.Option(min=0, help="Fill smaller holes, µm².")] = 100_000.0,
    smooth: Annotated[
        float, typer.Option(min=0, max=LENGTH_UM, help="Smooth bumps of this size, µm.")
    ] = 40.0,
    simplify: Annotated[
        float, typer.Option(min=0, max=LENGTH_UM, help="Outlines may move by this, µm.")
    ] = 10.0,
    class_name: Annotated[str, typer.Option("--class", help="Class of the outlines.")] = "Tissue",
    mpp: shared.Mpp = None,
    override_mpp: shared.OverrideMpp = None,
    json: Json = False,
    debug: Debug = False,
) -> None:
    """Outline the tissue by threshold, as annotations to be corrected with the brush.

    They take the place of earlier outlines that nobody changed; everything else on an image stays.
    """
    with (
        running("tissue", json, debug) as console,
        shared.opened([source], mpp, override_mpp, console.reporter.warn) as (project,),
    ):
        from hookpath.loop import TissueSettings, find_entry, tissue_in_project

        settings = TissueSettings(
            threshold=None if auto or saturation else threshold,
            rule="saturation" if saturation else "generous",
            spacing_um=spacing,
            min_area_um2=min_area,
            max_hole_um2=max_hole,
            smooth_um=smooth,
            simplify_um=simplify,
            class_name=class_name,
        )
        chosen = [find_entry(project, name) for name in image or ()]
        done, problems = tissue_in_project(project, settings, chosen, console.reporter)
        found = {"images": [vars(d) for d in done], "problems": [vars(p) for p in problems]}
        console.result("tissues", found)
        rows = [[d.name, str(d.objects), f"{d.area_mm2:.3f}"] for d in done]
        console.table("", ["image", "outlines", "tissue mm²"], rows)
        fail_for(problems, len(done), LoopError)

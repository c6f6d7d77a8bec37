"""``hookpath export``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer

from hookpath.cli.console_and_exit_codes import Debug, Json, running
from hookpath.cli.shared_options import model_folder


def command(
    model: Annotated[
        Path, typer.Argument(metavar="MODEL", help="Model folder, or the run that made it.")
    ],
    out: Annotated[
        Path,
        typer.Option("-o", "--out", help="Folder for the files; of zip and bioimageio the file."),
    ],
    to: Annotated[
        Literal["onnx", "fastpathology", "wsinfer", "bioimageio", "zip"],
        typer.Option(help="What to export to."),
    ] = "onnx",
    input_size: Annotated[
        int | None, typer.Option(min=1, help="Side of the inputs in px.", show_default="as trained")
    ] = None,
    author: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME", help="Of bioimageio: who made the model; may be repeated."),
    ] = None,
    licence: Annotated[
        str | None,
        typer.Option(
            "--license", metavar="SPDX", help="Of bioimageio: the model's licence, as CC-BY-4.0."
        ),
    ] = None,
    json: Json = False,
    debug: Debug = False,
) -> None:
    """Write a trained model for other programs; run it there and compare before it is kept."""
    with running("export", json, debug) as console:
        from hookpath.export import export_model

        done = export_model(model_folder(model), out, to, input_size, author or (), licence)
        console.result("exported", done.as_dict())
        for path in done.files:
            console.say(str(path))
        if done.format != "zip":
            console.say(f"largest difference to torch: {done.difference:.1e}")

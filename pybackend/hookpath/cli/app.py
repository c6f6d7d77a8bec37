"""The ``hookpath`` command: what there is, and how it ends."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from hookpath import __version__
from hookpath.cli import (
    compare,
    convert,
    demo,
    doctor,
    evaluate,
    export,
    extract,
    import_,
    info,
    loop,
    measure,
    predict,
    preview,
    split,
    suggest,
    tissue,
    train,
)
from hookpath.cli.console_and_exit_codes import Debug, Json

app = typer.Typer(
    name="hookpath",
    help="Learn tissue classes from a few sparse polygons, predict whole slides, and bring the "
    "result back to QuPath.",
    epilog="Exit codes: 0 done, 1 failed (one line says why and what to do), 2 wrong usage, "
    "75 stopped by a batch system (start it again).",
    no_args_is_help=True,
    invoke_without_command=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _show_version(wanted: bool) -> None:
    if wanted:
        from hookpath.revision import commit

        typer.echo(f"hookpath {__version__}")
        if built_from := commit():
            typer.echo(f"commit {built_from}")
        raise typer.Exit


@app.callback()
def _root(
    context: typer.Context,
    version: Annotated[
        bool,
        typer.Option("--version", callback=_show_version, is_eager=True, help="Print the version."),
    ] = False,
    request: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="Command and options from a JSON file, as viewers hand them over; -: its name "
            "comes on standard input, when what training needs is loaded.",
        ),
    ] = None,
    json: Json = False,
    debug: Debug = False,
) -> None:
    if context.invoked_subcommand is not None:
        if request or json or debug:
            context.fail("--request, --json and --debug before a command's name mean nothing")
        return
    if request is None:
        context.fail("name a command, or give --request FILE")
    from hookpath.cli.request_file import run_request

    if str(request) == "-":
        from hookpath.cli.preloaded_process import awaited

        request = awaited()
        if request is None:
            raise typer.Exit
    run_request(context, request, json, debug)


for _module in (
    demo,
    doctor,
    info,
    split,
    suggest,
    preview,
    train,
    predict,
    import_,
    evaluate,
    measure,
    compare,
    export,
    tissue,
    convert,
    extract,
):
    app.command(name=_module.__name__.rsplit(".", 1)[-1].rstrip("_"))(_module.command)

app.add_typer(loop.app)

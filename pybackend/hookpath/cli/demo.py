"""``hookpath demo``."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from hookpath.cli.console_and_exit_codes import Console, Debug, Json, running

if TYPE_CHECKING:
    from hookpath.demo import DemoResult


def command(
    out: Annotated[Path, typer.Option("-o", "--out", help="Folder for everything.")] = Path(
        "hookpath-demo"
    ),
    seed: Annotated[int, typer.Option(min=0, help="Of slides, polygons and training.")] = 0,
    slides: Annotated[
        bool, typer.Option("--slides", help="Only make small synthetic slides with a few polygons.")
    ] = False,
    json: Json = False,
    debug: Debug = False,
) -> None:
    """The whole job on synthetic slides: polygons, training, prediction, metrics, pictures.

    A few minutes on two CPU cores. Stopped midway, the same command goes on.
    """
    with running("demo", json, debug) as console:
        from hookpath.demo import TO_TRY, DemoConfig, make_demo_slides, run_demo

        if slides:
            folder = make_demo_slides(out, replace(TO_TRY, seed=seed), console.reporter)
            console.result("demo", {"out": out, "slides": folder})
            console.say(f"slides      {folder}")
            return
        _report(console, run_demo(out, DemoConfig(seed=seed), console.reporter))


def _report(console: Console, result: DemoResult) -> None:
    reports = result.reports
    console.result(
        "demo",
        {
            "out": result.out,
            "models": result.models,
            "pictures": result.pictures,
            "f1": {
                title: dict(zip(r.classes.names, r.pooled.annotated("f1"), strict=True))
                for title, r in reports.items()
            },
            "macro_f1": {title: r.pooled.macro("f1") for title, r in reports.items()},
        },
    )
    names = next(iter(reports.values())).classes.names
    rows = [
        [title, *(f"{v:.3f}" for v in r.pooled.annotated("f1")), f"{r.pooled.macro('f1'):.3f}"]
        for title, r in reports.items()
    ]
    console.table("F1 on slides that no network has seen", ["", *names, "macro"], rows)
    model, slides = result.models["HookNet"], result.slides
    console.say(f"slides      {slides} (the predictions of HookNet in test-*.hookpath.geojson)")
    console.say(f"pictures    {result.pictures[0]}")
    console.say(f"            {result.pictures[1]}")
    console.say(
        f"reports     {result.out}/*/evaluation/report.html, {result.out}/*/run/report.html"
    )
    console.say(f"model       {model}")
    console.say("next, on your own slides (a QuPath project, or slides with <slide>.geojson):")
    console.say("            hookpath info PROJECT")
    console.say("            hookpath train PROJECT -o my-run")
    console.say("            hookpath predict PROJECT --model my-run -o my-predictions")

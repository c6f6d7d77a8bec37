"""``hookpath suggest``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from hookpath.cli import shared_options as shared
from hookpath.cli.console_and_exit_codes import Console, Debug, Json, running
from hookpath.cli.output_file import refuse_unwritable, saving

if TYPE_CHECKING:
    from hookpath.suggestion import Suggestion


def command(
    sources: Annotated[
        list[Path],
        typer.Argument(metavar="SOURCE...", help="QuPath projects, folders of slides, or slides."),
    ],
    out: Annotated[
        Path | None,
        typer.Option(
            "-o", "--out", help="Write run.toml, for train --config.", show_default="printed only"
        ),
    ] = None,
    line_width: shared.LineWidth = None,
    fold_derived: shared.FoldDerived = False,
    set_: shared.Settings = None,
    mpp: shared.Mpp = None,
    override_mpp: shared.OverrideMpp = None,
    device: shared.Device = "auto",
    json: Json = False,
    debug: Debug = False,
) -> None:
    """Which µm/px and which network suit these slides; what to draw next. Nothing is trained."""
    with running("suggest", json, debug) as console:
        from hookpath.atomic_files import replace_text
        from hookpath.suggestion import suggest
        from hookpath.training import TrainConfig

        rules = [f"labels.line_width_um={line_width}"] if line_width else []
        rules += ["labels.fold_derived=true"] if fold_derived else []
        config = TrainConfig.load(preset="auto", overrides=[*rules, *(set_ or [])])
        refuse_unwritable(out)
        with shared.opened(sources, mpp, override_mpp, console.reporter.warn) as projects:
            found = suggest(projects, config, console.reporter, device)
        if out is not None:
            with saving(out):
                replace_text(out, found.toml())
        _report(console, found, out)


def _report(console: Console, found: Suggestion, out: Path | None) -> None:
    console.result("suggestion", {**as_data(found), "config": out})
    console.say(f"{'views':<24}{'macro F1':>10}{'±':>8}   by class")
    for judged in found.judged:
        by_class = ", ".join(f"{name} {f1:.2f}" for name, f1 in judged.by_class.items())
        mark = "*" if judged is found.chosen else " "
        error = f"{judged.error:.3f}" if judged.error == judged.error else "?"
        metrics = f"{judged.macro_f1:>10.3f}{error:>8}"
        console.say(f"{mark} {judged.views.text:<22}{metrics}   {by_class}")
    gains = ", ".join(f"{name} {gain:+.2f}" for name, gain in found.gain.items())
    widths = ", ".join(
        f"{name} {annotated.width_um:.0f} µm" for name, annotated in found.annotated.items()
    )
    lines = {
        "a wider view adds": gains,
        "outlines are across": widths,
        "slides": f"{len(found.slides)}, each left out in turn; {found.seconds:.0f} s",
        "draw next": found.next or "",
        "train": f"hookpath train SOURCE --config {out} -o RUN" if out else _command(found),
    }
    for name, value in lines.items():
        if value:
            console.say(f"{name:<20} {value}")
    for warning in found.warnings:
        console.reporter.warn(warning)


def _command(found: Suggestion) -> str:
    spacings = found.settings["model.spacings"]
    return (
        f"hookpath train SOURCE -m {found.settings['family']} "
        f"--set 'model.spacings={spacings}' -o RUN"
    )


def as_data(found: Suggestion) -> dict[str, object]:
    """For ``--json``: plain values, NaN as null."""
    return {
        "views": [
            {
                "spacings": j.views.spacings,
                "macro_f1": _number(j.macro_f1),
                "error": _number(j.error),
                "by_class": {name: _number(f1) for name, f1 in j.by_class.items()},
            }
            for j in found.judged
        ],
        "settings": dict(found.settings),
        "gain": {name: _number(gain) for name, gain in found.gain.items()},
        "width_um": {name: _number(d.width_um) for name, d in found.annotated.items()},
        "slides": found.slides,
        "next": found.next,
        "seconds": round(found.seconds, 1),
        "cells_per_s": _number(found.cells_per_s),
    }


def _number(value: float) -> float | None:
    return value if value == value else None

"""``hookpath preview``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from hookpath.cli import shared_options as shared
from hookpath.cli.console_and_exit_codes import Console, Debug, Json, running
from hookpath.cli.train import asked, default_preset, settled_settings

if TYPE_CHECKING:
    from hookpath.training_preview import Look


def command(
    sources: shared.Sources,
    out: Annotated[
        Path, typer.Option("-o", "--out", metavar="FILE", help="The page, or a folder for it.")
    ] = Path("preview.html"),
    patches: Annotated[int, typer.Option(min=1, max=200, help="Patches to show.")] = 24,
    family: shared.Family = None,
    preset: Annotated[
        shared.Preset | None, typer.Option(help="As for train.", show_default="auto")
    ] = None,
    config: shared.ConfigFile = None,
    set_: shared.Settings = None,
    minutes: Annotated[
        float | None, typer.Option(min=0.1, help="As for train.", show_default="the preset's")
    ] = None,
    rest: shared.RestClass = None,
    line_width: shared.LineWidth = None,
    fold_derived: shared.FoldDerived = False,
    map_: shared.MapClass = None,
    splits: shared.Splits = None,
    fold: shared.Fold = None,
    mpp: shared.Mpp = None,
    override_mpp: shared.OverrideMpp = None,
    remap: shared.Remapped = None,
    json: Json = False,
    debug: Debug = False,
) -> None:
    """Look before training: patches beside their labels, class balance, time and memory, as a page.

    Takes the options of train, opens everything as it does, does a few steps' work, learns nothing.
    """
    with running("preview", json, debug) as console:
        from hookpath.evaluation.report.html_templates import refuse_unwritable, save_page
        from hookpath.training import TrainConfig
        from hookpath.training_preview import look, look_page

        changes = asked(
            family=family, rest=rest, line_width=line_width, fold_derived=fold_derived, mapped=map_,
            minutes=minutes, splits=splits, fold=fold, settings=set_,
        )  # fmt: skip
        preset = preset or default_preset(config)
        settings = TrainConfig.load(config, preset, changes)
        page = out if out.suffix.lower() == ".html" else out / "preview.html"
        refuse_unwritable(page)
        with shared.opened(sources, mpp, override_mpp, console.reporter.warn, remap) as projects:
            settings = settled_settings(projects, settings, config, preset, changes, console)
            found = look(projects, settings, patches, console.reporter)
            save_page(look_page(found, _title([p.name for p in projects])), page)
        _report(console, found, page)


def _title(names: list[str]) -> str:
    return f"Before training on {', '.join(names)}"


def _report(console: Console, found: Look, out: Path) -> None:
    pixels = found.sampled.pixels
    total = int(pixels.sum())
    seen = {c.name: int(n) / total for c, n in zip(found.classes, pixels, strict=True) if total}
    console.result(
        "preview",
        {
            "page": out,
            "network": found.network,
            "cost": vars(found.cost),
            "off_slide": found.off_slide,
            "drawn_mm2": found.areas_mm2,
            "share_seen": seen,
            "split": found.split,
            "settings": found.settings,
            "findings": [vars(f) for f in found.findings],
        },
    )
    rows = [
        [c.name, *(f"{found.areas_mm2[p].get(c.name, 0.0):.4f}" for p in ("train", "val")),
         f"{seen.get(c.name, 0.0):.0%}"]
        for c in found.classes
    ]  # fmt: skip
    if rows:
        console.table("", ["class", "training mm²", "validation mm²", "in patches"], rows)
    console.say(f"{'network':<20} {found.network}")
    console.say(f"{'time':<20} {found.cost.time_text}")
    console.say(f"{'memory':<20} {found.cost.memory_text}")
    console.say(f"{'page':<20} {out}")

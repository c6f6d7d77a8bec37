"""``hookpath loop simulate``: learning curves of the loop, with an oracle in a person's place."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from hookpath.cli.console_and_exit_codes import Console, Debug, Json, running
from hookpath.cli.shared_options import Mpp, OverrideMpp, Settings, opened
from hookpath.limits import LENGTH_UM


def command(
    out: Annotated[Path, typer.Option("-o", "--out", help="Folder of the simulation.")],
    source: Annotated[
        Path | None,
        typer.Argument(
            metavar="[SOURCE]",
            help="Project or folder of slides of which everything is known.",
            show_default="synthetic slides, new ones for every seed",
        ),
    ] = None,
    truth: Annotated[
        Path | None,
        typer.Option(
            help="Folder with <slide>.geojson: all that is on SOURCE's slides.",
            show_default="the project's annotations",
        ),
    ] = None,
    strategy: Annotated[
        list[str] | None,
        typer.Option(
            help="random, uncertainty, both, untouched (untouched proposals become labels: "
            "what must not be done); repeatable.",
            show_default="all",
        ),
    ] = None,
    seeds: Annotated[int, typer.Option(min=1, help="Repetitions, each with its own luck.")] = 3,
    first_seed: Annotated[int, typer.Option(min=0, help="Number of the first one.")] = 0,
    rounds: Annotated[int, typer.Option(min=1, help="Rounds of training.")] = 6,
    pool: Annotated[int, typer.Option(min=4, help="Synthetic slides to learn from.")] = 14,
    test: Annotated[
        float, typer.Option(min=0, max=0.9, help="Share of SOURCE's slides that measure.")
    ] = 0.33,
    per_round: Annotated[int, typer.Option(min=1, help="Slides corrected in a round.")] = 1,
    budget: Annotated[float, typer.Option(min=0, help="mm² corrected of each slide.")] = 0.04,
    region_um: Annotated[
        float, typer.Option(min=1, max=LENGTH_UM, help="In squares of this side, µm.")
    ] = 100.0,
    size: Annotated[int, typer.Option(min=64, help="Side of a synthetic slide, px of 1 µm.")] = 384,
    set_: Settings = None,
    mpp: Mpp = None,
    override_mpp: OverrideMpp = None,
    json: Json = False,
    debug: Debug = False,
) -> None:
    """The loop with an oracle that corrects: learning curves by strategy.

    SOURCE is only read. Finished curves are kept: the same command goes on where it was stopped.
    """
    with (
        running("loop simulate", json, debug) as console,
        opened([source] if source else [], mpp, override_mpp, console.reporter.warn) as projects,
    ):
        from hookpath.loop.simulation import simulate_loop

        plan = simulate_loop.Simulation(
            pool=pool,
            test_share=test,
            rounds=rounds,
            per_round=per_round,
            budget_mm2=budget,
            region_um=region_um,
            size_px=size // 4 * 4,
        )
        found = simulate_loop.run(
            out,
            plan,
            strategy or simulate_loop.STRATEGIES,
            range(first_seed, first_seed + seeds),
            set_ or (),
            project=next(iter(projects), None),
            truth=truth,
            reporter=console.reporter,
        )
        console.result("simulated", found)
        for title, key in (
            ("macro F1 on the test slides", "f1"),
            ("gain over random, seed by seed", "gain"),
        ):
            _curve_table(console, f"{title} (± 95 % confidence)", found["curves"], key)
        console.say(f"curves {found['plot']}")


def _curve_table(console: Console, title: str, curves: dict[str, Any], key: str) -> None:
    from hookpath.loop.simulation.learning_curves import BASELINE, TITLES

    shown = {n: v for n, v in curves.items() if key == "f1" or n != BASELINE}
    if not shown or any(v["rounds"][0][key] is None for v in shown.values()):
        return
    played = max(len(values["rounds"]) for values in shown.values())
    columns = ["strategy", "seeds", *(f"round {n}" for n in range(1, played + 1))]
    console.table(title, columns, [
        [TITLES[name], str(values["seeds"]), *(_point(r, key) for r in values["rounds"])]
        for name, values in shown.items()
    ])  # fmt: skip


def _point(values: dict[str, Any], key: str) -> str:
    half = values["half_width" if key == "f1" else f"{key}_half_width"]
    sign = "" if key == "f1" else "+"
    return f"{values[key]:{sign}.3f}" + ("" if half is None else f" ± {half:.3f}")

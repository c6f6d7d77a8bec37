"""``hookpath compare --design``: a whole experiment."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from hookpath.cli.console_and_exit_codes import Console
from hookpath.cli.shared_options import opened
from hookpath.errors import UsageError

if TYPE_CHECKING:
    from hookpath.experiments import Design, ExperimentSummary

Folds = Annotated[
    int | None,
    typer.Option(
        help="With --design: folds of SOURCE by slide; 1: the project's own split.",
        show_default="3; of real one for each slide",
        min=1,
    ),
]
Seeds = Annotated[
    int | None, typer.Option(help="With --design: seeds, from 0 on.", show_default="1", min=1)
]
Truth = Annotated[
    Path | None,
    typer.Option(
        help="With --design: folder with <slide>.geojson to score against.",
        show_default="the annotations in the project",
    ),
]
By = Annotated[
    str | None,
    typer.Option(
        metavar="KEY",
        help="With --design real: leave out all slides of one value of this metadata at a time.",
        show_default="every slide alone",
    ),
]
Budget = Annotated[
    float | None,
    typer.Option(
        "--budget-seconds",
        help="With --design: CPU seconds that each contestant may learn on a fold.",
        show_default="as many steps as set",
        min=1,
    ),
]
Preset = Annotated[
    Literal["auto", "paper", "fast", "gpu"] | None,
    typer.Option(
        help="With --design: training preset.",
        show_default="the design's; else paper on a GPU, fast without",
    ),
]
Settings = Annotated[
    list[str] | None,
    typer.Option(
        "--set", metavar="KEY=VALUE", help="With --design: a training setting; repeatable."
    ),
]
Only = Annotated[
    list[str] | None,
    typer.Option(help="With --design: only this contestant; repeatable.", show_default="all"),
]


@dataclass(frozen=True)
class Given:
    """The options that only a design takes."""

    folds: int | None = None
    seeds: int | None = None
    truth: Path | None = None
    by: str | None = None
    budget_seconds: float | None = None
    preset: Literal["auto", "paper", "fast", "gpu"] | None = None
    set_: list[str] | None = None
    only: list[str] | None = None
    splits: Path | None = None
    fold: int | None = None
    cluster: str | None = None

    def refuse_any(self) -> None:
        """Without a design none of them means anything.

        Raises:
            UsageError: one was given.
        """
        for name, value in vars(self).items():
            if value is not None:
                raise UsageError(f"{_option(name)} means something with --design only")


def run(console: Console, name: str, sources: list[Path], out: Path, given: Given) -> None:
    """Run a design on a project, or on its own synthetic slides.

    Raises:
        UsageError: no such design, or more than one SOURCE.
    """
    from hookpath.experiments import DESIGNS, Options, run_design, summarise

    if name not in DESIGNS:
        raise UsageError(f"--design {name}: there are {', '.join(DESIGNS)}")
    if len(sources) > 1:
        raise UsageError(f"--design {name} takes one SOURCE, not {len(sources)}")
    design = DESIGNS[name]
    if given.by is not None and (given.folds or design.folds) is not None:
        raise UsageError("--by leaves out one group at a time; it needs --design real, no --folds")
    _refuse_two_splits(given, sources)
    options = Options(
        seeds=tuple(range(given.seeds or 1)),
        folds=given.folds,
        truth=given.truth,
        by=given.by,
        splits=given.splits,
        fold=given.fold,
        budget_s=given.budget_seconds,
        preset=given.preset or _preset(design, console),
        overrides=tuple(given.set_ or ()),
        only=tuple(given.only or ()),
    )
    if given.cluster is not None:
        from hookpath.cluster import design_on_cluster
        from hookpath.projects.reopen_projects import ProjectSpec

        spec = ProjectSpec(tuple(s.absolute() for s in sources)) if sources else None
        result = design_on_cluster(design, out, spec, options, given.cluster, console.reporter)
        _report(console, summarise(result, _as_typed(name, sources, given)), out)
        return
    with opened(sources, None) as projects:
        project = projects[0] if projects else None
        result = run_design(design, out, project, options, console.reporter)
        _report(console, summarise(result, _as_typed(name, sources, given)), out)


def _refuse_two_splits(given: Given, sources: list[Path]) -> None:
    if given.fold is not None and given.splits is None:
        raise UsageError("--fold says which fold of --splits is tested; give both")
    if given.splits is not None and not sources:
        raise UsageError("--splits is for slides of one's own; name their SOURCE")
    if given.splits is not None and (given.folds is not None or given.by is not None):
        raise UsageError("--splits says what is tested; leave --folds and --by out")


def _preset(design: Design, console: Console) -> str | None:
    """Without a GPU the papers' schedules would take weeks."""
    if "preset" in design.settings:
        return None
    import torch

    if torch.cuda.is_available():
        return "paper"
    console.reporter.info(
        "no GPU found: training with --preset fast (--preset paper trains as published)"
    )
    return "fast"


def _as_typed(name: str, sources: list[Path], given: Given) -> str:
    """The command that makes this result, without the folder that it goes to."""
    words = ["hookpath compare", *(s.name for s in sources), f"--design {name}"]
    for key, value in vars(given).items():
        if isinstance(value, list):
            words += [f"{_option(key)} '{v}'" for v in value]
        elif value is not None and key != "cluster":  # who computed changes nothing
            shown = f"{value:g}" if isinstance(value, float) else value
            words.append(f"{_option(key)} {value.name if isinstance(value, Path) else shown}")
    return " ".join([*words, "-o OUT"])


def _option(name: str) -> str:
    return f"--{name.strip('_').replace('_', '-')}"


def _report(console: Console, found: ExperimentSummary, out: Path) -> None:
    console.result("experiment", found.as_dict())
    console.table(found.title, found.header, found.rows)
    for verdict in found.verdicts:
        console.say(str(verdict))
    console.say(f"results     {out / 'results.md'}")
    console.say(f"comparison  {out / 'comparison.html'}")

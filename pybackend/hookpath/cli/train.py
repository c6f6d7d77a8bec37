"""``hookpath train``"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from hookpath.cli.console import Console, Debug, Json, running
from hookpath.cli.inputs import Family, Mpp, opened
from hookpath.errors import UsageError

if TYPE_CHECKING:
    from hookpath.training import TrainConfig, TrainResult


def command(
    out: Annotated[
        Path, typer.Option("-o", "--out", help="Folder of the run.", show_default=False)
    ],
    sources: Annotated[
        list[Path] | None,
        typer.Argument(
            metavar="SOURCE...",
            help="QuPath projects, folders of slides, or slides (with --resume: as before).",
            show_default=False,
        ),
    ] = None,
    family: Family = None,
    preset: Annotated[
        Literal["paper", "fast"] | None,
        typer.Option(
            help="paper: as published, for a GPU; fast: minutes on a CPU.",
            show_default="paper on a GPU, fast without",
        ),
    ] = None,
    config: Annotated[
        Path | None, typer.Option(help="TOML file with settings.", show_default=False)
    ] = None,
    set_: Annotated[
        list[str] | None,
        typer.Option(
            "--set", metavar="KEY=VALUE", help="One setting, e.g. model.filters=16; repeatable."
        ),
    ] = None,
    resume: Annotated[bool, typer.Option("--resume", help="Go on with a stopped run.")] = False,
    mpp: Mpp = None,
    json: Json = False,
    debug: Debug = False,
) -> None:
    """Train on sparse annotations, straight from the slides."""
    with running("train", json, debug) as console:
        from hookpath.training import RunFolder, TrainConfig, train

        changes = [*([f"family={family}"] if family else []), *(set_ or [])]
        settings: TrainConfig | None = None
        if not resume or config or preset:
            settings = TrainConfig.load(config, preset or default_preset(config, console), changes)
        elif changes:
            settings = TrainConfig.of(RunFolder(out).record().config).changed(changes)
        if not sources and not resume:
            raise UsageError("name what to train on: a project.qpproj or a folder of slides")
        chosen = sources or [Path(p) for p in RunFolder(out).record().projects]
        with opened(chosen, mpp) as projects:
            try:
                result = train(projects, settings, out, resume, console.reporter)
            except KeyboardInterrupt:
                _report_so_far(console, out)
                raise
        _tell(console, result)


def default_preset(config: Path | None, console: Console) -> Literal["paper", "fast"] | None:
    """Without a GPU the paper's schedule would take weeks; a file says for itself."""
    if config is not None:
        return None
    import torch

    if torch.cuda.is_available():
        return None
    console.reporter.info(
        "no GPU found: training with --preset fast (--preset paper trains as published)"
    )
    return "fast"


def _report_so_far(console: Console, run_dir: Path) -> None:
    """Of a run that was stopped the model so far is there; its report is, too."""
    if not (run_dir / "model" / "model.json").is_file():
        return
    from hookpath.errors import EvaluationError
    from hookpath.evaluation import train_report

    try:
        report = train_report(run_dir)
    except EvaluationError as error:
        console.reporter.warn(str(error))
        return
    console.reporter.info(f"the model so far is in {run_dir / 'model'}, its report in {report}")


def _tell(console: Console, result: TrainResult) -> None:
    from hookpath.evaluation import train_report

    report = train_report(result.run_dir)
    console.result("trained", {**vars(result), "report": report})
    f1 = "not measured" if result.best_f1 is None else f"{result.best_f1:.3f}"
    console.say(f"validation macro F1  {f1} (epoch {result.best_epoch} of {result.epochs})")
    console.say(f"model                {result.model_dir}")
    console.say(f"report               {report}")
    console.say(f"next                 hookpath predict SOURCE --model {result.model_dir} -o OUT")

"""``hookpath train``."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from hookpath.cli import shared_options as shared
from hookpath.cli.console_and_exit_codes import Console, Debug, Json, running
from hookpath.cli.dry_run_commands import print_dry_run
from hookpath.cli.train_folds import print_folds
from hookpath.errors import UsageError
from hookpath.extras import require_extra

if TYPE_CHECKING:
    from hookpath.projects import Project
    from hookpath.training import RunRecord, TrainConfig, TrainResult


def command(
    out: Annotated[Path, typer.Option("-o", "--out", help="Folder of the run.")],
    sources: Annotated[
        list[Path] | None,
        typer.Argument(
            metavar="SOURCE...",
            help="QuPath projects, folders of slides, or slides (with --resume: as before).",
        ),
    ] = None,
    family: shared.Family = None,
    preset: Annotated[
        shared.Preset | None,
        typer.Option(
            help="auto: from pretrained features, what suits these slides; fast: a small network "
            "from scratch, minutes on a CPU; gpu: as auto, an hour on a GPU; paper: as published.",
            show_default="auto",
        ),
    ] = None,
    config: shared.ConfigFile = None,
    set_: shared.Settings = None,
    backbone_weights: Annotated[
        str | None,
        typer.Option(
            help="Start a network's backbone from a file, or from imagenet (fetched).",
            metavar="FILE",
        ),
    ] = None,
    minutes: Annotated[
        float | None,
        typer.Option(
            min=0.1, help="End within this time, the schedule with it.", show_default="the preset's"
        ),
    ] = None,
    init_from: Annotated[
        Path | None,
        typer.Option(
            metavar="MODEL",
            help="Start from this model's design and weights; its classes may be others: those of "
            "the same name keep what they learned.",
        ),
    ] = None,
    channels: Annotated[
        str | None,
        typer.Option(
            metavar="NAME,NAME…",
            help="Channels to learn from, in this order, of images that are no RGB.",
            show_default="all",
        ),
    ] = None,
    rest: shared.RestClass = None,
    line_width: shared.LineWidth = None,
    fold_derived: shared.FoldDerived = False,
    map_: shared.MapClass = None,
    splits: shared.Splits = None,
    fold: shared.Fold = None,
    folds: Annotated[
        int | None,
        typer.Option(
            min=2,
            help="Train so many models, each without a part of the patients that it is then scored "
            "on; with --fold only that one.",
        ),
    ] = None,
    log: Annotated[
        list[str] | None,
        typer.Option(
            metavar="LOGGER",
            help="Metrics also go to mlflow, wandb or a plug-in's logger; repeatable.",
            show_default="the run's folder, with TensorBoard events",
        ),
    ] = None,
    resume: Annotated[
        bool,
        typer.Option(
            "--resume",
            help="Go on with the run in this folder, or start it: the same command may be "
            "repeated. More epochs or minutes make a run longer.",
        ),
    ] = False,
    dry_run: Annotated[
        bool,
        typer.Option(
            "--dry-run",
            help="Say what would be done (settings, slides, device, time, memory); train nothing.",
        ),
    ] = False,
    mpp: shared.Mpp = None,
    override_mpp: shared.OverrideMpp = None,
    remap: shared.Remapped = None,
    json: Json = False,
    debug: Debug = False,
) -> None:
    """Train on sparse annotations, straight from the slides."""
    with running("train", json, debug) as console:
        require_extra("train", "training")
        from hookpath.stages import train
        from hookpath.training import RunFolder, TrainConfig
        from hookpath.training.distributed import are_several, is_first

        changes = asked(
            family=family,
            backbone_weights=backbone_weights,
            init_from=init_from,
            channels=channels,
            rest=rest,
            line_width=line_width,
            fold_derived=fold_derived,
            mapped=map_,
            minutes=minutes,
            splits=None if folds else splits,
            fold=None if folds else fold,
            settings=[*(set_ or []), *([f"log={list(log)}"] if log else [])],
        )
        first = is_first()
        console.quiet(not first)
        if folds and not dry_run:
            if are_several():
                raise UsageError("--folds is for one process each; start without torchrun")
            begun = next(out.glob("fold*/run.json"), None)
            record = None if begun is None else RunFolder(begun.parent).record()
            settings = _of_folds(record, config, preset, changes)
            with shared.opened(
                _named(sources), mpp, override_mpp, console.reporter.warn, remap
            ) as some:
                if record is None:
                    chosen_preset = preset or default_preset(config)
                    settings = settled_settings(
                        some, settings, config, chosen_preset, changes, console
                    )
                print_folds(console, some, settings, out, folds, splits, fold)
            return
        resume = resume and RunFolder(out).is_there
        if resume:
            settings = resumed_settings(RunFolder(out).record(), config, preset, changes)
        else:
            preset = preset or default_preset(config)
            settings = TrainConfig.load(config, preset, changes)
        chosen = (
            sources or [Path(p) for p in RunFolder(out).record().projects]
            if resume
            else (_named(sources))
        )
        with shared.opened(chosen, mpp, override_mpp, console.reporter.warn, remap) as projects:
            if not resume and first:
                settings = settled_settings(projects, settings, config, preset, changes, console)
            if dry_run:
                print_dry_run(console, projects, settings, out, resume)
                return
            try:
                result = train(projects, settings, out, resume, console.reporter)
            except KeyboardInterrupt as stop:
                if first and not console.for_queue(stop):  # a batch system does not wait
                    _report_so_far(console, out)
                raise
        if first:
            _report(console, result)


def _named(sources: list[Path] | None) -> list[Path]:
    if not sources:
        raise UsageError("name what to train on: a project.qpproj or a folder of slides")
    return sources


def _of_folds(
    begun: RunRecord | None,
    config: Path | None,
    preset: shared.Preset | None,
    changes: Sequence[str],
) -> TrainConfig:
    """Settings of all folds: as those that are there have them."""
    from hookpath.training import TrainConfig

    if begun is None:
        return TrainConfig.load(config, preset or default_preset(config), changes)
    return resumed_settings(begun, config, preset, changes)


def asked(
    *,
    family: str | None = None,
    backbone_weights: str | None = None,
    init_from: Path | None = None,
    channels: str | None = None,
    rest: str | None = None,
    line_width: float | None = None,
    fold_derived: bool = False,
    mapped: Sequence[str] | None = None,
    minutes: float | None = None,
    splits: Path | None = None,
    fold: int | None = None,
    settings: Sequence[str] | None = None,
) -> list[str]:
    """What the options say, as settings (``key=value``), those of ``--set`` last.

    Raises:
        UsageError: an option says nothing that can be a setting.
    """
    from hookpath.training.settings_parser import toml_table, toml_text

    given = {
        "family": family,
        "backbone_weights": backbone_weights,
        "init_from": init_from and toml_text(str(shared.model_folder(init_from).absolute())),
        "channels": channels and shared.channel_list(channels),
        "rest.class_name": rest,
        "labels.line_width_um": line_width,
        "labels.fold_derived": str(fold_derived).lower() if fold_derived else None,
        "labels.rename": toml_table(shared.class_map(mapped)) if mapped else None,
        "minutes": minutes,
        "validation.splits": splits and toml_text(str(splits.absolute())),
        "validation.fold": fold,
    }
    return [*(f"{key}={value}" for key, value in given.items() if value), *(settings or [])]


def settled_settings(
    projects: Sequence[Project],
    settings: TrainConfig,
    config: Path | None,
    preset: shared.Preset | None,
    changes: Sequence[str],
    console: Console,
) -> TrainConfig:
    """With preset ``auto`` and nothing said of µm/px, those that suit the slides."""
    from hookpath.suggestion import settled
    from hookpath.training import TrainConfig, given_settings

    given = given_settings(config, changes)
    if settings.preset != "auto" or "model.spacings" in given:
        return settings
    found = settled(projects, settings, "family" in given, console.reporter)
    return TrainConfig.load(config, preset, [*found, *changes]) if found else settings


def default_preset(config: Path | None) -> shared.Preset | None:
    """Few strokes are learned best from features that are there already; a file says for itself."""
    return None if config is not None else "auto"


def resumed_settings(
    record: RunRecord, config: Path | None, preset: shared.Preset | None, changes: Sequence[str]
) -> TrainConfig:
    """The settings of a run with what is given now put over them.

    The command that began a run says again what is known: where a preset found out the µm/px by
    itself, they stay what was found.
    """
    from hookpath.training import TrainConfig, given_settings

    then = TrainConfig.of(record.config)
    if config is None and preset in (None, then.preset):
        return then.changed(changes)
    given = given_settings(config, changes)
    found = [] if "model.spacings" in given else [f"model.spacings={then.model.get('spacings')}"]
    if not found or then.preset != "auto" or "spacings" not in then.model:
        return TrainConfig.load(config, preset, changes)
    family = [] if "family" in given else [f"family={then.family}"]
    return TrainConfig.load(config, preset, [*family, *found, *changes])


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


def _report(console: Console, result: TrainResult) -> None:
    from hookpath.evaluation import train_report

    report = train_report(result.run_dir)
    console.result("trained", {**vars(result), "report": report})
    best = result.best_score
    score = "not measured" if best is None else f"{best:.3f}"
    lines = {
        f"validation {result.score}": f"{score} (epoch {result.best_epoch} of {result.epochs})",
        "model": result.model_dir,
        "report": report,
        "next": _next(result.model_dir),
    }
    for name, value in lines.items():
        console.say(f"{name:<20} {value}")


def _next(model_dir: Path) -> str:
    """What the model is for."""
    from hookpath.models import read_card

    if read_card(model_dir).scores == "magnification":
        return f"hookpath info SOURCE --scale-model {model_dir}"
    return f"hookpath predict SOURCE --model {model_dir} -o OUT"

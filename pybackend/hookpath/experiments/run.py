"""Train, predict and score every contestant on every trial; what is finished is kept."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hookpath.errors import OutputError, UsageError, write_code
from hookpath.evaluation import EvaluationReport, evaluate_project, load_report, train_report
from hookpath.events import SILENT, Reporter
from hookpath.experiments.design import Contestant, Design
from hookpath.experiments.matching import filters_for
from hookpath.experiments.trials import Trial, painted_trials, project_trials
from hookpath.inference import PredictConfig
from hookpath.projects import Project
from hookpath.stages import train
from hookpath.training import TrainConfig
from hookpath.writable import make_folder, replace_text

RECORD_NAME = "experiment.json"
RUN, EVALUATION = "run", "evaluation"


@dataclass(frozen=True)
class Options:
    """How a design is run.

    Attributes:
        seeds: of slides (painted), folds, weights and sampling.
        folds: of a project; None: the design's.
        truth: folder with ``<slide>.geojson`` to score a project's slides against.
        preset: ``paper`` or ``fast``; None: the design's.
        overrides: ``key=value`` training settings, put over everything else.
        only: titles of contestants; empty: all.
        inside: a project's slides are predicted only where something is drawn, unless there is
            truth of its own.
        device: for training and prediction.
    """

    seeds: tuple[int, ...] = (0,)
    folds: int | None = None
    truth: Path | None = None
    preset: str | None = None
    overrides: tuple[str, ...] = ()
    only: tuple[str, ...] = ()
    inside: bool = True
    device: str = "auto"


@dataclass(frozen=True)
class Score:
    """One contestant on one trial."""

    trial: Trial
    contestant: Contestant
    report: EvaluationReport


@dataclass(frozen=True)
class ExperimentResult:
    """All scores of a design, trial by trial, and the settings of every contestant."""

    design: Design
    out: Path
    scores: tuple[Score, ...]
    configs: Mapping[str, TrainConfig]

    def of(self, title: str) -> list[Score]:
        """The scores of one contestant."""
        return [s for s in self.scores if s.contestant.title == title]


def run_design(
    design: Design,
    out: Path,
    project: Project | None = None,
    options: Options | None = None,
    reporter: Reporter = SILENT,
) -> ExperimentResult:
    """Run a design; stopped midway, the same call goes on where it was.

    Every trial of a contestant has a folder of its own, ``<trial>/<contestant>/run`` and
    ``…/evaluation``. Test slides are used for nothing but the final scoring.

    Args:
        project: on what; None: the slides that the design paints.

    Raises:
        UsageError: the design needs a project, or `out` holds something else.
        HookpathError: whatever training, prediction or evaluation raises.
    """
    options = options or Options()
    design = design.only(options.only)
    _claim(out, design, project, options)
    trials = _trials(design, out, project, options, reporter)
    # One order for all trials: slides of several seeds go into one report.
    classes = trials[0].classes
    scores: list[Score] = []
    total = len(trials) * len(design.contestants)
    # Whose model is a part of another one comes after that.
    order = sorted(design.contestants, key=lambda c: c.part_of is not None)
    for trial in trials:
        for contestant in order:
            reporter.info(f"{trial.name}: {contestant.title} ({len(scores) + 1} of {total})")
            config = configure(design, contestant, trial, classes, options)
            report = _score(trial, contestant, config, out, options, project is None, reporter)
            scores.append(Score(trial, contestant, report))
    configs = {
        c.title: configure(design, c, trials[0], classes, options) for c in design.contestants
    }
    return ExperimentResult(design, out, tuple(scores), configs)


def configure(
    design: Design,
    contestant: Contestant,
    trial: Trial,
    classes: Sequence[str],
    options: Options,
) -> TrainConfig:
    """The training settings of a contestant on a trial; all are given the same slides.

    Raises:
        UsageError: a setting is unknown or not valid.
        ModelDesignError: the network cannot be built.
    """
    values: dict[str, Any] = {
        **design.settings,
        **contestant.settings,
        "seed": trial.seed,
        "classes": tuple(classes),
        "device": options.device,
        "validation": {
            **design.settings.get("validation", {}),
            "train": trial.train,
            "val": trial.val,
            "test": trial.withheld,
            "fraction": 0.0,
        },
    }
    if options.preset:
        values["preset"] = options.preset
    config = TrainConfig.of(values).changed(options.overrides)
    chosen = any(text.strip().startswith("model.filters") for text in options.overrides)
    if design.parameters is None or config.preset != "paper" or chosen:
        return config
    arguments = {**config.model, "n_classes": len(classes)}
    filters = filters_for(config.family, arguments, design.parameters)
    return config.changed([f"model.filters={filters}"])


def _score(
    trial: Trial,
    contestant: Contestant,
    config: TrainConfig,
    out: Path,
    options: Options,
    painted: bool,
    reporter: Reporter,
) -> EvaluationReport:
    folder = out / trial.name / contestant.slug
    if (folder / EVALUATION / "report.json").is_file():
        return load_report(folder / EVALUATION)
    # Truth of one's own may lie anywhere, on glass too; else it is where something is drawn.
    anywhere = trial.truth is not None and not painted
    whole = painted or anywhere or not options.inside
    return evaluate_project(
        trial.project,
        model_dir=_model(trial, contestant, config, out, reporter),
        out_dir=folder / EVALUATION,
        truth_dir=trial.truth,
        names=trial.test,
        predict=PredictConfig(
            device=options.device, inside=None if whole else "*", tissue=not anywhere
        ),
        title=f"{contestant.title}, {trial.name}",
        reporter=reporter,
    )


def _model(
    trial: Trial, contestant: Contestant, config: TrainConfig, out: Path, reporter: Reporter
) -> Path:
    """Train the contestant (or take what another one trained); its model folder."""
    if contestant.part_of is not None:
        title, inside = contestant.part_of
        return out / trial.name / Contestant(title).slug / RUN / inside
    run = out / trial.name / contestant.slug / RUN
    resume = (run / "run.json").is_file()
    result = train([trial.project], config, run, resume, reporter)
    train_report(run)
    return result.model_dir


def _trials(
    design: Design, out: Path, project: Project | None, options: Options, reporter: Reporter
) -> list[Trial]:
    if project is not None:
        folds = design.folds if options.folds is None else options.folds
        # The paper's lung slides: 12 to train, 6 to validate, 9 to test in each of three folds.
        return project_trials(project, folds, options.seeds, options.truth, validation=1 / 3)
    if design.painted is None:
        raise UsageError(f"design {design.name} needs a SOURCE: a project to run it on")
    return painted_trials(design.painted, out, options.seeds, reporter)


def _claim(out: Path, design: Design, project: Project | None, options: Options) -> None:
    """Take a new folder, or that of the same experiment."""
    record = json.dumps(
        {
            "design": design.name,
            "source": None if project is None else str(project.source.resolve()),
            "contestants": {c.title: {**design.settings, **c.settings} for c in design.contestants},
            "seeds": list(options.seeds),
            "folds": options.folds,
            "truth": None if options.truth is None else str(options.truth.resolve()),
            "preset": options.preset,
            "set": list(options.overrides),
        },
        indent=2,
        ensure_ascii=False,
    )
    path = out / RECORD_NAME
    if path.is_file() and path.read_text(encoding="utf-8") == record:
        return
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise UsageError(
            f"{out}: holds another experiment or other files; choose another folder with -o"
        )
    try:
        make_folder(out)
        replace_text(path, record)
    except OSError as error:
        raise OutputError(
            f"{out}: cannot be written to ({error.strerror})", code=write_code(error)
        ) from error

"""Train, predict and score every contestant on every trial; what is finished is kept."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hookpath.errors import UsageError
from hookpath.evaluation import EvaluationReport, evaluate_project, load_report
from hookpath.events import SILENT, Reporter
from hookpath.experiments.contestant import RUN, Lesson
from hookpath.experiments.contestant_registry import METHODS
from hookpath.experiments.cpu_costs import Cost, metered
from hookpath.experiments.design import Contestant, Design
from hookpath.experiments.design_options import Options
from hookpath.experiments.experiment_folder import claim
from hookpath.experiments.folds_and_seeds import (
    Trial,
    project_trials,
    synthetic_trials,
    table_trials,
)
from hookpath.experiments.parameter_matching import filters_for
from hookpath.inference import PredictConfig
from hookpath.projects import Project
from hookpath.training import TrainConfig


@dataclass(frozen=True)
class Score:
    """One contestant on one trial; `cost` is None where nobody measured it."""

    trial: Trial
    contestant: Contestant
    report: EvaluationReport
    cost: Cost | None = None


@dataclass(frozen=True)
class ExperimentResult:
    """All scores of a design, trial by trial, and the settings of every contestant."""

    design: Design
    out: Path
    scores: tuple[Score, ...]
    configs: Mapping[str, TrainConfig]
    budget_s: float | None = None

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
        project: on what; None: the synthetic slides of the design.

    Raises:
        UsageError: the design needs a project, or `out` holds something else.
        HookpathError: whatever training, prediction or evaluation raises.
    """
    options = options or Options()
    design, trials = prepare_design(design, out, project, options, reporter)
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
            scores.append(
                _score(trial, contestant, config, out, options, project is None, reporter)
            )
    configs = {
        c.title: configure(design, c, trials[0], classes, options) for c in design.contestants
    }
    return ExperimentResult(design, out, tuple(scores), configs, options.budget_s)


def prepare_design(
    design: Design, out: Path, project: Project | None, options: Options, reporter: Reporter
) -> tuple[Design, list[Trial]]:
    """Take the folder; what of the design can be had here, and its trials.

    Raises:
        UsageError: see `run_design`.
    """
    design = _at_hand(design.only(options.only), options, reporter)
    claim(out, design, project, options)
    return design, _trials(design, out, project, options, reporter)


def score_contestant(
    design: Design, out: Path, project: Project | None, options: Options, trial: str, title: str
) -> Score:
    """One contestant (its title) on one trial (its name) of a design that was prepared.

    Raises:
        HookpathError: whatever training, prediction or evaluation raises.
    """
    trials = _trials(design, out, project, options, SILENT)
    chosen = next(t for t in trials if t.name == trial)
    contestant = next(c for c in design.contestants if c.title == title)
    config = configure(design, contestant, chosen, trials[0].classes, options)
    return _score(chosen, contestant, config, out, options, project is None, SILENT)


def _at_hand(design: Design, options: Options, reporter: Reporter) -> Design:
    """The design without contestants that need something that is not here.

    Raises:
        UsageError: one of them was asked for by name, or none is left.
    """
    missing = {c.title: METHODS[c.method].missing() for c in design.contestants}
    for title, why in missing.items():
        if why is not None and title in options.only:
            raise UsageError(f"{title}: {why}")
        if why is not None:
            reporter.warn(f"{title} is left out: {why}")
    left = tuple(title for title, why in missing.items() if why is None)
    if not left:
        raise UsageError(f"design {design.name}: no contestant can be had here")
    return design.only(left)


def configure(
    design: Design, contestant: Contestant, trial: Trial, classes: Sequence[str], options: Options
) -> TrainConfig:
    """The training settings of a contestant on a trial; all are given the same slides.

    Raises:
        UsageError: a setting is unknown or not valid.
        ModelDesignError: the network cannot be built.
    """
    values: dict[str, Any] = {
        **design.settings,
        **(contestant.settings if contestant.method == "network" else {}),
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
    synthetic: bool,
    reporter: Reporter,
) -> Score:
    lesson = _lesson(trial, contestant, config, out, options, synthetic)
    if (lesson.evaluation / "report.json").is_file():
        cost = Cost.load(lesson.folder)
        return Score(trial, contestant, load_report(lesson.evaluation), cost)
    method = METHODS[contestant.method]
    with metered(lesson.folder, "learn_s"):
        method.learn(lesson, reporter)
    with metered(lesson.folder, "predict_s"):
        model = method.predict(lesson, reporter)
    report = evaluate_project(
        trial.project,
        model_dir=model,
        predictions_dir=lesson.predictions if model is None else None,
        out_dir=lesson.evaluation,
        truth_dir=trial.truth,
        names=trial.test,
        predict=lesson.predict,
        rest=config.rest,
        title=f"{contestant.title}, {trial.name}",
        reporter=reporter,
    )
    return Score(trial, contestant, report, Cost.load(lesson.folder))


def _lesson(
    trial: Trial,
    contestant: Contestant,
    config: TrainConfig,
    out: Path,
    options: Options,
    synthetic: bool,
) -> Lesson:
    # Truth of one's own may lie anywhere, on glass too; else it is where something is annotated.
    anywhere = trial.truth is not None and not synthetic
    whole = synthetic or anywhere or not options.inside
    tested = [e.id for e in trial.project.images if e.name in trial.test]
    predict = PredictConfig(
        device=options.device,
        inside=None if whole else "*",
        tissue=not anywhere,
        as_="none",
        geojson=False,
        images=tuple(tested),
    )
    model = None
    if contestant.part_of is not None:
        title, inside = contestant.part_of
        model = out / trial.name / Contestant(title).slug / RUN / inside
    folder = out / trial.name / contestant.slug
    return Lesson(trial, config, contestant.settings, folder, predict, options.budget_s, model)


def _trials(
    design: Design, out: Path, project: Project | None, options: Options, reporter: Reporter
) -> list[Trial]:
    if project is not None and options.splits is not None:
        return table_trials(
            project, options.splits, options.fold, options.seeds, options.truth,
            validating=design.validation > 0,
        )  # fmt: skip
    if project is not None:
        folds = design.folds if options.folds is None else options.folds
        # The paper's lung slides: 12 to train, 6 to validate, 9 to test in each of three folds.
        return project_trials(
            project, folds, options.seeds, options.truth, design.validation, options.by
        )
    if design.synthetic is None:
        raise UsageError(f"design {design.name} needs a SOURCE: a project to run it on")
    return synthetic_trials(design.synthetic, out, options.seeds, reporter)

"""The training loop, top to bottom."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from torch import Tensor

from hookpath.errors import TrainingError
from hookpath.events import SILENT, Reporter
from hookpath.extras import require_extra
from hookpath.models.storage.folder_or_zip import CARD_NAME
from hookpath.projects import Project
from hookpath.sampling import Batch
from hookpath.signals import QueueStop
from hookpath.training.diagnostics.reference_features import FEWER, PATCHES, save_reference
from hookpath.training.diagnostics.training_slide_scores import score_training_slides
from hookpath.training.distributed import Group, joined
from hookpath.training.losses.training_objective import Validation
from hookpath.training.optimization.batch_gradients import gradients
from hookpath.training.optimization.learning_rate import learning_rate, set_rates
from hookpath.training.optimization.out_of_memory_error import memory_explained
from hookpath.training.optimization.step_timer import Clock
from hookpath.training.run.interrupt import StopSignal
from hookpath.training.run.loggers import LoggedRun, Loggers
from hookpath.training.run.metrics_log import MetricsLog, NoLog, Row
from hookpath.training.run.run_folder import RunFolder, flatten, history
from hookpath.training.session_setup import Prepare, open_session
from hookpath.training.training_config import TrainConfig
from hookpath.training.training_session import Fit, Session
from hookpath.training.weights.input_centring import centre_on_first_batch

#: Steps between two looks at the loss on a GPU: each look waits for all queued work.
_LOOK_EVERY = 10

#: After the last step there is still a validation to come.
_NEARLY = 0.999


@dataclass(frozen=True)
class TrainResult:
    """What a finished run leaves behind.

    Attributes:
        best_score: of the kept weights on the validation slides; None for a run without them.
        score: what that is: ``macro F1``, ``R²``.
        best_f1: the same where it is the macro F1, else None.
    """

    run_dir: Path
    model_dir: Path
    best_f1: float | None
    best_score: float | None
    score: str
    best_epoch: int
    epochs: int
    steps: int

    def history(self) -> list[dict[str, float]]:
        """The metrics of every epoch (see `hookpath.training.history`)."""
        return history(self.run_dir)


def train_network(
    projects: Sequence[Project],
    config: TrainConfig | None,
    run_dir: Path,
    resume: bool = False,
    reporter: Reporter = SILENT,
    prepare: Prepare | None = None,
    fit: Fit | None = None,
) -> TrainResult:
    """Train a model on the annotated slides of one or many projects.

    Args:
        projects: where slides and annotations come from.
        config: None (with `resume`): as the run was started.
        run_dir: the run's folder; must be new or empty unless `resume`.
        resume: go on from the last checkpoint; on a CPU the metrics then equal those of a run
            that was never interrupted.
        reporter: gets the task ``train`` (figures loss, the best score, patches_per_s) and a result
            ``epoch`` with each row of ``metrics.csv``.
        prepare: for networks that read what another one made of the slides (see
            `hookpath.stages`).
        fit: for networks that learn all at once (see `hookpath.probing`).

    Raises:
        TrainingError: nothing to learn from, a loss that is not a number, no memory…; the last
            good checkpoint stays.
        ModelDesignError: the network cannot be built.
        MissingPackageError: what training needs besides is not installed.
        KeyboardInterrupt: after Ctrl-C, once the checkpoint is written.
    """
    require_extra("train", "training")
    run = RunFolder(run_dir)
    config = config or TrainConfig.of(run.record().config)
    with memory_explained(config), joined(config) as group:
        if not group.first:
            return _join_in(projects, run, group, prepare)
        with run.alone():
            session = open_session(projects, config, run, resume, reporter, prepare, group)
            group.from_first(None)
            _train(session, fit)
    return _result(session)


def _join_in(
    projects: Sequence[Project], run: RunFolder, group: Group, prepare: Prepare | None = None
) -> TrainResult:
    """Take part in the run that the first process has opened meanwhile, as if it went on.

    Before that, in what it asks for to prepare it.
    """
    while (work := group.from_first(None)) is not None:
        work.join(projects, group)
    config = TrainConfig.of(run.record().config)
    session = open_session(projects, config, run, True, SILENT, prepare, group)
    with closing(session):
        if not session.finished:
            _run(session, None)
    return _result(session)


@dataclass(frozen=True)
class InnerRun:
    """A run that all processes train before the one that they were started for."""

    root: Path

    def join(self, projects: Sequence[Project], group: Group) -> None:
        """Take part in it."""
        _join_in(projects, RunFolder(self.root), group)


def _train(session: Session, fit: Fit | None) -> None:
    run, reporter = session.run, session.reporter
    with closing(session):
        if session.finished:
            reporter.info(
                f"{run.root}: this run is finished; nothing to do (more epochs, or minutes, "
                "make it longer)"
            )
        else:
            _run_or_say_how_to_go_on(session, fit)
        score_training_slides(session)
        most = FEWER if session.model.fitted else PATCHES
        patches = min(most, session.patches_left(0.6))
        save_reference(run.model, session.data.train, session.device, patches)


def _result(session: Session) -> TrainResult:
    return TrainResult(
        run_dir=session.run.root,
        model_dir=session.run.model,
        best_f1=session.best_f1,
        best_score=session.measured,
        score=session.goal.name,
        best_epoch=session.best_epoch,
        epochs=session.epochs_done,
        steps=session.step,
    )


def _run_or_say_how_to_go_on(session: Session, fit: Fit | None) -> None:
    try:
        _run(session, fit)
    except KeyboardInterrupt:
        session.reporter.info(
            f"{session.run.root}: stopped; --resume goes on from step {session.saved_step} "
            f"of {session.total_steps}"
        )
        session.reporter.result("stopped", _so_far(session))
        raise
    finally:
        session.reporter.finish("train")
        session.reporter.overall(1.0)


def _so_far(session: Session) -> dict[str, Any]:
    """What a stopped run leaves.

    The model is the best of the epochs done, before the first one that of the last step.
    """
    run = session.run
    return {
        "run_dir": run.root,
        "model_dir": run.model if (run.model / CARD_NAME).is_file() else None,
        "best_f1": session.best_f1,
        "best_score": session.measured,
        "score": session.goal.name,
        "best_epoch": session.best_epoch,
        "epochs": session.epochs_done,
        "steps": session.saved_step,
        "total_steps": session.total_steps,
    }


def _run(session: Session, fit: Fit | None) -> None:
    reporter = session.reporter
    total = session.total_steps if session.budget is None else None
    reporter.start("train", total, "step")
    reporter.advance("train", session.step)
    reporter.overall(session.plan.done(session.step))
    log_of = MetricsLog if session.group.first else NoLog
    loggers = _loggers(session) if session.group.first else None
    with log_of(session.run, session.epoch, reporter, loggers) as log, StopSignal() as stop:
        while not session.finished:
            if session.model.fitted:
                _at_once(session, log, fit)
            else:
                _epoch(session, log, stop)


def _loggers(s: Session) -> Loggers:
    settings = flatten(s.config.model_dump(mode="json"))
    return Loggers(s.config.log, LoggedRun(s.run.root, settings, s.epoch), s.reporter)


def _at_once(s: Session, log: MetricsLog | NoLog, fit: Fit | None) -> None:
    """One step that is the whole run."""
    if fit is None:
        raise TrainingError(f"{s.model.family} is not learned step by step; use hookpath.train")
    clock = Clock()
    validation = fit(s)
    s.step = clock.steps = s.total_steps
    s.reporter.advance("train", clock.unshown(), loss=float(s.loss_sum))
    _end_epoch(s, log, clock, clock.seconds, validation)


def _epoch(s: Session, log: MetricsLog | NoLog, stop: StopSignal) -> None:
    """From wherever the epoch stands to its end: steps, validation, row, model, checkpoint."""
    config, clock = s.config, Clock()
    whole = s.epoch * config.steps_per_epoch
    look_every = 1 if s.device.type == "cpu" else _LOOK_EVERY
    while s.step < min(whole, s.total_steps):
        batch = clock.wait_for(s.stream)
        s.loss_sum += train_step(s, batch)
        s.step += 1
        clock.steps += 1
        due = config.checkpoint_every > 0 and s.step % config.checkpoint_every == 0
        if s.step % look_every == 0 or s.step >= min(whole, s.total_steps):
            _keep_time(s)
        ends = s.step >= min(whole, s.total_steps)
        stopping = s.group.any(stop.requested)
        pause = due or stopping or ends
        if pause or s.step % look_every == 0:
            _show(s, clock, saving=pause)
        if pause and not ends:
            _save(s, stopping)
            if stopping:
                stop.obey(others=True)
    validation = _validated(s, stop)
    _end_epoch(s, log, clock, clock.seconds, validation)
    if s.group.any(stop.requested):
        stop.obey(others=True)


def _validated(s: Session, stop: StopSignal) -> Validation | None:
    """The validation of the first process; a stop need not wait for its end."""
    if not s.group.first:
        stopped, validation = s.group.from_first(None)
        if stopped:
            raise QueueStop
        found: Validation | None = validation
        return found
    try:
        with stop.at_once():
            found = _validation(s)
    except KeyboardInterrupt:  # it may take longer than a batch system waits
        s.unended = True
        _save(s, stopping=True)
        s.group.from_first((True, None))
        raise
    s.group.from_first((False, found))
    return found


def _save(s: Session, stopping: bool) -> None:
    """Write the last checkpoint; a run that stops leaves a model that can be used, too."""
    s.save_last()
    if stopping and not s.best_epoch:
        s.save_best(None)  # the checkpoint knows of none yet


def _keep_time(s: Session) -> None:
    """Move the run's end if it would come too late, or much too early."""
    if s.budget is None:
        return
    float(s.loss_sum)  # waits for a GPU
    before = s.total_steps
    moved = s.budget.stepped(s.step)
    s.plan.load_state_dict(s.group.from_first(s.plan.state_dict()))
    if moved and before == s.plan.most:
        s.reporter.info(
            f"{s.config.minutes:g} min are enough for about {s.total_steps} steps, of "
            f"{s.budget.step_s:.2g} s each now (at most {s.plan.most} are wanted)"
        )


def _validation(s: Session) -> Validation | None:
    """How good the network is at the end of an epoch."""
    if s.model.scores == "patches" and not float(s.loss_sum):
        s.reporter.warn(
            f"epoch {s.epochs_done}: nothing to learn from, since no patch was clearly of one "
            "class; try smaller patches (model.input_size, model.spacings) or a lower "
            "model.label_share"
        )
    return s.validate()


def _end_epoch(
    s: Session, log: MetricsLog | NoLog, clock: Clock, seconds: float, validation: Validation | None
) -> None:
    """Model, row, checkpoint; until the last is written, the epoch is not done."""
    s.unended = False
    if s.improves(validation):
        s.keep(validation)
    log.add(_row(s, validation, clock, seconds), s.pictured)
    s.pictured = None
    s.loss_sum.zero_()
    if s.budget is not None:
        s.budget.ended(s.step)
    s.save_last()


def train_step(s: Session, batch: Batch) -> Tensor:
    """One optimiser step on a batch; the loss, detached, still on the device."""
    centre_on_first_batch(s, batch)
    s.tuning.at(s.plan.done(s.step))
    set_rates(s.optimizer, s.config, s.plan.place(s.step))
    with _lone_patch_explained(s.config):
        loss = s.parts.fitting(s.model, "training", lambda size: gradients(s, batch, size))
    s.optimizer.step()
    if s.average is not None:
        s.average.follow(s.model, s.step)
    return loss


@contextmanager
def _lone_patch_explained(config: TrainConfig) -> Iterator[None]:
    """Turn what torch says of one patch under batch normalisation into what to change."""
    try:
        yield
    except ValueError as error:
        if "more than 1 value per channel" not in str(error):
            raise
        raise TrainingError(
            "this network's batch normalisation needs two patches at a time or more; start a run "
            f"with a larger batch_size ({config.batch_size}) or at_once ({config.at_once}), or a "
            "smaller model.input_size where memory is short"
        ) from error


def _show(s: Session, clock: Clock, saving: bool) -> None:
    """Progress, after making sure that the loss (before saving: all weights) is still a number.

    Raises:
        TrainingError: it is not; nothing of this has been saved.
    """
    mean = float(s.loss_sum) / s.steps_in_epoch
    if not math.isfinite(mean) or (saving and not s.is_finite()):
        raise TrainingError(
            f"step {s.step} (epoch {(s.step - 1) // s.config.steps_per_epoch + 1}): the loss or a "
            "weight is no longer a number; start a run with a lower "
            f"learning_rate ({s.config.learning_rate:g}) or use --set amp=off; the last good "
            f"checkpoint is {s.run.last}"
        )
    metrics = {"loss": mean, "patches_per_s": clock.steps * s.config.batch_size / clock.seconds}
    if s.measured is not None:
        metrics[s.goal.column] = s.measured
    s.reporter.overall(min(s.plan.done(s.step), _NEARLY))
    s.reporter.advance("train", clock.unshown(), **metrics)


def _row(s: Session, validation: Validation | None, clock: Clock, seconds: float) -> Row:
    """One epoch's row of ``metrics.csv``."""
    names = s.data.classes.names
    metrics = validation.metrics if validation else {}
    return {
        "epoch": s.epochs_done,
        "step": s.step,
        "learning_rate": learning_rate(s.config, s.plan.place(s.step - 1)),
        "loss": float(s.loss_sum) / s.steps_in_epoch,
        "val_loss": validation.loss if validation else None,
        **{column: metrics.get(column) for column in s.goal.columns},
        **{
            f"pixels:{name}": int(count)
            for name, count in zip(names, s.stream.pixel_counts, strict=True)
        },
        "seconds": round(seconds, 3),
        "patches_per_s": round(clock.steps * s.config.batch_size / seconds, 2),
        "data_wait": round(clock.waited / seconds, 4),
    }

"""From settings and projects to a session: all that can be checked is checked first."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Protocol

import torch

from hookpath.devices import choose_device, widest_float
from hookpath.errors import TrainingError
from hookpath.events import Reporter
from hookpath.models import Network
from hookpath.projects import Project
from hookpath.sampling import Augmentation, HeatmapOf
from hookpath.sampling.stain_profiles import StainMixing
from hookpath.training.data.cluster_guiding import cluster_weigher, clusters_of_run, save_clusters
from hookpath.training.data.dataloaders import HeldOut, Order, open_loader, training_set
from hookpath.training.data.input_channels import as_begun, for_dark_slides
from hookpath.training.data.stain_normalization import normalised
from hookpath.training.data.stains_to_mix import with_stain_mixing
from hookpath.training.data.training_data import TrainingData, gather
from hookpath.training.diagnostics.pre_training_checks import findings_before_training
from hookpath.training.diagnostics.reference_features import PATCHES
from hookpath.training.distributed import ALONE, Group, shared_norms
from hookpath.training.extend_run import lengthen
from hookpath.training.losses.head_losses import evenly
from hookpath.training.losses.loss_factory import loss_of, weigher_of
from hookpath.training.losses.training_objective import goal_of
from hookpath.training.optimization.optimizer import make_optimizer
from hookpath.training.optimization.patches_at_once import Parts
from hookpath.training.optimization.precision import use_bf16
from hookpath.training.optimization.step_count_and_progress import Plan
from hookpath.training.optimization.time_budget import Budget
from hookpath.training.optimization.weight_average import Average
from hookpath.training.run.checkpoint import read_checkpoint
from hookpath.training.run.provenance import command_line, machine_facts, parameter_counts
from hookpath.training.run.run_folder import RunFolder, RunRecord, library_versions, timestamp
from hookpath.training.training_config import TrainConfig
from hookpath.training.training_session import Session
from hookpath.training.weights.finetuning import FineTuning
from hookpath.training.weights.network_setup import design_of, make_network

#: Between the seeds of processes that share a batch.
_APART = 7919


class Prepare(Protocol):
    """Makes what a network reads besides slides: the heatmaps of its first stage."""

    def check(self, order: Order) -> None:
        """Refuse what cannot be done, before anything is written.

        Raises:
            HookpathError: it cannot.
        """

    def __call__(self, order: Order, root: Path) -> HeatmapOf:
        """Do it in the run's folder; killed at any time, it goes on when called again.

        Only the first process does. What others are to take part in it sends them by
        `Group.from_first`: an object with ``join(projects, group)``.
        """
        ...

    def done(self, root: Path) -> HeatmapOf:
        """What was made in the run's folder, for the other processes."""
        ...


def open_session(
    projects: Sequence[Project],
    config: TrainConfig,
    run: RunFolder,
    resume: bool,
    reporter: Reporter,
    prepare: Prepare | None = None,
    group: Group = ALONE,
) -> Session:
    """Check everything that can be checked, then make or take up the run's folder.

    Args:
        prepare: what must be done before there is anything to learn from.
        group: the processes that share every batch.

    Raises:
        TrainingError: see `hookpath.training.train_network`; nothing has been written then.
        ModelDesignError: the network cannot be built.
    """
    started = time.monotonic()
    if not resume:
        run.refuse_existing()
    torch.manual_seed(config.seed)
    device = choose_device(group.device(config.device), reporter.info)
    family = design_of(config).network
    annotated = family.reads != "scales"
    config = as_begun(config)
    data = gather(projects, config, reporter, annotated, held_out=not family.fitted)
    config = for_dark_slides(config, data, reporter)
    model = make_network(
        config, data.classes, reporter, begun=resume and run.started, channels=len(data.channels)
    ).to(device)
    model = model.to(memory_format=torch.channels_last)
    _refuse_several(group, model)
    shared_norms(model, group)
    config, mixing = with_stain_mixing(projects, data, config, model, reporter)
    data = normalised(data, config.normalisation, model, reporter)
    config = _long_enough(config, model)
    bf16 = use_bf16(config.amp, device, model, config.batch_size)
    record = replace(
        _record(projects, config, data),
        command=command_line(),
        machine=machine_facts(device, bf16),
        parameters=parameter_counts(model),
    )
    if resume:
        run.refuse_changes(record)
    order = Order(config, data, model, reporter, group=group)
    if prepare is not None and not group.first:
        order = replace(order, heatmaps=prepare.done(run.root))
    elif prepare is not None:
        order = _prepared(order, prepare, run, None if resume else record)
        started = time.monotonic()
    session = _session(order, run, device, bf16, started, mixing)
    session.findings, session.glass = findings_before_training(order)
    try:
        _begin(session, None if resume or prepare is not None else record)
    except BaseException:
        session.close()
        raise
    return session


def _prepared(order: Order, prepare: Prepare, run: RunFolder, record: RunRecord | None) -> Order:
    """The order with its heatmaps; `record`: of a run to be made first."""
    prepare.check(order)
    if record is not None:
        run.create(record)
    order = replace(order, heatmaps=prepare(order, run.root))
    torch.manual_seed(order.config.seed)  # whatever the preparation drew
    return order


def _session(
    order: Order,
    run: RunFolder,
    device: torch.device,
    bf16: bool,
    started: float,
    mixing: StainMixing | None,
) -> Session:
    config, model, reporter = order.config, order.model, order.reporter
    model.train()
    goal = goal_of(model, order.data.classes.names)
    loss, tuning = loss_of(config, goal), FineTuning(model, config.finetune)
    clusters = clusters_of_run(order, device, run)
    weigh = cluster_weigher(clusters) or partial(evenly, total=order.group.total)
    stream, held_out = open_loader(order)
    plan = Plan(config.epochs * config.steps_per_epoch)
    return Session(
        config=config,
        data=order.data,
        run=run,
        reporter=reporter,
        device=device,
        bf16=bf16,
        model=model,
        optimizer=make_optimizer(model, config),
        stream=stream,
        validation=held_out,
        goal=goal,
        # Each process draws of its own for its share.
        augment=Augmentation(
            config.augmentation,
            config.seed + _APART * order.group.rank,
            len(order.data.channels) or None,
            mixing,
        ),
        parts=Parts(config.at_once or config.batch_size, reporter, order.group.size > 1),
        group=order.group,
        loss=loss,
        tuning=tuning,
        plan=plan,
        budget=_budget(config, plan, held_out, started),
        loss_sum=torch.zeros((), dtype=widest_float(device), device=device),
        average=None if config.ema is None else Average(model, config.ema),
        training_set=None if model.fitted else lambda most: training_set(order, most),
        weigh=weigher_of(
            config, weigh, order.data.classes.names, lambda: stream.pixel_counts, order.group.total
        ),
        clusters=clusters,
    )


def _refuse_several(group: Group, model: Network) -> None:
    if group.size > 1 and model.fitted:
        raise TrainingError(f"{model.family} is trained by one process; start without torchrun")


def _budget(
    config: TrainConfig, plan: Plan, held_out: HeldOut | None, started: float
) -> Budget | None:
    if config.minutes is None:
        return None
    scored = 0 if held_out is None else -(-held_out.patches // config.batch_size)
    after = -(-PATCHES // config.batch_size) + 2 * scored
    return Budget(60 * config.minutes, plan, config.steps_per_epoch, scored, after, since=started)


def _begin(session: Session, record: RunRecord | None) -> None:
    """Go on from the last checkpoint, or write the first one; `record`: of a run to be made."""
    if record is not None:
        session.run.create(record)
    elif session.run.started:
        session.take_up(read_checkpoint(session.run.last))
        lengthen(session)
        return
    save_clusters(session.clusters, session.run)
    session.save_last()


def _long_enough(config: TrainConfig, model: Network) -> TrainConfig:
    """One step makes the model folder of what is fitted at once, or has no weights to learn."""
    if any(p.requires_grad for p in model.parameters()) and not model.fitted:
        return config
    return config.model_copy(update={"epochs": 1, "steps_per_epoch": 1, "minutes": None})


def _record(projects: Sequence[Project], config: TrainConfig, data: TrainingData) -> RunRecord:
    return RunRecord(
        config=config.model_dump(mode="json"),
        projects=[str(p.source.absolute()) for p in projects],
        data={"fingerprint": data.fingerprint, "slides": data.slides},
        classes=[{"name": c.name, "color": c.color} for c in data.classes],
        split=data.split,
        versions=library_versions(),
        started=timestamp(),
    )

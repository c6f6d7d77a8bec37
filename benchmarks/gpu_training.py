"""How fast a card trains, and how long it waits for data."""

from __future__ import annotations

import inspect
import os
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from typing import Any

import torch
from torch.utils.flop_counter import FlopCounterMode

from gpu_clock import Marks, rate_of, wait_for
from gpu_here import Here, NotHereError
from hookpath.events import SILENT
from hookpath.models import FAMILIES
from hookpath.projects import open_project
from hookpath.sampling import Batch
from hookpath.training import RunFolder, TrainConfig
from hookpath.training.losses.head_losses import hooknet_loss
from hookpath.training.session_setup import open_session
from hookpath.training.training_loop import train_step
from hookpath.training.training_session import Session

#: The paper's HookNet: n = 64, 284 px, depth 4.
PAPER: dict[str, Any] = {"spacings": [0.5, 8.0]}
TINY: dict[str, Any] = {"spacings": [0.5, 1.0], "input_size": 24, "depth": 1, "filters": 4}

#: HookNet with pretrained branches at 1 and 4 µm/px.
ENCODED: dict[str, Any] = {
    "encoder": "tf_efficientnet_lite0",
    "spacings": [1.0, 4.0],
    "input_size": 256,
    "depth": 3,
    "filters": 32,
}


def config_of(here: Here, workers: int = 0, **model: Any) -> TrainConfig:
    """The paper's training on this device: 12 patches, full augmentation, bf16 where it can."""
    return TrainConfig.of(
        {
            "preset": "paper",
            "family": "hooknet",
            "model": {**(TINY if here.tiny else PAPER), **model},
            "batch_size": 4 if here.tiny else 12,
            "device": str(here.device),
            "workers": workers,
            "validation": {"val": ["s2.tif"], "max_patches": 12},
        }
    )


@contextmanager
def session_of(here: Here, name: str, config: TrainConfig) -> Iterator[Session]:
    """A run that is about to begin."""
    with closing(open_project(here.slides)) as project:
        run = RunFolder(here.work / f"run-{name}")
        session = open_session([project], config, run, False, SILENT)
        with closing(session):
            yield session


def take_steps(session: Session, source: Callable[[], Batch], count: int) -> Marks:
    """Steps as the training loop takes them, a mark before and after each."""
    marks = Marks(session.device)
    for _ in range(count):
        batch = source()
        marks.mark()
        session.loss_sum += train_step(session, batch)
        session.step += 1
        marks.mark()
    wait_for(session.device)
    return marks


def compute(here: Here) -> None:
    """Training steps on a batch that is there already."""
    with session_of(here, "compute", config_of(here)) as session:
        here.note("bf16", session.bf16)
        step = _measure_steps(here, session)
        with FlopCounterMode(display=False) as flops:
            step()
        rate = here.figures["network_patches_per_s"] / session.config.batch_size
        here.note("network_tflops", flops.get_total_flops() * rate / 1e12)


def compiled(here: Here) -> None:
    """The same with torch.compile."""
    with session_of(here, "compiled", config_of(here)) as session:
        session.model.compile(backend="eager" if here.tiny else "inductor")
        started = time.perf_counter()
        take_steps(session, _always(next(session.stream)), 1)
        here.note("first_step_s", time.perf_counter() - started)
        _measure_steps(here, session)


def encoder(here: Here) -> None:
    """The same with pretrained branches; random weights, which are as fast."""
    if "encoder" not in inspect.signature(FAMILIES["hooknet"]).parameters:
        raise NotHereError("hooknet takes no encoder in this version")
    config = config_of(here, **ENCODED).model_copy(update={"backbone_weights": None})
    with session_of(here, "encoder", config) as session:
        here.note("encoder", session.model.config["encoder"])
        here.note("input_px", [branch.input_size for branch in session.model.branches])
        _measure_steps(here, session)


def _always(batch: Batch) -> Callable[[], Batch]:
    return lambda: batch


def _measure_steps(here: Here, session: Session) -> Callable[[], object]:
    """Patches/s of whole steps (copy, augmentation, network), and of the network alone.

    Returns:
        A step of the network alone.
    """
    count, size = (2 if here.tiny else 20), session.config.batch_size
    source = _always(next(session.stream))
    take_steps(session, source, 3)
    here.peak_gb()
    marks = take_steps(session, source, count)
    here.note("patches_per_s", count * size / marks.seconds(0, len(marks) - 1))
    here.note("peak_gb", here.peak_gb())
    step = _network_step(session, source())
    here.note("network_patches_per_s", size * rate_of(step, here.device, count))
    if not torch.isfinite(session.loss_sum):
        raise ArithmeticError(f"the loss is no number after {session.step} steps")
    return step


def _network_step(session: Session, batch: Batch) -> Callable[[], object]:
    """Forward, backward and Adam, with images that are on the device."""
    images, labels = session.augment(batch, session.device, 0)
    images = [x.contiguous(memory_format=torch.channels_last) for x in images]
    targets = session.model.targets(labels)

    def step() -> None:
        session.optimizer.zero_grad(set_to_none=True)
        with torch.autocast(session.device.type, torch.bfloat16, enabled=session.bf16):
            outputs = session.model(images)
        weight = session.config.loss_weight
        torch.autograd.backward(hooknet_loss(outputs, targets, session.model.heads, weight))
        session.optimizer.step()

    return step


def with_data(here: Here) -> None:
    """Training straight from slides: patches/s, and the share of time that the card waits.

    ``card_waits`` is measured on the card (see `Marks`), ``loop_waits`` in Python: of the latter
    the card sees nothing while it has steps queued.
    """
    cores = os.cpu_count() or 1
    for workers in (2,) if here.tiny else sorted({4, max(4, min(cores - 2, 24))}):
        with session_of(here, f"workers-{workers}", config_of(here, workers)) as session:
            started = time.perf_counter()
            take_steps(session, lambda s=session: next(s.stream), 2 if here.tiny else 10)
            here.note(f"workers_{workers}_first_steps_s", time.perf_counter() - started)
            _measure_waiting(here, session, f"workers_{workers}")


def _measure_waiting(here: Here, session: Session, name: str) -> None:
    count, waited = (3 if here.tiny else 60), 0.0

    def source() -> Batch:
        nonlocal waited
        before = time.perf_counter()
        batch = next(session.stream)
        waited += time.perf_counter() - before
        return batch

    started = time.perf_counter()
    marks = take_steps(session, source, count)
    wall = time.perf_counter() - started
    # Marks come in pairs, start and end; what lies between an end and a start is idle.
    idle = sum(marks.seconds(i, i + 1) for i in range(1, len(marks) - 1, 2))
    here.note(f"{name}_patches_per_s", count * session.config.batch_size / wall)
    here.note(f"{name}_card_waits", idle / marks.seconds(0, len(marks) - 1))
    here.note(f"{name}_loop_waits", waited / wall)

"""Training and dense prediction where the card has less memory than they ask for."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Any

import numpy as np
import torch

from dense import dense as predict_densely
from gpu_here import Here
from gpu_predicting import handles_of, paper_network
from gpu_training import config_of, session_of, take_steps
from hookpath.events import SilentReporter
from hookpath.training.optimization.patches_at_once import Parts

SHARE = 0.6
"""Of what the work takes beyond the network itself; this much is there."""


class Warned(SilentReporter):
    """Keeps warnings."""

    def __init__(self) -> None:
        self.warnings: list[str] = []

    def warn(self, message: str, code: str = "") -> None:
        self.warnings.append(message)


def memory(here: Here) -> None:
    """Both; each must end, say so, and (prediction) give the same."""
    _train_in_little(here)
    _predict_in_little(here)


def _train_in_little(here: Here) -> None:
    reporter = Warned()
    with session_of(here, "little", config_of(here)) as session:
        session.parts = Parts(session.config.batch_size, reporter)
        batch = next(session.stream)
        take_steps(session, lambda: batch, 1)  # Adam's state is there from now on
        little = _share_of(here, lambda: take_steps(session, lambda: batch, 1))
        refuse = refusing(session.model, "forward", lambda images: len(images[0]) > 2)
        with little if here.on_gpu else refuse:
            take_steps(session, lambda: batch, 3)
        here.note("batch", session.config.batch_size)
        here.note("at_once", session.parts.size)
        here.note("training_says", reporter.warnings[:1])
        if not torch.isfinite(session.loss_sum):
            raise ArithmeticError("the loss is no number after a lack of memory")
        if session.parts.size >= session.config.batch_size:
            raise AssertionError("memory was short, but the batch was not cut")


def _predict_in_little(here: Here) -> None:
    model = paper_network(here, 64).to(here.device)
    with handles_of(here.work / "small" / "s.tif", 1) as (slide,):
        maps: list[Any] = []

        def predict() -> None:
            maps.append(predict_densely(model, slide, slide.width_l0, str(here.device))[1])

        little = _share_of(here, predict)
        refuse = refusing(model, "run_branch", lambda _, image, __: image.shape[-1] > 300)
        before = _times_refused(here)
        with little if here.on_gpu else refuse:
            predict()
        here.note("tiles_refused", _times_refused(here) - before if here.on_gpu else None)
        difference = float(np.abs(maps[0] - maps[1]).max())
        here.note("smaller_tiles_differ_by", difference)
        if difference > 1e-4:
            raise AssertionError(f"smaller tiles changed the result by {difference:.1e}")


def _share_of(here: Here, work: Callable[[], object]) -> AbstractContextManager[None]:
    """Do it, then a context with only `SHARE` of the memory that it took."""
    held = torch.cuda.memory_allocated(here.device) if here.on_gpu else 0
    here.peak_gb()
    work()
    peak = 1e9 * here.peak_gb()
    return _limited(here, held + SHARE * (peak - held))


@contextmanager
def _limited(here: Here, n_bytes: float) -> Iterator[None]:
    total = torch.cuda.get_device_properties(here.device).total_memory
    torch.cuda.empty_cache()
    torch.cuda.set_per_process_memory_fraction(n_bytes / total, here.device)
    try:
        yield
    finally:
        torch.cuda.set_per_process_memory_fraction(1.0, here.device)


def _times_refused(here: Here) -> int:
    return int(torch.cuda.memory_stats(here.device)["num_ooms"]) if here.on_gpu else 0


@contextmanager
def refusing(owner: object, name: str, too_much: Callable[..., bool]) -> Iterator[None]:
    """A method as it would fail on a card that is too small: for trying this without one."""
    method = getattr(owner, name)

    def call(*given: Any) -> Any:
        if too_much(*given):
            raise torch.OutOfMemoryError("out of memory (a stand-in)")
        return method(*given)

    setattr(owner, name, call)
    try:
        yield
    finally:
        delattr(owner, name)

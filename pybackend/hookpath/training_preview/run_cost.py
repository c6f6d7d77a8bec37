"""What a run will take: a few real steps, measured on this machine."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from statistics import median
from typing import Literal

import torch

from hookpath.devices import is_out_of_memory
from hookpath.durations import duration_text
from hookpath.memory import peak_memory
from hookpath.probing import tile_cost
from hookpath.sampling import Batch
from hookpath.training.optimization.batch_gradients import gradients
from hookpath.training.training_session import Session

#: Steps before measuring: the first ones make plans and buffers.
_WARM = 2
_STEPS = 3


@dataclass(frozen=True)
class Cost:
    """Time and memory of a run as it is asked for.

    Attributes:
        step_s: seconds of one step, reading included; None: there is none to be measured.
        steps: of the whole run.
        unit: what a step is; of a network that is fitted at once ``tile``: a piece of what is
            annotated whose features are not known yet. The fit itself takes seconds.
        batch_size: patches of a step.
        minutes: within which it ends; None: no such limit.
        memory_bytes: most memory of this process (its GPU's where it uses one) during steps.
        device: as people call it.
        fits: whether a step had room for a whole batch.
    """

    device: str
    steps: int
    step_s: float | None = None
    unit: Literal["step", "tile"] = "step"
    batch_size: int = 1
    minutes: float | None = None
    memory_bytes: int = 0
    fits: bool = True

    @property
    def time_text(self) -> str:
        """How long the steps take, in words."""
        if self.step_s is None:
            return "seconds: all that is annotated is known, and fitted at once"
        whole = self.step_s * self.steps
        if self.unit == "tile":
            return f"about {duration_text(whole)} to look at {self.steps} tiles, then a fit"
        if self.minutes is not None and whole > 60 * self.minutes:
            known = int(60 * self.minutes / self.step_s)
            return f"ends within {self.minutes:g} min, after about {known} steps"
        return f"about {duration_text(whole)} for {self.steps} steps, validation aside"

    @property
    def memory_text(self) -> str:
        """How much memory, in words."""
        return f"{self.memory_bytes / 2**30:.1f} GiB" if self.memory_bytes else "not measured"


def measured_cost(session: Session, batches: Sequence[Batch], reading_s: float) -> Cost:
    """Do some steps' work, without moving the weights.

    Args:
        batches: at least one, read already.
        reading_s: seconds that reading one takes.
    """
    plain = Cost(
        _named(session.device),
        session.total_steps,
        minutes=session.config.minutes,
        batch_size=session.config.batch_size,
    )
    if session.model.fitted:
        return _of_tiles(session)
    if not batches:
        return plain
    if session.device.type == "cuda":
        torch.cuda.reset_peak_memory_stats(session.device)
    seconds: list[float] = []
    try:
        for number in range(_WARM + _STEPS):
            started = time.perf_counter()
            loss = gradients(session, batches[number % len(batches)], session.parts.size)
            float(loss)  # waits for a GPU
            seconds.append(time.perf_counter() - started)
    except (RuntimeError, MemoryError) as error:
        if not is_out_of_memory(error):
            raise
        return replace(plain, fits=False)
    finally:
        session.model.zero_grad(set_to_none=True)
    # Workers read while the network computes; without them both come one after the other.
    step = median(seconds[_WARM:])
    whole = max(step, reading_s) if session.config.workers else step + reading_s
    return replace(plain, step_s=whole, memory_bytes=_memory(session.device))


def _of_tiles(session: Session) -> Cost:
    """Of a network that is fitted at once to features of what is annotated."""
    found = tile_cost(session)
    memory = _memory(session.device)
    device = _named(session.device)
    return Cost(device, found.tiles, found.tile_s, "tile", memory_bytes=memory)


def _named(device: torch.device) -> str:
    if device.type == "cuda":
        return torch.cuda.get_device_name(device)
    threads = torch.get_num_threads()
    cpu = f"CPU, {threads} thread{'s' * (threads > 1)}"
    return {"cpu": cpu, "mps": "Apple's GPU"}.get(device.type, device.type)


def _memory(device: torch.device) -> int:
    if device.type == "cuda":
        return int(torch.cuda.max_memory_allocated(device))
    return peak_memory()

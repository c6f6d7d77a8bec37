"""Time as a device sees it: CUDA events on a card, else the wall clock."""

from __future__ import annotations

import time
from collections.abc import Callable

import torch


class Marks:
    """Points in a device's queue of work, and the seconds between them.

    On a card a mark is reached when all that was queued before it is done: between the end of a
    step and the start of the next one, which is queued once its batch has come, the card had
    nothing to do.
    """

    def __init__(self, device: torch.device) -> None:
        self._device = device
        self._marks: list[float | torch.cuda.Event] = []

    def __len__(self) -> int:
        return len(self._marks)

    def mark(self) -> None:
        """Here."""
        if self._device.type != "cuda":
            self._marks.append(time.perf_counter())
            return
        event = torch.cuda.Event(enable_timing=True)
        event.record(torch.cuda.current_stream(self._device))
        self._marks.append(event)

    def seconds(self, first: int, last: int) -> float:
        """From one mark to a later one; waits until both are reached."""
        start, end = self._marks[first], self._marks[last]
        if isinstance(start, torch.cuda.Event) and isinstance(end, torch.cuda.Event):
            end.synchronize()
            return start.elapsed_time(end) / 1000
        return float(end) - float(start)  # type: ignore[arg-type]


def wait_for(device: torch.device) -> None:
    """Until all that was queued is done."""
    if device.type == "cuda":
        torch.cuda.synchronize(device)


def rate_of(work: Callable[[], object], device: torch.device, times: int, warm: int = 2) -> float:
    """How often a second the device does this, over `times` after `warm` that do not count."""
    for _ in range(warm):
        work()
    wait_for(device)
    marks = Marks(device)
    marks.mark()
    for _ in range(times):
        work()
    marks.mark()
    return times / max(marks.seconds(0, 1), 1e-9)

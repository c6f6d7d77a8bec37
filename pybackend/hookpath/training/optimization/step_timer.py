"""How long an epoch takes, and how much of that is waiting for data."""

from __future__ import annotations

import time

from hookpath.sampling import Batch
from hookpath.training.data.dataloaders import Stream


class Clock:
    """Time since an epoch was begun or taken up, and how much of it went into waiting for data."""

    def __init__(self) -> None:
        self._start = time.perf_counter()
        self._shown = 0
        self.waited = 0.0
        self.steps = 0

    @property
    def seconds(self) -> float:
        """Since the start."""
        return time.perf_counter() - self._start

    def wait_for(self, stream: Stream) -> Batch:
        """The next batch; the time until it is there counts as waiting."""
        before = time.perf_counter()
        batch = next(stream)
        self.waited += time.perf_counter() - before
        return batch

    def unshown(self) -> int:
        """Steps since the last call."""
        steps, self._shown = self.steps - self._shown, self.steps
        return steps

"""Ctrl-C (and SIGTERM, SIGHUP, SIGUSR1) end a run between two steps, never inside one."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any, Self

from hookpath.signals import QueueStop, heeded_signals, interrupt_of


class StopSignal:
    """While entered, the first signal is only noted; a second Ctrl-C interrupts at once.

    Batch systems send theirs to every process, and starters (torchrun) hand them on, so that one
    stop may arrive twice. Signals reach Python's main thread only; in another thread this does
    nothing.
    """

    def __init__(self) -> None:
        self._stop: KeyboardInterrupt | None = None
        self._at_once = False
        self._before: dict[signal.Signals, Any] = {}

    def __enter__(self) -> Self:
        if threading.current_thread() is threading.main_thread():
            self._before = {s: signal.signal(s, self._request) for s in heeded_signals()}
        return self

    def __exit__(self, *_: object) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)

    @property
    def requested(self) -> bool:
        """Whether a signal came."""
        return self._stop is not None

    def obey(self, others: bool = False) -> None:
        """Interrupt now, if asked for (here, or in another process); all is saved."""
        if self._stop is not None:
            raise self._stop
        if others:
            raise QueueStop

    @contextmanager
    def at_once(self) -> Iterator[None]:
        """Inside, the first signal interrupts: nothing is under way that must be ended first."""
        self.obey()
        self._at_once = True
        try:
            yield
        finally:
            self._at_once = False

    def _request(self, number: int, frame: FrameType | None) -> None:
        again = self._stop is not None and not isinstance(self._stop, QueueStop)
        self._stop = self._stop or interrupt_of(number)
        if again or self._at_once:
            self._at_once = False  # whoever is interrupted saves
            raise self._stop

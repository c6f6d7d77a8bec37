"""How long-running work tells what it does, without knowing who listens.

Rooms call a `Reporter`; the command line turns the calls into progress bars, plain log lines or
JSON lines. The default says nothing, so every function can be called from Python as it is.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Protocol

OnStep = Callable[[int], None]
"""Called after each step with how much it did."""


class Reporter(Protocol):
    """Receives progress; implementations must be cheap and must not raise."""

    def start(self, task: str, total: int | None, unit: str = "it") -> None:
        """A task begins: its name, how many units it has (None: unknown)."""

    def advance(self, task: str, n: int = 1, **figures: float) -> None:
        """`n` more units are done; `figures` (loss, F1…) replace those shown before."""

    def finish(self, task: str) -> None:
        """The task is over."""

    def info(self, message: str) -> None:
        """One line that is worth reading."""

    def warn(self, message: str, code: str = "") -> None:
        """One line about something that went wrong but did not stop the work.

        `code` says the same to programs (docs/json-events.md); "": nothing to act on.
        """

    def result(self, kind: str, payload: Mapping[str, Any]) -> None:
        """A finished, machine-readable result, e.g. ``("epoch", {"loss": 0.3})``."""

    def overall(self, done: float) -> None:
        """Of work in several tasks, this share (0…1) of all of them is done; 1 ends it."""


class SilentReporter:
    """The default: says nothing."""

    def start(self, task: str, total: int | None, unit: str = "it") -> None: ...

    def advance(self, task: str, n: int = 1, **figures: float) -> None: ...

    def finish(self, task: str) -> None: ...

    def info(self, message: str) -> None: ...

    def warn(self, message: str, code: str = "") -> None: ...

    def result(self, kind: str, payload: Mapping[str, Any]) -> None: ...

    def overall(self, done: float) -> None: ...


class PassingReporter:
    """Hands everything on; a subclass changes what it wants to."""

    def __init__(self, outer: Reporter) -> None:
        self.outer = outer

    def start(self, task: str, total: int | None, unit: str = "it") -> None:
        self.outer.start(task, total, unit)

    def advance(self, task: str, n: int = 1, **figures: float) -> None:
        self.outer.advance(task, n, **figures)

    def finish(self, task: str) -> None:
        self.outer.finish(task)

    def info(self, message: str) -> None:
        self.outer.info(message)

    def warn(self, message: str, code: str = "") -> None:
        self.outer.warn(message, code)

    def result(self, kind: str, payload: Mapping[str, Any]) -> None:
        self.outer.result(kind, payload)

    def overall(self, done: float) -> None:
        self.outer.overall(done)


SILENT: Reporter = SilentReporter()

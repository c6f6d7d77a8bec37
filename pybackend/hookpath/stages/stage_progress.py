"""How far a run of several stages is, as one job."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from hookpath.events import PassingReporter, Reporter


class Share(PassingReporter):
    """Passes everything on; what is all of this part is from `start` to `end` of the whole."""

    def __init__(self, outer: Reporter, start: float, end: float) -> None:
        super().__init__(outer)
        self._start, self._end = start, end

    def overall(self, done: float) -> None:
        self.outer.overall(self._start + (self._end - self._start) * done)


class Quiet(Share):
    """A stage inside of a run: its progress and warnings, not its results.

    Each warning (or each code) comes once.

    What it says of its data has been said of the whole run, and its epochs are no epochs of that.
    """

    def __init__(self, outer: Reporter, start: float, end: float, reported: set[str]) -> None:
        super().__init__(outer, start, end)
        self._reported = reported

    def info(self, message: str) -> None:
        pass

    def warn(self, message: str, code: str = "") -> None:
        reported = code or message
        if reported not in self._reported:
            self._reported.add(reported)
            self.outer.warn(message, code)

    def result(self, kind: str, payload: Mapping[str, Any]) -> None:
        pass

"""Text output never falls silent: whoever looks at a log sees that the command lives."""

from __future__ import annotations

import threading
import time

from hookpath.cli.progress_reporters import BarReporter, LineReporter
from hookpath.durations import duration_text

#: The first line comes within this time, and from then on one at least as often as this.
FIRST_S, EVERY_S = 1.0, 30.0

_LOOK_EVERY_S = 0.25


class Heartbeat:
    """Says what a command is at when nothing else was said for long.

    Args:
        reporter: whose lines count; bars that move say enough.
    """

    def __init__(
        self,
        reporter: LineReporter | BarReporter,
        command: str,
        first_s: float = FIRST_S,
        every_s: float = EVERY_S,
    ) -> None:
        self._reporter, self._command = reporter, command
        self._first_s, self._every_s = first_s, every_s
        self._began = time.monotonic()
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="heartbeat", daemon=True)
        self._thread.start()

    def end(self) -> None:
        """Say no more."""
        self._over.set()
        self._thread.join()

    def _watch(self) -> None:
        while not self._over.wait(min(_LOOK_EVERY_S, self._first_s, self._every_s)):
            now, said = time.monotonic(), self._reporter.said_at
            if isinstance(self._reporter, BarReporter) and self._reporter.moves:
                continue
            if said is None and now - self._began >= self._first_s:
                self._reporter.info(f"{self._command}: starting")
            elif said is not None and now - said >= self._every_s:
                at = self._reporter.at_work or self._command
                self._reporter.info(f"{at}: {duration_text(now - self._began)} so far")

"""How far all images of a run are together."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from pathlib import Path

from hookpath.durations import duration_text
from hookpath.errors import HookpathError
from hookpath.events import PassingReporter, Reporter
from hookpath.projects import ImageEntry

#: Share of an image's time that its tiles take; the rest is for outlines and files.
_TILES = 0.9

#: Of small images not each one is announced.
_REPORT_EVERY_S = 5.0


class OverallReporter(PassingReporter):
    """Passes everything on, and says after each step how much of all images is done.

    Args:
        weights: how long each image will take, in any unit.
        clock: seconds, monotonic.
    """

    def __init__(
        self,
        reporter: Reporter,
        weights: Sequence[float],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        super().__init__(reporter)
        self._weights = list(weights)
        self._over: set[int] = set()
        self._at = 0
        self._task: str | None = None
        self._done, self._total = 0, 0
        self._clock, self._started = clock, clock()
        self._told: float | None = None
        self.overall(0.0)

    def image(self, number: int, name: str) -> None:
        """The image (from 0) under way; of many, where that is and how long all will take."""
        self._at = number
        now, count = self._clock(), len(self._weights)
        if count < 2 or (self._told is not None and now - self._told < _REPORT_EVERY_S):
            return
        self._told = now
        share = self._share(0.0)
        left = (now - self._started) / share * (1 - share) if share > 0 else None
        time_left = "" if left is None else f"; {duration_text(left)} left"
        self.info(f"slide {len(self._over) + 1} of {count}: {name}{time_left}")

    def image_done(self, was_there: bool = False) -> None:
        """The image under way is done; `was_there`: not now, so it tells nothing of speed."""
        if was_there:
            self._weights[self._at] = 0.0
        self._over.add(self._at)
        self._report(0.0)

    def start(self, task: str, total: int | None, unit: str = "it") -> None:
        if unit == "tile":
            self._task, self._done, self._total = task, 0, total or 0
        super().start(task, total, unit)

    def advance(self, task: str, n: int = 1, **figures: float) -> None:
        if task == self._task:
            self._done += n
            self._report(_TILES * self._done / max(1, self._total))
        super().advance(task, n, **figures)

    def _report(self, of_this: float) -> None:
        if sum(self._weights) > 0:
            self.overall(self._share(of_this))

    def _share(self, of_this: float) -> float:
        """Of all images, `of_this` of the one under way."""
        total = sum(self._weights)
        this = 0.0 if self._at in self._over else self._weights[self._at] * of_this
        done = sum(self._weights[i] for i in self._over) + this
        return min(1.0, done / total) if total > 0 else 0.0


def weights_of(entries: Sequence[ImageEntry]) -> list[float]:
    """Sizes of the slides' files: compressed glass takes as little room there as time here."""
    return [_bytes_of(entry) for entry in entries]


def _bytes_of(entry: ImageEntry) -> float:
    try:
        path = entry.slide.path
        return float(path.stat().st_size + _beside(path))
    except (HookpathError, OSError):
        return 0.0  # it will fail at once


def _beside(path: Path) -> int:
    """What a MIRAX slide has in the folder of its name."""
    folder = path.with_suffix("")
    if path.suffix.lower() != ".mrxs" or not folder.is_dir():
        return 0
    return sum(p.stat().st_size for p in folder.iterdir() if p.is_file())

"""How far all images of a run are together."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from hookpath.errors import HookpathError
from hookpath.events import PassingReporter, Reporter
from hookpath.projects import ImageEntry

#: Share of an image's time that its tiles take; the rest is for outlines and files.
_TILES = 0.9


class OverallReporter(PassingReporter):
    """Passes everything on, and says after each step how much of all images is done.

    Args:
        weights: how long each image will take, in any unit.
    """

    def __init__(self, reporter: Reporter, weights: Sequence[float]) -> None:
        super().__init__(reporter)
        self._weights = list(weights)
        self._at = 0
        self._task: str | None = None
        self._done, self._total = 0, 0
        self.overall(0.0)

    def image_done(self, was_there: bool = False) -> None:
        """The image under way is done; `was_there`: since long, so it tells nothing of speed."""
        if was_there:
            self._weights[self._at] = 0.0
        self._at += 1
        self._tell(0.0)

    def start(self, task: str, total: int | None, unit: str = "it") -> None:
        if unit == "tile":
            self._task, self._done, self._total = task, 0, total or 0
        super().start(task, total, unit)

    def advance(self, task: str, n: int = 1, **figures: float) -> None:
        if task == self._task:
            self._done += n
            self._tell(_TILES * self._done / max(1, self._total))
        super().advance(task, n, **figures)

    def _tell(self, of_this: float) -> None:
        total = sum(self._weights)
        if total > 0 and self._at <= len(self._weights):
            this = self._weights[self._at] * of_this if self._at < len(self._weights) else 0.0
            self.overall(min(1.0, (sum(self._weights[: self._at]) + this) / total))


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

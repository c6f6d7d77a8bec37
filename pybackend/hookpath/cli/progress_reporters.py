"""Progress for any reader: bars on a terminal, lines in a log, JSON lines for a machine."""

from __future__ import annotations

import json
import math
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TextIO

from hookpath.durations import duration_text
from hookpath.safe_names import cell_text, printable

if TYPE_CHECKING:
    from rich.progress import Progress, TaskID

#: Version of the JSON lines (docs/json-events.md).
EVENT_SCHEMA = 1

#: What JSON lets through as it is, and terminals or readers of lines act on.
_NO_TEXT = {c: f"\\u{c:04x}" for c in (*range(0x7F, 0xA0), 0x2028, 0x2029)}

_LINE_EVERY_S = 10.0
_JSON_EVERY_S = 0.5


def _finite(value: Any) -> Any:
    """NaN and infinity are no JSON: null."""
    if isinstance(value, float) and not math.isfinite(value):
        return None
    if isinstance(value, Mapping):
        return {str(k): _finite(v) for k, v in value.items()}
    if isinstance(value, (list, tuple)):
        return [_finite(v) for v in value]
    return value


@dataclass
class _Task:
    """Progress of one task."""

    total: int | None
    unit: str
    done: int = 0
    #: Done when the task was begun or taken up again: that part says nothing about speed.
    before: int | None = None
    figures: dict[str, float] = field(default_factory=dict)
    started: float = field(default_factory=lambda: time.monotonic())
    shown: float = 0.0

    def advance(self, n: int, figures: Mapping[str, float]) -> None:
        if self.before is None:
            self.before = n if not figures and n != 1 else 0
        self.done += n
        self.figures.update(figures)

    @property
    def seconds_left(self) -> float | None:
        worked = self.done - (self.before or 0)
        if self.total is None or worked <= 0:
            return None
        return (time.monotonic() - self.started) / worked * max(0, self.total - self.done)


def metrics_text(figures: Mapping[str, float]) -> str:
    """``loss 0.531, F1 0.802, 9.3 patches/s``."""
    return ", ".join(_metric(name, value) for name, value in figures.items())


def _metric(name: str, value: float) -> str:
    if isinstance(value, int):
        return f"{value} {name}"
    if name.endswith("_per_s"):
        return f"{value:.1f} {name.removesuffix('_per_s').replace('_', ' ')}/s"
    shown = {"f1": "F1", "macro_f1": "macro F1", "r2": "R²"}.get(name, name.replace("_", " "))
    return f"{shown} {value:.3f}"


def _plural(unit: str) -> str:
    return unit + ("es" if unit.endswith("ch") else "s")


class _TextReporter:
    """What bars and lines share: messages on stderr, results for machines left out.

    Attributes:
        said_at: when the last line was shown, on `time.monotonic`; None: none was.
        quiet: nothing is shown.
    """

    said_at: float | None = None
    quiet: bool = False

    @property
    def at_work(self) -> str:
        """What is worked on now; "": nothing that has a name."""
        return ""

    def info(self, message: str) -> None:
        self.said_at = time.monotonic()
        if not self.quiet:
            print(printable(message), file=sys.stderr, flush=True)

    def warn(self, message: str, code: str = "") -> None:
        self.info(f"warning: {message}")

    def result(self, kind: str, payload: Mapping[str, Any]) -> None: ...

    def overall(self, done: float) -> None: ...


class LineReporter(_TextReporter):
    """Plain lines, at most one every ten seconds for each task."""

    def __init__(self) -> None:
        self._tasks: dict[str, _Task] = {}

    @property
    def at_work(self) -> str:
        """The task that began last, and how far it is."""
        running = list(self._tasks.items())
        return self._line(*running[-1]) if running else ""

    def start(self, task: str, total: int | None, unit: str = "it") -> None:
        self._tasks[task] = _Task(total, unit, shown=time.monotonic())

    def advance(self, task: str, n: int = 1, **figures: float) -> None:
        state = self._tasks[task]
        state.advance(n, figures)
        if time.monotonic() - state.shown >= _LINE_EVERY_S:
            state.shown = time.monotonic()
            self.info(self._line(task, state))

    def finish(self, task: str) -> None:
        state = self._tasks.pop(task)
        took = duration_text(time.monotonic() - state.started)
        self.info(f"{self._line(task, state)}, took {took}")

    @staticmethod
    def _line(task: str, state: _Task) -> str:
        of = "" if state.total is None else f"/{state.total}"
        parts = [f"{task}: {state.done}{of} {_plural(state.unit)}"]
        if state.figures:
            parts.append(metrics_text(state.figures))
        left = state.seconds_left
        if left:
            parts.append(f"{duration_text(left)} left")
        return ", ".join(parts)


class BarReporter(_TextReporter):
    """Progress bars on stderr; messages appear above them."""

    def __init__(self) -> None:
        self._progress: Progress | None = None
        self._tasks: dict[str, TaskID] = {}
        self._figures: dict[str, dict[str, float]] = {}

    @property
    def moves(self) -> bool:
        """Whether there are bars, which show that time goes by."""
        return self._progress is not None

    def start(self, task: str, total: int | None, unit: str = "it") -> None:
        if self._progress is None:
            self._progress = _make_progress(self.quiet)
            self._progress.start()
        self._figures[task] = {}
        shown = cell_text(task)
        self._tasks[task] = self._progress.add_task(shown, total=total, unit=unit, figures="")

    def advance(self, task: str, n: int = 1, **figures: float) -> None:
        if self._progress is not None:
            self._figures[task].update(figures)
            text = metrics_text(self._figures[task])
            self._progress.update(self._tasks[task], advance=n, figures=text)

    def finish(self, task: str) -> None:
        number = self._tasks.pop(task, None)
        if not self._tasks:
            self.close()
        elif self._progress is not None and number is not None:
            self._progress.remove_task(number)

    def info(self, message: str) -> None:
        if self._progress is None:
            super().info(message)
        else:
            self.said_at = time.monotonic()
            self._progress.console.print(printable(message), markup=False, highlight=False)

    def close(self) -> None:
        """Stop drawing; what is there stays."""
        if self._progress is not None:
            self._progress.stop()
            self._progress = None


def _make_progress(quiet: bool) -> Progress:
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        Task,
        TextColumn,
        TimeElapsedColumn,
        TimeRemainingColumn,
    )
    from rich.text import Text

    class Count(MofNCompleteColumn):
        def render(self, task: Task) -> Text:
            return super().render(task) if task.total is not None else Text(f"{task.completed:.0f}")

    return Progress(
        TextColumn("{task.description}", markup=False),
        BarColumn(bar_width=24),
        Count(),
        TextColumn("{task.fields[figures]}", markup=False),
        TimeElapsedColumn(),
        TextColumn("left"),
        TimeRemainingColumn(),
        console=Console(stderr=True),
        refresh_per_second=4,
        disable=quiet,
    )


@dataclass
class _Overall:
    """How far everything is, and how fast it goes."""

    first: float
    done: float
    started: float = field(default_factory=lambda: time.monotonic())

    @property
    def seconds_left(self) -> float | None:
        worked = self.done - self.first
        if worked <= 0:
            return None
        return (time.monotonic() - self.started) / worked * max(0.0, 1 - self.done)


class JsonReporter:
    """Every event as one JSON line; progress at most twice a second for each task.

    Args:
        stream: None: stdout.
        on_gone: called once, when nobody reads the stream any more.
    """

    def __init__(
        self, stream: TextIO | None = None, on_gone: Callable[[], None] = lambda: None
    ) -> None:
        self._stream = stream or sys.stdout
        self._on_gone = on_gone
        self._gone = False
        self._tasks: dict[str, _Task] = {}
        self._overall: _Overall | None = None

    def emit(self, event: str, **values: Any) -> None:
        """One line; where its reader has gone, nothing."""
        line = {"event": event, "schema": EVENT_SCHEMA, **values}
        text = json.dumps(_finite(line), ensure_ascii=False, default=str).translate(_NO_TEXT)
        if self._gone:
            return
        try:
            print(text, file=self._stream, flush=True)
        except OSError:  # Windows has other words for a broken pipe
            self._gone = True
            self._on_gone()

    @property
    def gone(self) -> bool:
        """Whether an event could not be written: its reader has gone, or the disk is full."""
        return self._gone

    def start(self, task: str, total: int | None, unit: str = "it") -> None:
        self._tasks[task] = _Task(total, unit)
        self._show(task)

    def advance(self, task: str, n: int = 1, **figures: float) -> None:
        state = self._tasks[task]
        state.advance(n, figures)
        if time.monotonic() - state.shown >= _JSON_EVERY_S:
            self._show(task)

    def finish(self, task: str) -> None:
        self._show(task, finished=True)
        del self._tasks[task]

    def info(self, message: str) -> None:
        self.emit("info", message=message)

    def warn(self, message: str, code: str = "") -> None:
        self.emit("warning", message=message, code=code or None)

    def result(self, kind: str, payload: Mapping[str, Any]) -> None:
        self.emit("result", kind=kind, data=payload)

    def overall(self, done: float) -> None:
        if done >= 1:
            self._overall = None
        elif self._overall is None:
            self._overall = _Overall(done, done)
        else:
            self._overall.done = done

    def _show(self, task: str, finished: bool = False) -> None:
        state, overall = self._tasks[task], self._overall
        state.shown = time.monotonic()
        left = 0.0 if finished else state.seconds_left
        self.emit(
            "progress",
            task=task,
            done=state.done,
            total=state.total,
            unit=state.unit,
            figures=state.figures,
            seconds_left=left if overall is None else overall.seconds_left,
            finished=finished,
            overall=None if overall is None else round(overall.done, 4),
        )

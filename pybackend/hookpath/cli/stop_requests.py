"""How a command is asked to stop.

Ctrl-C, SIGTERM, SIGHUP, SIGUSR1, a stop file, or a caller that is gone.

All of them end as a `KeyboardInterrupt` in the main thread (those of a batch system as its
`QueueStop`), or as what `StopSignal` of training
makes of a signal: a checkpoint first.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn

from hookpath.signals import heeded_signals, interrupt_of

STOP_NAME = "stop"
"""A file of this name in the job folder asks the command to stop."""

_LOOK_EVERY_S = 0.5


@dataclass(frozen=True)
class Job:
    """What a request file's command belongs to: the folder of the file."""

    folder: Path

    @property
    def stop_file(self) -> Path:
        """Whoever started the job makes this file to have it stop."""
        return self.folder / STOP_NAME


#: The job whose command runs; None: it was typed.
CURRENT_JOB: ContextVar[Job | None] = ContextVar("CURRENT_JOB", default=None)


@contextmanager
def inside(job: Job) -> Iterator[None]:
    """Commands that run meanwhile belong to the job."""
    token = CURRENT_JOB.set(job)
    try:
        yield
    finally:
        CURRENT_JOB.reset(token)


class Watch:
    """Looks after a job twice a second; what it sees first stops the command, once.

    Args:
        job: its stop file is looked for.
        stop: called from the watching thread.
    """

    def __init__(self, job: Job, stop: Callable[[], None]) -> None:
        self.asked = False
        self._job, self._stop = job, stop
        self._parent = _parent()
        self._over = threading.Event()
        self._lock = threading.Lock()
        self._thread = threading.Thread(target=self._look, name="stop-watch", daemon=True)

    def start(self) -> None:
        """Begin to look."""
        self._thread.start()

    def end(self) -> None:
        """No stop comes after this."""
        with self._lock:
            self._over.set()

    def _look(self) -> None:
        while not self._wanted():
            if self._over.wait(_LOOK_EVERY_S):
                return
        with self._lock:
            if not self._over.is_set():
                self.asked = True
                self._stop()

    def _wanted(self) -> bool:
        return self._job.stop_file.exists() or _parent() != self._parent


def _parent() -> int:
    """The process that started this one; on Windows it cannot be seen whether it still lives."""
    return 0 if sys.platform == "win32" else os.getppid()


def stop_main_thread() -> None:
    """As if SIGTERM had come: on POSIX it also ends what the main thread waits for."""
    if not callable(signal.getsignal(signal.SIGTERM)):
        return
    if sys.platform == "win32":
        import _thread

        _thread.interrupt_main(signal.SIGTERM)
    else:
        signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGTERM)


@contextmanager
def stoppable(job: Job | None = None) -> Iterator[Callable[[], KeyboardInterrupt | None]]:
    """Other ways to ask a command to stop act as Ctrl-C does.

    SIGTERM and SIGUSR1 (batch systems send them), SIGHUP (a terminal that is closed) and a job's
    stop file.

    Yields:
        What asked to stop, if anything did: a library that is being imported may swallow the
        interrupt, and what is broken by that fails later.
    """
    asked: list[KeyboardInterrupt] = []

    def interrupt(number: int, frame: object) -> NoReturn:
        asked.append(interrupt_of(number))
        raise asked[-1]

    # A shell's background jobs ignore Ctrl-C; so it stays.
    heeded = signal.getsignal(signal.SIGINT) is not signal.SIG_IGN
    numbers = [s for s in heeded_signals() if s != signal.SIGINT or heeded]
    before = {number: signal.signal(number, interrupt) for number in numbers}
    watch = Watch(job, stop_main_thread) if job else None
    try:
        if watch:
            watch.start()
        yield lambda: asked[0] if asked else KeyboardInterrupt() if watch and watch.asked else None
    finally:
        if watch:
            watch.end()
        for number, handler in before.items():
            signal.signal(number, handler)

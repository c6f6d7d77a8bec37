"""What asks a command to stop, and that it is for the first process, not for those that it starts.

Ctrl-C, the SIGHUP of a terminal or connection that is gone, and what a batch system sends before it
takes the machine back: SIGTERM, or SIGUSR1 (SLURM's ``--signal=USR1@120``).
"""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

#: Those that this system has; Windows has no SIGHUP.
STOP_SIGNALS = tuple(
    getattr(signal, name)
    for name in ("SIGINT", "SIGTERM", "SIGHUP", "SIGUSR1")
    if hasattr(signal, name)
)

#: Exit code of what a batch system's signal stopped (EX_TEMPFAIL of sysexits.h): start it again.
COME_AGAIN = 75

_FROM_QUEUES = tuple(getattr(signal, n) for n in ("SIGTERM", "SIGUSR1") if hasattr(signal, n))


class QueueStop(KeyboardInterrupt):
    """A batch system takes the machine back: the same command goes on when it is started again."""


def interrupt_of(number: int) -> KeyboardInterrupt:
    """What a signal is raised as."""
    return QueueStop() if number in _FROM_QUEUES else KeyboardInterrupt()


def end_on_signals(code: int | None = None) -> None:
    """From now on the process ends at once where a signal asks for it.

    While it only loads what it needs there is nothing to be finished, and a library that is being
    imported may swallow an interrupt; when all is done, interrupts come out of Python's own end.

    Args:
        code: exit code of a command that is done; None: it has not begun, which is said.
    """

    def end(number: int, frame: object) -> None:
        if code is None:
            os.write(2, b"error: stopped\n")
            os._exit(COME_AGAIN if number in _FROM_QUEUES else 1)
        os._exit(code)

    for number in heeded_signals():
        if signal.getsignal(number) is not signal.SIG_IGN:
            signal.signal(number, end)


def heeded_signals() -> tuple[signal.Signals, ...]:
    """All of them, but for the SIGHUP that ``nohup`` has ignored: the work is to go on then."""
    hangup = getattr(signal, "SIGHUP", None)
    ignored = hangup is not None and signal.getsignal(hangup) is signal.SIG_IGN
    return tuple(s for s in STOP_SIGNALS if not (ignored and s == hangup))


def ignore_signals() -> None:
    """In a process of ours: the first one says when it is over."""
    for number in STOP_SIGNALS:
        signal.signal(number, signal.SIG_IGN)


@contextmanager
def stop_deferred() -> Iterator[None]:
    """What asks to stop inside is heard at the end; asked a second time, at once."""
    asked: list[tuple[int, Any]] = []

    def note(number: int, frame: Any) -> None:
        asked.append((number, frame))
        if len(asked) > 1:
            before[number](number, frame)

    if threading.current_thread() is not threading.main_thread():  # no signal is heard there
        yield
        return
    heard = {n: how for n in STOP_SIGNALS if callable(how := signal.getsignal(n))}
    before: dict[int, Callable[[int, Any], Any]] = {}
    try:
        for number, how in heard.items():
            before[number] = how
            signal.signal(number, note)
        yield
    finally:
        for number, how in before.items():
            signal.signal(number, how)
    if asked:
        number, frame = asked[0]
        before[number](number, frame)


@contextmanager
def signals_held() -> Iterator[None]:
    """A Ctrl-C while a process starts does not reach that process: it inherits the mask."""
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    from multiprocessing import resource_tracker  # not for every command

    resource_tracker.ensure_running()  # it would open the mask again if it started inside
    before = signal.pthread_sigmask(signal.SIG_BLOCK, STOP_SIGNALS)
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)

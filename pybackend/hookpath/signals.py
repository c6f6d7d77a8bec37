"""What asks a command to stop, and that it is for the first process, not for those that it starts.

Ctrl-C, the SIGHUP of a terminal or connection that is gone, and what a batch system sends before it
takes the machine back: SIGTERM, or SIGUSR1 (SLURM's ``--signal=USR1@120``).
"""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager

#: Those that this system has; Windows has no SIGHUP.
STOP_SIGNALS = tuple(
    getattr(signal, name)
    for name in ("SIGINT", "SIGTERM", "SIGHUP", "SIGUSR1")
    if hasattr(signal, name)
)

_FROM_QUEUES = tuple(getattr(signal, n) for n in ("SIGTERM", "SIGUSR1") if hasattr(signal, n))


class QueueStop(KeyboardInterrupt):
    """A batch system takes the machine back: the same command goes on when it is started again."""


def interrupt_of(number: int) -> KeyboardInterrupt:
    """What a signal is raised as."""
    return QueueStop() if number in _FROM_QUEUES else KeyboardInterrupt()


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

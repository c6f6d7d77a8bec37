"""Worker processes that end with the one that started them, or none at all."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from concurrent.futures import Executor, Future, ProcessPoolExecutor
from multiprocessing import connection, get_context, parent_process
from typing import Any, ParamSpec, TypeVar

from hookpath.signals import ignore_signals, signals_held

P = ParamSpec("P")
T = TypeVar("T")


class _Inline(Executor):
    """Does everything at once, in this process."""

    def submit(self, fn: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> Future[T]:
        future: Future[T] = Future()
        try:
            future.set_result(fn(*args, **kwargs))
        except Exception as error:
            future.set_exception(error)
        return future


class _Processes(ProcessPoolExecutor):
    """Processes that a Ctrl-C does not reach, not even while they start."""

    def __init__(self, count: int) -> None:
        spawn = get_context("spawn")
        theirs, self._ours = spawn.Pipe(duplex=False)
        super().__init__(count, spawn, initializer=_begin, initargs=(theirs,))

    def abandon(self) -> None:
        """They end at once, whatever they are at."""
        self._ours.close()

    def submit(self, fn: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> Future[T]:
        with signals_held():
            return super().submit(fn, *args, **kwargs)


def start_workers(count: int) -> Executor:
    """`count` processes; 0: none, the caller does the work."""
    if count == 0:
        return _Inline()
    return _Processes(count)


def abandon(workers: Executor) -> None:
    """Have processes end where they are; their work is lost."""
    if isinstance(workers, _Processes):
        workers.abandon()


def _begin(ours: connection.Connection) -> None:
    # What stops a command goes to the whole group; the first process decides.
    ignore_signals()
    threading.Thread(target=_end_on_request, args=(ours,), daemon=True).start()


def _end_on_request(ours: connection.Connection) -> None:
    """When the other end is closed. A killed parent would leave its workers waiting for ever."""
    parent: Any = parent_process()
    if parent is not None:
        connection.wait([ours, parent.sentinel])
        os._exit(1)

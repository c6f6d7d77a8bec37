"""Ctrl-C while processes start."""

from __future__ import annotations

import signal
import sys
import threading
import time
from concurrent.futures.process import BrokenProcessPool

import pytest

from hookpath.extraction.extraction_process_pool import abandon, start_workers
from hookpath.signals import signals_held, stop_deferred

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="signals are POSIX's")


def test_what_comes_meanwhile_comes_afterwards() -> None:
    heard: list[int] = []
    before = signal.signal(signal.SIGINT, lambda number, frame: heard.append(number))
    try:
        with signals_held():
            # To this thread: of a process that has others (torch's, xdist's) any may take it.
            signal.pthread_kill(threading.get_ident(), signal.SIGINT)
            assert heard == []
        assert heard == [signal.SIGINT]
    finally:
        signal.signal(signal.SIGINT, before)


def test_a_stop_is_heard_at_the_end_and_a_second_one_at_once() -> None:
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    done: list[int] = []

    def stopped(times: int) -> None:
        with stop_deferred():
            for _ in range(times):
                signal.raise_signal(signal.SIGINT)
            done.append(times)

    try:
        for stops in (1, 2):
            with pytest.raises(KeyboardInterrupt):
                stopped(stops)
        assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
    finally:
        signal.signal(signal.SIGINT, before)
    assert done == [1]


def test_worker_processes_never_hear_it() -> None:
    """Not while they import, either: then nothing of ours runs in them yet that could ignore it."""
    workers = start_workers(1)
    try:
        held = workers.submit(signal.pthread_sigmask, signal.SIG_BLOCK, ()).result(timeout=120)
    finally:
        workers.shutdown()
    assert {signal.SIGINT, signal.SIGTERM, signal.SIGHUP} <= held


def test_abandoned_workers_end_in_the_middle_of_their_work() -> None:
    workers = start_workers(1)
    assert workers.submit(abs, -1).result(timeout=120) == 1
    endless = workers.submit(time.sleep, 600)
    while not endless.running():
        time.sleep(0.05)
    started = time.monotonic()
    abandon(workers)
    workers.shutdown(wait=True, cancel_futures=True)
    assert time.monotonic() - started < 60
    assert isinstance(endless.exception(timeout=0), BrokenProcessPool)

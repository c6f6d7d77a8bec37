"""Ctrl-C while processes start."""

from __future__ import annotations

import os
import signal
import sys

import pytest

from hookpath.extraction._workers import start_workers
from hookpath.signals import signals_held

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="signals are POSIX's")


def test_what_comes_meanwhile_comes_afterwards() -> None:
    heard: list[int] = []
    before = signal.signal(signal.SIGINT, lambda number, frame: heard.append(number))
    try:
        with signals_held():
            os.kill(os.getpid(), signal.SIGINT)
            assert heard == []
        assert heard == [signal.SIGINT]
    finally:
        signal.signal(signal.SIGINT, before)


def test_worker_processes_never_hear_it() -> None:
    """Not while they import, either: then nothing of ours runs in them yet that could ignore it."""
    workers = start_workers(1)
    try:
        held = workers.submit(signal.pthread_sigmask, signal.SIG_BLOCK, ()).result(timeout=120)
    finally:
        workers.shutdown()
    assert {signal.SIGINT, signal.SIGTERM} <= held

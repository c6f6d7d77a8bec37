"""Processes that share what is imported here: they start in milliseconds."""

from __future__ import annotations

import contextlib
import os
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

#: Exit code of a child whose work raised something.
FAILED = 99


@contextmanager
def child(work: Callable[[], object]) -> Iterator[int]:
    """A process that does something, keeps what came of it, and is killed in the end."""
    said, tell = os.pipe()
    pid = os.fork()
    if pid == 0:
        with contextlib.suppress(BaseException):
            kept = work()
            os.write(tell, b"!")
            time.sleep(60)
            del kept
        os._exit(FAILED)
    os.close(tell)
    try:
        assert os.read(said, 1) == b"!"
        yield pid
    finally:
        os.close(said)
        end(pid)


def end(pid: int) -> None:
    """Kill a child; whether or not it has ended."""
    with contextlib.suppress(ProcessLookupError, ChildProcessError):
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)


def exit_code(work: Callable[[], object]) -> int:
    """Do something in a process of its own; negative: killed by this signal."""
    pid = os.fork()
    if pid == 0:
        try:
            work()
            os._exit(0)
        except BaseException:
            os._exit(FAILED)
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])

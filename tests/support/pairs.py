"""Two processes on one machine, as torchrun starts them."""

from __future__ import annotations

import os
import socket
from typing import Any

import pytest

from support.forked import FAILED


class Pair:
    """This process and a child of it, as torchrun starts them."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self._patch = monkeypatch

    def run(self, work: Any, other: Any = None) -> int:
        """`work` in both (`other` in the child); the child's exit code."""
        with socket.socket() as found:
            found.bind(("127.0.0.1", 0))
            port = found.getsockname()[1]
        values = {"MASTER_ADDR": "127.0.0.1", "MASTER_PORT": str(port), "WORLD_SIZE": "2"}
        for name, value in values.items():
            self._patch.setenv(name, value)
        pid = os.fork()
        rank = "1" if pid == 0 else "0"
        os.environ["RANK"] = os.environ["LOCAL_RANK"] = rank
        if pid == 0:
            try:
                (other or work)()
                os._exit(0)
            except KeyboardInterrupt:
                os._exit(75)
            except BaseException as error:
                print(repr(error))
                os._exit(FAILED)
        try:
            work()
        finally:
            for name in (*values, "RANK", "LOCAL_RANK"):
                os.environ.pop(name, None)
        return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])


def a_pair(monkeypatch: pytest.MonkeyPatch) -> Pair:
    """For a fixture."""
    for name in ("RANK", "LOCAL_RANK"):
        monkeypatch.delenv(name, raising=False)
    return Pair(monkeypatch)

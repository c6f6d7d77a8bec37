"""Runs the command line as a user does, in this process."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
from typer.testing import CliRunner

from hookpath.cli.app import app


@dataclass(frozen=True)
class Ran:
    """What a command left behind."""

    code: int
    out: str
    err: str

    @property
    def events(self) -> list[dict[str, Any]]:
        """The JSON lines; fails if there is anything else on stdout."""
        return [json.loads(line) for line in self.out.splitlines()]


@pytest.fixture
def hookpath() -> Callable[..., Ran]:
    """``hookpath("info", folder)``."""

    def run(*args: object) -> Ran:
        done = CliRunner().invoke(app, [str(a) for a in args])
        return Ran(done.exit_code, done.stdout, done.stderr)

    return run

"""A log that is never silent for long."""

from __future__ import annotations

import time

import pytest

from hookpath.cli.heartbeat import Heartbeat
from hookpath.cli.progress_reporters import LineReporter


def wait_for(text: str, capsys: pytest.CaptureFixture[str]) -> str:
    said, until = "", time.monotonic() + 10
    while text not in said and time.monotonic() < until:
        time.sleep(0.005)
        said += capsys.readouterr().err
    assert text in said
    return said


def test_a_command_that_says_nothing_says_that_it_lives(
    capsys: pytest.CaptureFixture[str],
) -> None:
    reporter = LineReporter()
    heartbeat = Heartbeat(reporter, "export", first_s=0.01, every_s=0.02)
    assert wait_for("so far", capsys).startswith("export: starting\nexport: 0 s so far\n")
    reporter.start("compare", 8, "tile")
    reporter.advance("compare", 3)
    wait_for("compare: 3/8 tiles", capsys)
    heartbeat.end()
    capsys.readouterr()
    time.sleep(0.05)
    assert capsys.readouterr().err == ""


def test_a_command_that_talks_is_not_interrupted(capsys: pytest.CaptureFixture[str]) -> None:
    reporter = LineReporter()
    reporter.info("one slide")
    heartbeat = Heartbeat(reporter, "info", first_s=0.0, every_s=60)
    time.sleep(0.05)
    heartbeat.end()
    assert capsys.readouterr().err == "one slide\n"

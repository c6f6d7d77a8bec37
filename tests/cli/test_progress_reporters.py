"""Progress as lines and as JSON."""

import json
import math

import pytest

from hookpath.cli import progress_reporters
from hookpath.cli.progress_reporters import BarReporter, JsonReporter, LineReporter, metrics_text
from hookpath.durations import duration_text


def test_metrics_read_as_a_person_writes_them() -> None:
    text = metrics_text({"loss": 0.53149, "f1": 0.8, "patches_per_s": 9.26})
    assert text == "loss 0.531, F1 0.800, 9.3 patches/s"


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0.4, "0 s"), (59.4, "59 s"), (59.6, "1 min 00 s"), (200, "3 min 20 s"), (7500, "2 h 05 min")],
)
def test_durations(seconds: float, text: str) -> None:
    assert duration_text(seconds) == text


def test_lines_come_at_most_every_ten_seconds_and_at_the_end(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    now = 100.0
    monkeypatch.setattr(progress_reporters.time, "monotonic", lambda: now)  # type: ignore[attr-defined]
    reporter = LineReporter()
    reporter.start("train", 100, "step")
    for _ in range(40):
        now += 0.5
        reporter.advance("train", loss=0.5)
    reporter.finish("train")
    lines = capsys.readouterr().err.splitlines()
    assert lines == [
        "train: 20/100 steps, loss 0.500, 40 s left",
        "train: 40/100 steps, loss 0.500, 30 s left",
        "train: 40/100 steps, loss 0.500, 30 s left, took 20 s",
    ]


def test_steps_of_an_earlier_run_say_nothing_about_speed(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    now = 0.0
    monkeypatch.setattr(progress_reporters.time, "monotonic", lambda: now)  # type: ignore[attr-defined]
    reporter = LineReporter()
    reporter.start("train", 100, "step")
    reporter.advance("train", 80)
    now = 10.0
    reporter.advance("train", 10, loss=0.1)
    assert "90/100 steps, loss 0.100, 10 s left" in capsys.readouterr().err


def test_what_is_counted_without_an_end_is_a_number_alone(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    now = 0.0
    monkeypatch.setattr(progress_reporters.time, "monotonic", lambda: now)  # type: ignore[attr-defined]
    reporter = LineReporter()
    reporter.start("encode", None, "tile")
    now = 10.0
    reporter.advance("encode", 378)
    reporter.finish("encode")
    bars = BarReporter()
    bars.start("encode", None, "tile")
    bars.advance("encode", 379)
    bars.finish("encode")
    lines = capsys.readouterr().err
    assert lines.splitlines()[:2] == ["encode: 378 tiles", "encode: 378 tiles, took 10 s"]
    assert "379 " in lines
    assert "?" not in lines


def test_json_lines_hold_no_nan(capsys: pytest.CaptureFixture[str]) -> None:
    JsonReporter().result("epoch", {"f1": math.nan, "by_class": [1.0, math.inf]})
    line = json.loads(capsys.readouterr().out, parse_constant=pytest.fail)
    assert line["data"] == {"f1": None, "by_class": [1.0, None]}


def test_a_task_ends_with_a_finished_event(capsys: pytest.CaptureFixture[str]) -> None:
    reporter = JsonReporter()
    reporter.start("predict", 3, "tile")
    for _ in range(3):
        reporter.advance("predict")
    reporter.finish("predict")
    events = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [e["finished"] for e in events][-1] is True
    assert (events[0]["done"], events[-1]["done"], events[-1]["total"]) == (0, 3, 3)


def test_time_left_is_for_everything_where_that_is_known(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    now = 100.0
    monkeypatch.setattr(progress_reporters.time, "monotonic", lambda: now)  # type: ignore[attr-defined]
    reporter = JsonReporter()
    reporter.overall(0.2)  # done by an earlier run: says nothing about speed
    reporter.start("predict a", 4, "tile")
    now += 10
    reporter.overall(0.4)
    reporter.advance("predict a", 4)
    reporter.finish("predict a")
    reporter.overall(1.0)
    reporter.start("evaluate", 2)
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [line["overall"] for line in lines] == [0.2, 0.4, 0.4, None]
    # A fifth took 10 s, three fifths are left; the finished task's own time does not count.
    assert [line["seconds_left"] for line in lines] == [None, 30, 30, None]

"""A run that has only so much time, on a clock that the test turns."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from hookpath.projects import open_project
from hookpath.training import TrainConfig, train_network, training_loop
from hookpath.training.optimization import time_budget
from hookpath.training.optimization.step_count_and_progress import Plan
from hookpath.training.optimization.time_budget import Budget
from hookpath.training.run.checkpoint import read_checkpoint
from support.training import TINY, Recorder, rows_of
from training.test_resume import dying

Seconds = Callable[[int], float]


@dataclass
class Day:
    """A run of so many steps at most, on a clock of its own."""

    step_s: Seconds
    end_s: float = 2.0
    minutes: float = 2.0
    most: int = 1000
    per_epoch: int = 20
    now: float = 0.0
    moved: list[int] = field(default_factory=list)
    done: float = 0.0

    def run(self) -> int:
        """Steps that the run had."""
        plan = Plan(self.most)
        keeper = Budget(60 * self.minutes, plan, self.per_epoch, 4, 4, clock=lambda: self.now)
        step = 0
        while step < plan.total:
            self.now += self.step_s(step)
            step += 1
            if keeper.stepped(step):
                self.moved.append(step)
            if step % self.per_epoch == 0 or step >= plan.total:
                self.now += self.end_s
                keeper.ended(step)
        self.done = plan.done(step)
        return step


def test_a_run_that_has_time_enough_keeps_all_its_steps() -> None:
    day = Day(lambda step: 0.1, end_s=0.2)
    assert (day.run(), day.moved, day.done) == (1000, [], 1)


def test_a_run_of_even_speed_fills_its_time_and_is_planned_once() -> None:
    day = Day(lambda step: 1.0)
    steps = day.run()
    assert 80 <= steps <= 110
    assert 100 <= day.now <= 120
    assert len(day.moved) <= 3
    assert day.done > 0.97


@pytest.mark.parametrize("slower", [2.0, 5.0, 20.0])
def test_a_machine_that_gets_busy_half_way_still_ends_in_time(slower: float) -> None:
    day = Day(lambda step: 0.5 if step < 60 else 0.5 * slower)
    assert day.run() >= 60
    assert day.now <= 120


def test_what_fits_again_is_used_again() -> None:
    """A minute's hiccup at the start must not cost the whole run."""
    busy = Day(lambda step: 4.0 if step < 8 else 0.5)
    quiet = Day(lambda step: 0.5)
    assert busy.run() > 0.6 * quiet.run()
    assert busy.now <= 120


def test_one_step_that_hangs_does_not_end_the_run() -> None:
    day = Day(lambda step: 20.0 if step == 30 else 0.5)
    assert day.run() > 100
    assert day.now <= 120


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Every step takes a second, everything else no time at all."""

    @dataclass
    class Clock:
        now: float = 0.0

        def monotonic(self) -> float:
            return self.now

    turned = Clock()
    step = training_loop.train_step

    def timed(session: Any, batch: Any) -> Any:
        turned.now += 1.0
        return step(session, batch)

    monkeypatch.setattr(Budget.__init__, "__defaults__", (0, turned.monotonic, None))
    monkeypatch.setattr("hookpath.training.session_setup.time", turned)
    monkeypatch.setattr(training_loop, "train_step", timed)
    return turned


def timed_config(*overrides: str) -> TrainConfig:
    values = ("minutes=2", "epochs=100", "checkpoint_every=3", "validation.max_patches=4")
    return TrainConfig.load(overrides=[*TINY, *values, *overrides])


def test_a_run_with_minutes_ends_with_its_schedule(
    folder: Path, tmp_path: Path, clock: Any
) -> None:
    reporter = Recorder()
    result = train_network(
        [open_project(folder)], timed_config(), tmp_path / "run", reporter=reporter
    )
    rows = rows_of(tmp_path / "run")
    assert 60 <= result.steps <= 120
    assert clock.now <= 120
    assert result.epochs == len(rows) == int(rows[-1]["epoch"])
    assert float(rows[-1]["learning_rate"]) < 0.2 * 0.01
    assert any(i.startswith("2 min are enough for about") for i in reporter.infos)


def test_a_timed_run_that_was_stopped_keeps_its_plan(
    folder: Path, tmp_path: Path, clock: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole, run = tmp_path / "whole", tmp_path / "run"
    train_network([open_project(folder)], timed_config(), whole)
    clock.now = 0.0
    with monkeypatch.context() as patched:
        patched.setattr(training_loop, "train_step", dying(training_loop.train_step, 14))
        with pytest.raises(KeyboardInterrupt):
            train_network([open_project(folder)], timed_config(), run)
    saved = read_checkpoint(run / "checkpoints" / "last.pt")
    assert saved.step == 12
    assert saved.plan is not None
    assert saved.budget is not None
    assert (saved.plan["total"] < 800, saved.budget["spent_s"]) == (True, 12)
    train_network([open_project(folder)], None, run, resume=True)
    same = ("epoch", "step", "learning_rate", "loss", "f1")
    found, expected = ([{k: r[k] for k in same} for r in rows_of(d)] for d in (run, whole))
    assert found == expected


def test_the_clock_is_the_systems() -> None:
    assert Budget(1, Plan(1), 1, 0).spent_s < 60
    assert time_budget.time.monotonic  # type: ignore[attr-defined]

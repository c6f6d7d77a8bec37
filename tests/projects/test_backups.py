"""Which backups stay: the newest few and the first of every day, whatever the clock says."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from hookpath.projects import backups as _backups
from hookpath.projects.backups import KEPT_BACKUPS, Backups, back_up, backups_of


class Clock:
    """A clock that can be set."""

    def __init__(self) -> None:
        self.time = datetime(2026, 3, 1, 12, tzinfo=UTC)

    def now(self, _: object) -> datetime:
        return self.time


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    made = Clock()
    monkeypatch.setattr(_backups, "datetime", made)
    return made


def change(path: Path, text: str) -> None:
    back_up(path)
    path.write_text(text)


def contents(path: Path) -> list[str]:
    return [backup.read_text() for backup in backups_of(path)]


def test_the_first_of_every_day_and_the_newest_stay(tmp_path: Path, clock: Clock) -> None:
    path = tmp_path / "project.qpproj"
    path.write_text("original")
    for number in range(100):
        change(path, f"1st {number}")
    clock.time = clock.time.replace(day=2)
    for number in range(100):
        change(path, f"2nd {number}")
    # Each holds what was there before the change.
    newest = [f"2nd {n}" for n in range(99 - KEPT_BACKUPS, 99)]
    assert contents(path) == ["original", "1st 99", *newest]


def test_a_clock_that_is_set_back_costs_nothing(tmp_path: Path, clock: Clock) -> None:
    path = tmp_path / "a.geojson"
    path.write_text("original")
    for number in range(KEPT_BACKUPS + 2):
        change(path, f"{number}")
    clock.time = clock.time.replace(year=2020)
    change(path, "after")
    change(path, "later")
    assert contents(path)[-2:] == [f"{KEPT_BACKUPS + 1}", "after"]
    assert contents(path)[0] == "original"
    for number in range(20):
        change(path, f"again {number}")
    assert contents(path)[:2] == ["original", f"{KEPT_BACKUPS + 1}"]  # firsts of both days
    assert contents(path)[-1] == "again 18"


def test_early_backups_without_a_number_are_the_oldest(tmp_path: Path, clock: Clock) -> None:
    path = tmp_path / "data.qpdata"
    path.write_text("now")
    for day in ("20270101", "20270102"):
        early = path.with_name(f"data.qpdata.hookpath-{day}T080000.000000Z.bak")
        early.write_text(day)
    path.with_name("data.qpdata.hookpath-notes.bak").write_text("somebody else's")
    change(path, "then")
    assert contents(path) == ["20270101", "20270102", "now"]


def test_one_backup_for_all_changes_of_a_command(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    backups = Backups()
    assert backups.make(path) is None
    path.write_text("1")
    assert backups.make(path) is None  # it was not there when the command began
    path.write_text("2")
    other = Backups()
    first = other.make(path)
    path.write_text("3")
    assert other.make(path) == first
    assert contents(path) == ["2"]

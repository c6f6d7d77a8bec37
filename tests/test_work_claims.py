"""Work that processes share: each piece is done once, and nothing hangs on any of them."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from hookpath.errors import BusyError, MissingSpacingError, SlideError
from hookpath.locking import CLAIMS_NAME, Claims, Failed, Work, lock_files, share_out, work_claims
from support.forked import child

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")


class Doing:
    """Keeps what was done, and fails as often as it is asked to."""

    def __init__(self, fails: dict[str, list[Exception]] | None = None) -> None:
        self.done: list[str] = []
        self.given_up: list[str] = []
        self.retried: list[str] = []
        self.waited_for: list[str] = []
        self.fails = fails or {}

    def do(self, piece: str) -> None:
        if errors := self.fails.get(piece):
            raise errors.pop(0)
        self.done.append(piece)

    def failed(self, piece: str, why: Failed) -> None:
        self.given_up.append(f"{piece}: {why.message}")

    def again(self, piece: str, why: Failed) -> None:
        self.retried.append(piece)

    def waiting(self, pieces: Sequence[str]) -> None:
        self.waited_for += pieces

    def all_of(self, pieces: Sequence[str], claims: Claims) -> None:
        work = Work(str, self.do, self.failed, self.again, self.waiting, lambda _: False)
        share_out(pieces, claims, work)


def having(folder: Path, *names: str) -> Callable[[], object]:
    """Another process that works on these pieces."""

    def work() -> object:
        claims = Claims(folder, "work", "testing")
        held = [claims.taken(name) for name in names]
        assert all(h.__enter__() for h in held)
        return claims, held

    return work


def left(folder: Path) -> list[str]:
    return [p.name for p in folder.rglob("*")]


def test_all_is_done_and_nothing_stays(tmp_path: Path) -> None:
    doing = Doing()
    with Claims(tmp_path, "work", "testing") as claims:
        assert claims.alone
        doing.all_of("abc", claims)
    assert doing.done == ["a", "b", "c"]
    assert left(tmp_path) == []


def test_what_another_has_is_left_to_it_and_taken_over_when_that_is_killed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    doing = Doing()
    with child(having(tmp_path, "b")) as pid:
        claims = Claims(tmp_path, "work", "testing")
        assert (claims.alone, claims.others) == (False, 1)

        def killing(seconds: float) -> None:
            assert doing.done == ["a", "c"]
            os.kill(pid, 9)
            monkeypatch.setattr("hookpath.locking.work_sharing_loop.time.sleep", lambda _: None)

        monkeypatch.setattr("hookpath.locking.work_sharing_loop.time.sleep", killing)
        doing.all_of("abc", claims)
        claims.close()
    assert (doing.done, doing.waited_for) == (["a", "c", "b"], ["b"])
    assert left(tmp_path) == []


@pytest.mark.parametrize("off_s", [-1e6, 1e6])
def test_a_process_of_another_machine_is_given_up_when_its_pulse_is_silent(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, off_s: float
) -> None:
    """Nobody can ask whether it lives; its clock, or ours, may be far ahead or behind."""
    monkeypatch.setattr(lock_files, "WATCHED_S", 0.2)
    with child(having(tmp_path, "a")):
        claims = Claims(tmp_path, "work", "testing")
        note = tmp_path / CLAIMS_NAME / "a.note"
        note.write_text(json.dumps({"machine": "elsewhere", "host": "node7", "process": 1}))
        assert claims.take("a") is None
        with claims.taken("a") as mine:
            assert not mine
        there = time.time() + off_s
        for pulse in range(4):
            os.utime(note, (there + pulse, there + pulse))
            assert claims.take("a") is None, "it has a pulse"
            time.sleep(0.1)
        time.sleep(0.2)
        with claims.taken("a") as mine:
            assert mine
        claims.close()


@pytest.mark.parametrize("off_s", [-1e6, 1e6])
@pytest.mark.parametrize("lives", [True, False])
def test_who_comes_waits_until_it_is_known_who_is_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, off_s: float, lives: bool
) -> None:
    monkeypatch.setattr(lock_files, "WATCHED_S", 0.2)
    note = tmp_path / CLAIMS_NAME / "worker-other-1.note"
    note.parent.mkdir()
    note.write_text(json.dumps({"machine": "elsewhere", "host": "node7", "process": 1}))
    os.utime(note, (time.time() + off_s,) * 2)

    def sleep(seconds: float) -> None:
        if lives:
            os.utime(note, (time.time() + off_s,) * 2)
        real(0.25)

    real = time.sleep
    monkeypatch.setattr(work_claims.time, "sleep", sleep)  # type: ignore[attr-defined]
    if lives:
        with pytest.raises(BusyError, match="process 1 on node7"):
            Claims(tmp_path, "work", "testing")
    else:
        with Claims(tmp_path, "work", "testing") as claims:
            assert claims.alone
    assert note.exists() == lives


def test_what_is_done_is_known_to_all_who_share_the_work_and_to_nobody_after(
    tmp_path: Path,
) -> None:
    with Claims(tmp_path, "work", "testing") as first:
        first.note_done("a")
        with Claims(tmp_path, "work", "testing") as second:
            assert (second.is_done("a"), second.is_done("b")) == (True, False)
    assert left(tmp_path) == []
    (tmp_path / CLAIMS_NAME).mkdir()
    (tmp_path / CLAIMS_NAME / "a.done").touch()  # all were killed
    with Claims(tmp_path, "work", "testing") as later:
        assert not later.is_done("a")


def test_a_number_that_another_process_has_now_keeps_no_claim(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lock_files, "WATCHED_S", 0.0)
    with Claims(tmp_path, "work", "testing") as claims:
        lease = claims.take("a")
        assert lease is not None
        assert claims.take("a") is None
        note = tmp_path / CLAIMS_NAME / "a.note"
        long_ago = note.stat().st_mtime - lock_files.SILENT_S - 1
        os.utime(note, (long_ago, long_ago))
        again = claims.take("a")
        assert again is not None
        again.release()
        lease.release()


def test_what_fails_is_tried_once_more_and_then_reported(tmp_path: Path) -> None:
    once, twice = SlideError("once"), [SlideError("first"), SlideError("second")]
    doing = Doing({"a": [once], "b": list(twice), "c": [MissingSpacingError("no µm/px")]})
    with Claims(tmp_path, "work", "testing") as claims:
        doing.all_of("abcd", claims)
    assert doing.done == ["d", "a"]
    assert doing.retried == ["a", "b"]
    assert doing.given_up == ["c: no µm/px", "b: second"]
    assert left(tmp_path) == []


def test_what_failed_elsewhere_is_tried_here_once(tmp_path: Path) -> None:
    def failing() -> object:
        claims = Claims(tmp_path, "work", "testing")
        claims.note_failure("a", "a: no memory there", "out_of_memory")
        claims.note_failure("b", "b: broken", "slide_unreadable")
        return claims

    doing = Doing({"b": [SlideError("b: broken here, too")]})
    with child(failing), Claims(tmp_path, "work", "testing") as claims:
        doing.all_of("ab", claims)
        assert claims.others == 1
    assert (doing.done, doing.given_up, doing.retried) == (["a"], ["b: b: broken here, too"], [])


def test_other_work_on_the_same_folder_is_refused(tmp_path: Path) -> None:
    with (
        child(having(tmp_path)) as pid,
        pytest.raises(BusyError, match=rf"testing with another model .*\(process {pid}\); wait"),
    ):
        Claims(tmp_path, "other", "testing")
    Claims(tmp_path, "other", "testing").close()
    assert left(tmp_path) == []

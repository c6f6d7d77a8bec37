"""Locks between processes."""

from __future__ import annotations

import errno
import json
import os
import signal
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from hookpath.errors import BusyError, code_of
from hookpath.locking import (
    LOCK_NAME,
    Claims,
    alone,
    folder_alone,
    is_empty,
    lock_files,
    system_lock,
    working_in,
)
from support.forked import child, end, exit_code

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")


def holding(file: Path, shared: bool = False) -> Callable[[], object]:
    def work() -> object:
        lock = alone(file, "testing", 0.0, shared)
        lock.__enter__()
        return lock

    return work


@pytest.fixture(params=["system", "note"])
def file(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A lock's file, where the system has locks, and where it has none."""
    if request.param == "note":
        monkeypatch.setattr(system_lock, "_system_call", no_locks)
    return tmp_path / LOCK_NAME


def no_locks(handle: int, shared: bool) -> None:
    raise OSError(38, "Function not implemented")


def test_one_at_a_time_and_who_it_is(file: Path) -> None:
    with child(holding(file)) as pid:
        with pytest.raises(BusyError) as refused, alone(file, "reading", 0.0):
            pass
        assert str(refused.value) == (
            f"another hookpath is reading (process {pid}); wait until that has ended, or end it"
        )
        assert code_of(refused.value) == "busy"


def test_a_killed_process_holds_nothing(file: Path) -> None:
    with child(holding(file)) as pid:
        end(pid)
        assert list(file.parent.iterdir())
        with alone(file, "reading", 0.0):
            pass
    assert is_empty(file.parent)
    with alone(file, "reading", 0.0):
        pass


def test_whoever_waits_gets_it(file: Path) -> None:
    with child(holding(file)) as pid:
        os.kill(pid, signal.SIGKILL)
        with alone(file, "reading", 5.0):
            pass


def test_the_same_thread_may_ask_again(file: Path) -> None:
    with alone(file, "a", 0.0), alone(file, "b", 0.0):
        pass
    with pytest.raises(ZeroDivisionError), alone(file, "a", 0.0):
        _ = 1 / 0
    with alone(file, "a", 0.0):
        assert not is_free(file)
    assert is_free(file)
    assert list(file.parent.iterdir()) == []


def is_free(file: Path) -> bool:
    def take() -> None:
        with alone(file, "x", 0.0):
            pass

    return exit_code(take) == 0


def test_a_forked_process_does_not_keep_what_its_parent_had(file: Path) -> None:
    lock = alone(file, "x", 0.0)
    lock.__enter__()
    with child(lambda: None):
        lock.__exit__(None, None, None)
        assert is_free(file)


def test_those_who_share_do_not_exclude_each_other(tmp_path: Path) -> None:
    file = tmp_path / LOCK_NAME
    with child(holding(file, shared=True)):
        with alone(file, "x", 0.0, shared=True):
            pass
        with pytest.raises(BusyError), alone(file, "x", 0.0):
            pass
        assert file.exists()
    with alone(file, "x", 0.0, shared=True), alone(file, "y", 0.0, shared=True):
        pass
    assert not file.exists()
    with child(holding(file)), pytest.raises(BusyError), alone(file, "x", 0.0, shared=True):
        pass


def test_who_shares_a_lock_is_not_refused_while_another_removes_its_file(file: Path) -> None:
    """Of two workers of a cluster, one said that "another hookpath is predicting" there."""
    taken = threading.Event()

    def removing() -> None:
        with alone(file, "x", 0.0):
            taken.set()
            time.sleep(0.2)

    other = threading.Thread(target=removing)
    other.start()
    taken.wait()
    with alone(file, "x", 0.0, shared=True):
        pass
    other.join()


@pytest.mark.parametrize("off_s", [-1e6, 1e6])
def test_a_note_of_another_machine_counts_as_long_as_it_has_a_pulse(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, off_s: float
) -> None:
    """Whatever its clock, or ours, says."""
    monkeypatch.setattr(system_lock, "_system_call", no_locks)
    file = tmp_path / LOCK_NAME
    note = lock_files.note_of(file)
    note.write_text(json.dumps({"machine": "elsewhere", "host": "far", "process": 1}))
    with pytest.raises(BusyError, match=r"\(process 1 on far\)"), alone(file, "x", 0.0):
        pass
    monkeypatch.setattr(lock_files, "WATCHED_S", 0.2)
    there = time.time() + off_s
    os.utime(note, (there, there))

    def pulse() -> None:
        time.sleep(0.1)
        os.utime(note, (there + 1, there + 1))

    pulses = threading.Thread(target=pulse)
    pulses.start()
    with pytest.raises(BusyError), alone(file, "x", 0.0):
        pass
    pulses.join()
    with alone(file, "x", 1.0):
        pass


@pytest.mark.parametrize("links", [True, False])
def test_a_note_that_cannot_be_written_keeps_nobody_waiting(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, links: bool
) -> None:
    """On a full disk an empty note stayed; whoever came next waited until its pulse was over."""
    note = lock_files.note_of(tmp_path / "a")

    def no_link(*_: object) -> None:
        raise PermissionError(errno.EPERM, "no links here")

    if not links:
        monkeypatch.setattr(os, "link", no_link)
    claims = Claims(tmp_path, "work", "x")
    with monkeypatch.context() as full:
        full.setattr(Path, "write_bytes", refuse_full)
        full.setattr(os, "fdopen", refuse_full)
        with pytest.raises(OSError, match="No space left") as caught:
            claims.take("a")
    assert str(caught.value.filename).endswith("a.note")
    assert not note.exists()
    lease = claims.take("a")
    assert lease is not None
    assert claims.take("a") is None
    lease.release()
    claims.close()
    assert list(tmp_path.iterdir()) == []


def refuse_full(*_: object) -> None:
    raise OSError(errno.ENOSPC, "No space left on device")


@pytest.mark.parametrize("content", ["", "[]", '{"process": "x"}', "\0" * 9000])
def test_a_damaged_file_blocks_nobody(tmp_path: Path, content: str) -> None:
    (tmp_path / LOCK_NAME).write_text(content)
    with folder_alone(tmp_path, "x"):
        pass


def test_a_folder_that_was_made_for_nothing_goes_again(tmp_path: Path) -> None:
    with pytest.raises(ZeroDivisionError), working_in(tmp_path / "a" / "b", "x"):
        _ = 1 / 0
    assert list(tmp_path.iterdir()) == []
    with working_in(tmp_path / "a" / "b", "x"):
        (tmp_path / "a" / "b" / "mine").touch()
    assert [p.name for p in (tmp_path / "a" / "b").iterdir()] == ["mine"]


def test_a_link_to_a_folder_is_the_folder(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "real")
    with folder_alone(tmp_path / "real", "x"), folder_alone(tmp_path / "link", "x"):
        assert not is_free(tmp_path / "link" / LOCK_NAME)


def test_a_lock_that_another_user_left_can_be_taken(tmp_path: Path) -> None:
    file = tmp_path / LOCK_NAME
    file.write_text("{}")
    file.chmod(0o444)
    with folder_alone(tmp_path, "x"):
        pass


@pytest.mark.parametrize("name", [".a.json.lock", LOCK_NAME, ".locks/training.lock"])
def test_locks_of_killed_processes_go_with_the_next_lock_there(tmp_path: Path, name: str) -> None:
    """Whatever that one is for; what a living process has, and what is no lock, stays."""
    (tmp_path / ".locks").mkdir()
    left, held = tmp_path / name, (tmp_path / name).with_name(".other.lock")
    foreign = left.with_name("poetry.lock") if left.parent == tmp_path else left.with_name("notes")
    foreign.write_text("{}")
    with child(holding(left)) as pid:
        end(pid)
    assert left.is_file()
    with child(holding(held)):
        with alone(left.with_name(".third.lock"), "testing", 0.0):
            assert not left.exists()
        assert held.is_file()
    assert foreign.is_file()


def test_a_lock_of_another_machine_stays(tmp_path: Path) -> None:
    left = tmp_path / ".a.lock"
    left.write_text(json.dumps({"machine": "0" * 8, "process": 1, "host": "far"}))
    with alone(tmp_path / ".b.lock", "testing", 0.0):
        assert left.is_file()

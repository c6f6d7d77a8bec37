"""Read-only marks count for everybody; files are replaced whole or not at all."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from hookpath import temporary_files
from hookpath.atomic_files import make_folder, refuse_read_only, replace_text, replacing
from hookpath.process_liveness import lives, this_machine
from hookpath.temporary_files import is_unfinished, unfinished_beside
from support.leftovers import leftovers, target_of


@pytest.fixture
def locked(tmp_path: Path):
    folder = tmp_path / "locked"
    folder.mkdir()
    (folder / "file").touch()
    folder.chmod(0o555)
    yield folder
    folder.chmod(0o755)


def test_nothing_is_made_in_a_locked_folder(locked: Path) -> None:
    for folder in (locked, locked / "new", locked / "new" / "deeper"):
        with pytest.raises(PermissionError, match="locked is marked read-only"):
            make_folder(folder)
    assert [p.name for p in locked.iterdir()] == ["file"]


def test_files_are_locked_by_their_folder_and_by_themselves(locked: Path, tmp_path: Path) -> None:
    with pytest.raises(PermissionError, match="locked is marked"):
        refuse_read_only(locked / "file")
    own = tmp_path / "own"
    own.touch()
    refuse_read_only(own)
    own.chmod(0o444)
    with pytest.raises(PermissionError, match="own is marked"):
        refuse_read_only(own)


def test_an_open_folder_inside_a_locked_one_may_be_used(locked: Path) -> None:
    locked.chmod(0o755)
    (locked / "open").mkdir()
    locked.chmod(0o555)
    make_folder(locked / "open")
    make_folder(locked / "open" / "new")
    assert (locked / "open" / "new").is_dir()


def test_the_uppermost_folder_has_none_above() -> None:
    top = Path(Path.cwd().anchor)
    assert top.stat().st_mode & 0o222
    refuse_read_only(top)


def test_a_file_is_old_or_new_and_nothing_stays_beside_it(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    with replacing(path) as part:
        part.write_text("new")
        assert not path.exists()
        assert part.suffix == ".txt"
    with pytest.raises(KeyboardInterrupt), replacing(path, interrupt) as part:
        part.write_text("half")
    with pytest.raises(ValueError, match="changed"), replacing(path, refuse) as part:
        part.write_text("newer")
    assert path.read_text() == "new"
    assert [p.name for p in tmp_path.iterdir()] == ["a.txt"]


def interrupt() -> None:
    raise KeyboardInterrupt


def refuse() -> None:
    raise ValueError("changed")


def test_two_writers_of_one_file_do_not_meet(tmp_path: Path) -> None:
    path = tmp_path / "a"
    with replacing(path) as one, replacing(path) as two:
        one.write_text("one")
        two.write_text("two")
    assert path.read_text() == "one"


@pytest.mark.skipif(os.name == "nt", reason="modes are POSIX's")
def test_modes_stay_and_new_files_have_the_usual_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "a"
    path.write_text("")
    path.chmod(0o640)
    (tmp_path / "usual").touch()
    monkeypatch.setattr(os, "umask", None)  # it is the whole process's, threads included
    replace_text(path, "x")
    replace_text(tmp_path / "new", "x")
    assert path.stat().st_mode & 0o777 == 0o640
    assert (tmp_path / "new").stat().st_mode == (tmp_path / "usual").stat().st_mode


def test_a_link_stays_a_link(tmp_path: Path) -> None:
    (tmp_path / "far").mkdir()
    real = tmp_path / "far" / "real.txt"
    real.write_text("old")
    middle, link = tmp_path / "middle", tmp_path / "link.txt"
    middle.symlink_to(Path("far") / "real.txt")
    link.symlink_to(middle)
    replace_text(link, "new")
    assert link.is_symlink()
    assert middle.is_symlink()
    assert real.read_text() == "new"
    assert not leftovers(tmp_path)


def test_links_to_nothing_and_in_a_circle(tmp_path: Path) -> None:
    dangling = tmp_path / "dangling"
    dangling.symlink_to("missing")
    replace_text(dangling, "x")
    assert (tmp_path / "missing").read_text() == "x"
    (tmp_path / "a").symlink_to("b")
    (tmp_path / "b").symlink_to("a")
    with pytest.raises(OSError, match="symbolic links"):
        replace_text(tmp_path / "a", "x")


@pytest.mark.skipif(os.name == "nt", reason="needs pipes in folders")
def test_only_regular_files_are_replaced(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "folder").mkdir()
    for name in ("pipe", "folder"):
        with pytest.raises(OSError, match="no regular file"):
            replace_text(tmp_path / name, "x")
    assert sorted(p.name for p in tmp_path.iterdir()) == ["folder", "pipe"]


def test_names_of_any_length_have_room(tmp_path: Path) -> None:
    path = tmp_path / ("ä" * 120 + ".geojson.gz")
    part = unfinished_beside(path)
    assert len(os.fsencode(part.name)) <= 255
    assert part.name.endswith(".geojson.gz")
    replace_text(path, "x")


def test_the_leavings_of_dead_processes_go_and_nothing_else(tmp_path: Path) -> None:
    ended = subprocess.Popen([sys.executable, "-c", ""])
    ended.wait()
    assert not lives(ended.pid)
    assert lives(os.getpid())
    here = this_machine()
    dead, folder = (f".hookpath-{here}-{ended.pid}-00000{n}-a" for n in (1, 2))
    (tmp_path / folder).mkdir()
    (tmp_path / folder / "inside").touch()
    gone = [dead, ".hookpath-00000000-1-000000-old"]
    kept = [
        f".hookpath-{here}-{os.getpid()}-000001-a",
        f".hookpath-{here}-{os.getppid()}-000001-a",
        ".hookpath-00000000-1-000000-young",
        ".hookpath.lock",
        "a.part",
        ".a.tmp",
        ".hookpath-notes",
    ]
    for name in (*gone, *kept):
        (tmp_path / name).touch()
    long_ago = time.time() - temporary_files.GIVEN_UP_AFTER_S - 60
    for name in (".hookpath-00000000-1-000000-old", ".hookpath-notes", "a.part"):
        os.utime(tmp_path / name, (long_ago, long_ago))
    replace_text(tmp_path / "a", "x")
    assert sorted(p.name for p in tmp_path.iterdir()) == sorted([*kept, "a"])


def test_a_clock_that_runs_ahead_takes_nobody_s_unfinished_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another machine's, on a shared folder whose files have another clock."""
    (young := tmp_path / ".hookpath-00000000-1-000000-young").touch()
    ahead = time.time() + 10 * temporary_files.GIVEN_UP_AFTER_S
    monkeypatch.setattr(time, "time", lambda: ahead)
    replace_text(tmp_path / "a", "x")
    assert young.exists()


def test_an_unfinished_file_says_what_it_will_be(tmp_path: Path) -> None:
    part = unfinished_beside(tmp_path / "my-run-1.json")
    assert is_unfinished(part)
    assert target_of(str(part)) == "my-run-1.json"

"""Read-only marks count for everybody."""

from pathlib import Path

import pytest

from hookpath.writable import make_folder, refuse_read_only


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

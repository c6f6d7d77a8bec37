"""Which commit `hookpath --version` names."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from hookpath.revision import commit


def _package(root: Path, recorded: str) -> Path:
    package = root / "pybackend/hookpath"
    package.mkdir(parents=True)
    (package / "commit.txt").write_text(recorded + "\n")
    return package


def test_a_release_names_the_commit_that_it_was_built_from(tmp_path: Path) -> None:
    assert commit(_package(tmp_path, "0123456789abcdef0123")) == "0123456789ab"


def test_without_a_checkout_nothing_is_guessed(tmp_path: Path) -> None:
    assert commit(_package(tmp_path, "$Format:%H$")) == ""


def test_a_checkout_asks_git_and_says_what_was_changed(tmp_path: Path) -> None:
    package = _package(tmp_path, "$Format:%H$")

    def git(*words: str) -> str:
        identity = ["-c", "user.name=a", "-c", "user.email=a@b.c"]
        done = subprocess.run(
            ["git", "-C", tmp_path, *identity, *words], capture_output=True, text=True, check=True
        )
        return done.stdout.strip()

    try:
        git("init", "-q")
    except FileNotFoundError:
        pytest.skip("git is not installed")
    git("add", ".")
    git("commit", "-qm", "first")
    git("tag", "v1")
    head = git("rev-parse", "--short=12", "HEAD")
    assert commit(package) == head
    (package / "commit.txt").write_text("$changed$\n")
    assert commit(package) == f"{head}-dirty"


def test_git_archive_writes_the_commit(tmp_path: Path) -> None:
    root = Path(__file__).parents[1]
    if not (root / ".git").exists():
        pytest.skip("no checkout")
    asked = ["git", "-C", str(root), "check-attr", "export-subst", "pybackend/hookpath/commit.txt"]
    done = subprocess.run(asked, capture_output=True, text=True, check=True)
    assert done.stdout.strip().endswith("export-subst: set")

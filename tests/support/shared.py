"""Real slides and projects that some tests use where they are there; only ever copies of them."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

SHARED = Path(__file__).resolve().parents[3] / "shared" / "data"


def copy_of_shared(name: str, to: Path) -> Path:
    """A writable copy of ``../shared/data/<name>``; skips the test where that is missing."""
    source = SHARED / name
    if not source.exists():
        pytest.skip(f"{name} is not in ../shared/data")
    copy = to / source.name
    if source.is_file():
        shutil.copyfile(source, copy)
    else:
        shutil.copytree(source, copy, copy_function=shutil.copyfile)
    for path in [copy, *copy.rglob("*")]:
        path.chmod(0o755 if path.is_dir() else 0o644)
    return copy

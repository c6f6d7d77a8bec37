"""One loop for each kind of project."""

from __future__ import annotations

from pathlib import Path

import pytest

from support.loops import LoopStore, make_loop_store
from support.projects import skip_without_qupath


@pytest.fixture(params=["folder", "exchange", pytest.param("qupath", marks=pytest.mark.qupath)])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> LoopStore:
    """Four slides, two of them annotated."""
    if request.param == "qupath":
        skip_without_qupath()
    return make_loop_store(request.param, tmp_path / "Projekt µ")


@pytest.fixture
def folder_store(tmp_path: Path) -> LoopStore:
    """The same as a folder only."""
    return make_loop_store("folder", tmp_path / "slides")

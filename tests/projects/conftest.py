"""One fixture for every kind of project."""

from __future__ import annotations

from pathlib import Path

import pytest

from support.projects import (
    Store,
    make_exchange_store,
    make_folder_store,
    make_qupath_store,
    skip_without_qupath,
)


@pytest.fixture(params=["folder", "exchange", pytest.param("qupath", marks=pytest.mark.qupath)])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Store:
    """A project with two slides; a person annotated the first."""
    root = tmp_path / "Projekt mit Leerzeichen µ"
    if request.param == "folder":
        return make_folder_store(root)
    if request.param == "exchange":
        return make_exchange_store(root)
    skip_without_qupath()
    return make_qupath_store(root)

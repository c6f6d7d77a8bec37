"""A cache of their own, one thread, and tiny slides whose colours decide."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from hookpath.probing.feature_cache import VARIABLE
from support.textures import texture_folder
from support.threads import one_thread


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where features are kept."""
    monkeypatch.setenv(VARIABLE, str(tmp_path / "cache"))
    return tmp_path / "cache" / "features"


@pytest.fixture(autouse=True, scope="module")
def _one_thread() -> Iterator[None]:
    with one_thread():
        yield


@pytest.fixture(scope="session")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two annotated slides; not to be changed."""
    return texture_folder(tmp_path_factory.mktemp("project"), slides=2)

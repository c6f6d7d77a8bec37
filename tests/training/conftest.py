"""One thread, and one project of tiny slides for all training tests."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from support.textures import texture_folder
from support.threads import one_thread


@pytest.fixture(autouse=True, scope="module")
def _one_thread() -> Iterator[None]:
    with one_thread():
        yield


@pytest.fixture(scope="session")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three annotated slides; not to be changed."""
    return texture_folder(tmp_path_factory.mktemp("project"))

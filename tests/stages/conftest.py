"""One thread, and one finished run of both stages."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from hookpath.projects import open_project
from hookpath.stages import train
from support.stages import config
from support.textures import texture_folder
from support.threads import one_thread


@pytest.fixture(autouse=True, scope="session")
def _one_thread() -> Iterator[None]:
    with one_thread():
        yield


@pytest.fixture(scope="session")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Four annotated slides; not to be changed."""
    return texture_folder(tmp_path_factory.mktemp("project"), slides=4)


@pytest.fixture(scope="session")
def run(_one_thread: None, folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A finished run; not to be changed."""
    out = tmp_path_factory.mktemp("runs") / "run"
    train([open_project(folder)], config(), out)
    return out

"""A cache of their own, and one thread."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from hookpath.probing.feature_cache import VARIABLE
from support.threads import one_thread


@pytest.fixture(autouse=True)
def _alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv(VARIABLE, str(tmp_path / "cache"))
    with one_thread():
        yield

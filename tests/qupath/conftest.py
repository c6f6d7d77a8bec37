"""Nothing here runs without a QuPath."""

from __future__ import annotations

import pytest

from support.projects import skip_without_qupath


@pytest.fixture(autouse=True, scope="session")
def qupath_is_there() -> None:
    """Skip with the reason, before anything else is set up."""
    skip_without_qupath()

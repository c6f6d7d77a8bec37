"""Nothing here runs without a QuPath."""

from __future__ import annotations

import pytest

from support.extension import InstalledExtension, installed_extension
from support.projects import skip_without_qupath


@pytest.fixture(autouse=True, scope="session")
def qupath_is_there() -> None:
    """Skip with the reason, before anything else is set up."""
    skip_without_qupath()


@pytest.fixture(scope="module")
def qupath(tmp_path_factory: pytest.TempPathFactory) -> InstalledExtension:
    """A QuPath with the extension, and with preferences of its own."""
    return installed_extension(tmp_path_factory.mktemp("QuPath home"))

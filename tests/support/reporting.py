"""A reporter that remembers what it got."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from hookpath.events import SilentReporter


class Notes(SilentReporter):
    """Keeps every line and result."""

    def __init__(self) -> None:
        self.infos: list[str] = []
        self.warnings: list[str] = []
        self.results: list[tuple[str, dict[str, Any]]] = []

    def info(self, message: str) -> None:
        """Remember the line."""
        self.infos.append(message)

    def warn(self, message: str, code: str = "") -> None:
        """Remember the line."""
        self.warnings.append(message)

    def result(self, kind: str, payload: Mapping[str, Any]) -> None:
        """Remember the result."""
        self.results.append((kind, dict(payload)))

"""The smallest network of every family that still has all its parts."""

from __future__ import annotations

from typing import Any

from hookpath.annotations import ClassTable, PathClass

TINY: dict[str, dict[str, Any]] = {
    "unet": {"spacings": (1.0,), "input_size": 52, "depth": 2, "filters": 2},
    "hooknet": {"spacings": (1.0, 4.0), "input_size": 60, "depth": 2, "filters": 2},
    "mrn": {"spacings": (1.0, 2.0), "input_size": 32, "depth": 2, "filters": 2},
}


def class_table(n: int) -> ClassTable:
    """``A``, ``B``…, each of its own colour."""
    return ClassTable(tuple(PathClass(chr(65 + i), (200 - 20 * i, 30, 40 * i)) for i in range(n)))

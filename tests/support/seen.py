"""What QuPath sees in an image (``dump.groovy``): ours, a person's, and what a model must find."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest
from shapely import wkt
from shapely.geometry.base import BaseGeometry

from hookpath.annotations import RUN_TAG
from support.dark_slides import area_um2

Objects = list[dict[str, Any]]


def ours(seen: dict[str, Any]) -> Objects:
    return [o for o in seen["objects"] if RUN_TAG in o["metadata"]]


def human(seen: dict[str, Any]) -> Objects:
    return [o for o in seen["objects"] if RUN_TAG not in o["metadata"]]


def shape_of(found: dict[str, Any]) -> BaseGeometry:
    return wkt.loads(found["wkt"])


def check_dark(objects: Objects, expected: Sequence[BaseGeometry]) -> None:
    """The dark objects are the expected shapes: number, place, area, class, measurements."""
    dark = [o for o in objects if o["classification"] == "Dark"]
    assert len(dark) == len(expected)
    for shape in expected:
        (match,) = [o for o in dark if shape_of(o).intersects(shape)]
        assert shape_of(match).area == pytest.approx(shape.area, rel=0.01)
        assert shape_of(match).symmetric_difference(shape).area < 0.02 * shape.area
        assert set(match["measurements"]) == {"Area µm^2", "Probability"}
        assert match["measurements"]["Area µm^2"] == pytest.approx(area_um2(shape), rel=0.01)
        assert 0.9 < match["measurements"]["Probability"] <= 1
        assert match["classColor"] & 0xFFFFFF == 200 << 16

"""GeoJSON that we write is what QuPath reads, and what it exports again is what we wrote."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy import ndimage
from shapely.geometry import LineString, MultiPoint, MultiPolygon, Point, box

from hookpath.annotations import (
    RUN_TAG,
    ClassTable,
    PathClass,
    PathObject,
    read_geojson,
    vectorize,
    write_geojson,
)
from hookpath.geometry import Calibration
from support.projects import skip_without_qupath

pytestmark = [pytest.mark.qupath, pytest.mark.timeout(600)]

TUMOR = PathClass("Tumor", (200, 10, 20))
DERIVED = PathClass("Tumor: Nekrose (größer)", (11, 22, 33))
CLASSES = ClassTable.of([TUMOR, PathClass("Stroma", (10, 180, 30)), PathClass("Fat")])


@pytest.fixture(scope="module")
def java() -> Any:
    """QuPath's classes, in this process."""
    skip_without_qupath()
    from hookpath.projects.qupath_store.paquo_bridge import _java

    return _java()


def through_qupath(java: Any, given: Path, exported: Path) -> list[PathObject]:
    """Objects of a file as QuPath imports and exports them."""
    to_path = java.JClass("java.nio.file.Path").of
    found = java.PathIO.readObjects(to_path(str(given)))
    options = java.JClass("qupath.lib.io.PathIO$GeoJsonExportOptions")
    java.PathIO.exportObjectsAsGeoJSON(to_path(str(exported)), found, options.FEATURE_COLLECTION)
    return read_geojson(exported)


def by_hand() -> list[PathObject]:
    ring = box(0, 0, 300, 300) - box(50, 50, 250, 250)
    parts = MultiPolygon([box(310, 0, 350, 40.125), box(310, 60, 350, 100)])
    return [
        PathObject(ring, path_class=TUMOR, name="größe µm²", color=(1, 2, 3), locked=True),
        PathObject(parts, "detection", DERIVED, measurements={"Area µm^2": 4.5, "none": np.nan}),
        PathObject(box(400, 0, 410, 10), metadata={RUN_TAG: "r1", "note": "ü"}),
        PathObject(box(420, 0, 430, 10), "tile", PathClass("No colour")),
        PathObject(LineString([(0, 0), (5, 9.25)])),
        PathObject(Point(3.5, 4)),
        PathObject(MultiPoint([(1, 2), (3, 4)])),
    ]


ROUNDING_PX = 0.01
"""QuPath rounds the vertices that it exports to this."""


def plain(obj: PathObject) -> PathObject:
    """All but the geometry, the measurements and what QuPath makes up for missing colours."""
    uncoloured = obj.path_class and replace(obj.path_class, color=None)
    return replace(obj, geometry=Point(), measurements={}, path_class=uncoloured)


def with_values(obj: PathObject) -> dict[str, float]:
    return {name: value for name, value in obj.measurements.items() if not np.isnan(value)}


@pytest.mark.parametrize("name", ["a.geojson", "a.geojson.gz", "a.zip"])
def test_objects_come_back_from_qupath_as_we_wrote_them(
    java: Any, tmp_path: Path, name: str
) -> None:
    objects = by_hand()
    write_geojson(tmp_path / name, objects)
    found = through_qupath(java, tmp_path / name, tmp_path / f"q_{name}")
    assert [plain(o) for o in found] == [plain(o) for o in objects]
    assert [with_values(o) for o in found] == [with_values(o) for o in objects]
    for before, after in zip(objects, found, strict=True):
        assert after.geometry.normalize().equals_exact(before.geometry.normalize(), ROUNDING_PX)
    # A class that QuPath has already keeps the colour that it has there.
    assert found[1].path_class == DERIVED


@pytest.mark.parametrize("simplify_l0", [0, 2.0])
def test_a_class_map_comes_back_from_qupath(java: Any, tmp_path: Path, simplify_l0: float) -> None:
    noise = np.random.default_rng(4).normal(size=(4, 120, 140))
    labels = ndimage.gaussian_filter(noise, (0, 2, 2)).argmax(axis=0).astype(np.uint8)
    scores = np.random.default_rng(5).random((3, 120, 140), np.float32)
    calibration = Calibration.square(0.25)
    objects = vectorize(
        labels, CLASSES, 4.0, scores, calibration=calibration, simplify_l0=simplify_l0
    )
    assert any(o.geometry.interiors for o in objects)  # type: ignore[attr-defined]
    write_geojson(tmp_path / "a.geojson", objects)
    found = through_qupath(java, tmp_path / "a.geojson", tmp_path / "b.geojson")
    assert [plain(o) for o in found] == [plain(o) for o in objects]
    for before, after in zip(objects, found, strict=True):
        # QuPath keeps measurements in single precision.
        assert after.measurements == pytest.approx(before.measurements, rel=1e-6)
        moved = before.geometry.symmetric_difference(after.geometry).area
        assert moved <= ROUNDING_PX * before.geometry.length

"""µm/px of every unit and program; 0 is "unknown"; what a file says of a picture stays out."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tifffile

from hookpath.slides import open_slide
from hookpath.slides.length_units import um_per_unit
from hookpath.slides.metadata_spacing import from_properties, is_plausible
from support.zoo import place_code

IMAGE = place_code(64, 48)
HALF_UM = {
    "µm": 0.5, "μm": 0.5, "um": 0.5, "micron": 0.5, "Microns": 0.5, "micrometer": 0.5,
    "nm": 500, "mm": 5e-4, "cm": 5e-5, "m": 5e-7, "km": 5e-10, "pm": 5e5, "Å": 5000, "\u212b": 5000,
    "in": 0.5 / 25400, "inch": 0.5 / 25400, "pt": 0.5 * 72 / 25400, "thou": 0.5 / 25.4,
    "ft": 0.5 / 304800, "dm": 5e-6, "\\u00B5m": 0.5,
}  # fmt: skip


@pytest.mark.parametrize("unit", HALF_UM)
def test_units(unit: str) -> None:
    factor = um_per_unit(unit)
    assert factor is not None
    assert HALF_UM[unit] * factor == pytest.approx(0.5)


@pytest.mark.parametrize("unit", ["pixel", "reference frame", "", "furlong"])
def test_what_is_no_length(unit: str) -> None:
    assert um_per_unit(unit) is None


def ome(path: Path, value: float, unit: str | None, **options: Any) -> Path:
    metadata: dict[str, Any] = {"axes": "YXS", "PhysicalSizeX": value, "PhysicalSizeY": value}
    if unit:
        metadata |= {"PhysicalSizeXUnit": unit, "PhysicalSizeYUnit": unit}
    tifffile.imwrite(path, IMAGE, photometric="rgb", metadata=metadata, ome=True, **options)
    return path


@pytest.mark.parametrize("unit", [None, "µm", "nm", "mm", "Å", "in", "pt"])
@pytest.mark.parametrize("tile", [None, (16, 16)])
def test_the_ome_xml_wins_over_resolution_tags(
    tmp_path: Path, unit: str | None, tile: tuple[int, int] | None
) -> None:
    path = ome(
        tmp_path / "a.ome.tif", HALF_UM[unit or "µm"], unit,
        tile=tile, resolution=(10_000, 10_000), resolutionunit="CENTIMETER",
    )  # fmt: skip
    with open_slide(path) as slide:
        assert slide.calibration.mpp == pytest.approx(0.5)


def test_an_ome_xml_in_px_is_reported(tmp_path: Path) -> None:
    with open_slide(ome(tmp_path / "a.ome.tif", 0.5, "pixel")) as slide:
        assert not slide.has_calibration
        assert "'pixel', not a length" in slide.spacing_note


@pytest.mark.parametrize(
    ("resolution", "unit", "expected"),
    [
        ((20_000, 20_000), "CENTIMETER", 0.5),
        ((50_800, 25_400), "INCH", 0.75),
        ((20_000, 20_000), "NONE", None),
        ((0, 0), "CENTIMETER", None),
        ((72, 72), "INCH", None),
    ],
)
def test_resolution_tags(
    tmp_path: Path, resolution: tuple[int, int], unit: str, expected: float | None
) -> None:
    path = tmp_path / "a.tif"
    tifffile.imwrite(
        path, IMAGE, photometric="rgb", resolution=resolution, resolutionunit=unit, metadata=None
    )
    with open_slide(path) as slide:
        assert slide.has_calibration == (expected is not None)
        if expected:
            assert slide.calibration.mpp == pytest.approx(expected)


@pytest.mark.parametrize(
    ("unit", "per_unit", "expected"),
    [
        ("micron", 2, 0.5), ("um", 2, 0.5), ("\\u00B5m", 2, 0.5), ("mm", 2000, 0.5),
        ("cm", 20_000, 0.5), ("inch", 50_800, 0.5), ("pixel", 1, None), ("pixel", 3, None),
    ],
)  # fmt: skip
def test_imagejs_unit_is_the_unit(
    tmp_path: Path, unit: str, per_unit: float, expected: float | None
) -> None:
    path = tmp_path / "a.tif"
    tifffile.imwrite(
        path, IMAGE, photometric="rgb", resolution=(per_unit, per_unit), resolutionunit="NONE",
        description=f"ImageJ=1.54f\nunit={unit}\n", metadata=None,
    )  # fmt: skip
    with open_slide(path) as slide:
        assert slide.has_calibration == (expected is not None)
        if expected:
            assert slide.calibration.mpp == pytest.approx(expected)


@pytest.mark.parametrize("zero", [0.0, None])
def test_0_is_unknown(zero: float | None) -> None:
    found = is_plausible(zero, 0.5)
    assert found.calibration is None
    assert found.note == ""


@pytest.mark.parametrize("value", [float("nan"), -0.5, 353.0, float("inf"), 1e-9])
def test_what_no_microscope_has_is_reported(value: float) -> None:
    assert is_plausible(value, value).calibration is None
    assert "the file says" in is_plausible(0.5, value).note


def test_mpp_0_leaves_the_objectives_hint() -> None:
    properties = {
        "openslide.mpp-x": "0", "openslide.mpp-y": "0", "openslide.objective-power": "20",
    }  # fmt: skip
    found = from_properties(properties)
    assert found.calibration is None
    assert "20×, so about 0.5 µm/px" in found.note


def test_zero_in_an_ome_xml_falls_back_to_the_tags(tmp_path: Path) -> None:
    path = ome(
        tmp_path / "a.ome.tif", 0.0, None, resolution=(20_000, 20_000), resolutionunit="CENTIMETER"
    )
    with open_slide(path) as slide:
        assert slide.calibration.mpp == pytest.approx(0.5)
        assert np.array_equal(slide.read_level(0, 0, 0, 64, 48), IMAGE)

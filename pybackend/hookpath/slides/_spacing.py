"""µm/px out of file metadata, believed only where it can be a microscope's."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

from hookpath.geometry import Calibration

#: Print resolutions (72 and 96 dpi are 353 and 265 µm/px) are common in TIFF and JPEG files.
BELIEVABLE_UM = (0.05, 20.0)


@dataclass(frozen=True)
class FileSpacing:
    """The calibration found in a file, or None and a note on what was found instead."""

    calibration: Calibration | None
    note: str = ""


def believable(mpp_x: float | None, mpp_y: float | None) -> FileSpacing:
    """Take the pair if both are within `BELIEVABLE_UM`."""
    if mpp_x is None or mpp_y is None:
        return FileSpacing(None)
    low, high = BELIEVABLE_UM
    if all(math.isfinite(v) and low <= v <= high for v in (mpp_x, mpp_y)):
        return FileSpacing(Calibration(mpp_x, mpp_y))
    return FileSpacing(None, f"the file says {mpp_x:.4g} µm/px, which is a print resolution")


def from_properties(properties: Mapping[str, object], prefix: str = "openslide") -> FileSpacing:
    """µm/px from OpenSlide's (or tiffslide's) properties."""
    mpp_x = _number(properties.get(f"{prefix}.mpp-x"))
    mpp_y = _number(properties.get(f"{prefix}.mpp-y"))
    found = believable(mpp_x, mpp_y)
    power = _number(properties.get(f"{prefix}.objective-power"))
    if found.calibration is None and not found.note and power:
        return FileSpacing(None, f"the objective was {power:g}×, so about {10 / power:g} µm/px")
    return found


def _number(value: object) -> float | None:
    try:
        return float(str(value))
    except ValueError:
        return None

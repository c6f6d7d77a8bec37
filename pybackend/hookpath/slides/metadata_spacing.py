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


def is_plausible(mpp_x: float | None, mpp_y: float | None) -> FileSpacing:
    """Take the pair if both are within `BELIEVABLE_UM`; 0 stands for "unknown" in many files."""
    if not mpp_x or not mpp_y:
        return FileSpacing(None)
    low, high = BELIEVABLE_UM
    if all(math.isfinite(v) and low <= v <= high for v in (mpp_x, mpp_y)):
        return FileSpacing(Calibration(mpp_x, mpp_y))
    wrong = next(v for v in (mpp_x, mpp_y) if not (math.isfinite(v) and low <= v <= high))
    why = "a print resolution" if wrong > high else "no microscope's"
    return FileSpacing(None, f"the file says {wrong:.4g} µm/px, which is {why}")


def from_properties(properties: Mapping[str, object]) -> FileSpacing:
    """µm/px from OpenSlide's properties."""
    mpp_x = _number(properties.get("openslide.mpp-x"))
    mpp_y = _number(properties.get("openslide.mpp-y"))
    found = is_plausible(mpp_x, mpp_y)
    power = _number(properties.get("openslide.objective-power"))
    if found.calibration is None and not found.note and power and power > 0:
        return FileSpacing(None, f"the objective was {power:g}×, so about {10 / power:g} µm/px")
    return found


def _number(value: object) -> float | None:
    try:
        return float(str(value))
    except ValueError:
        return None

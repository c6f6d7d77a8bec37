"""µm/px of an image in a TIFF: ImageJ's or Aperio's description, else the resolution tags."""

from __future__ import annotations

import math
import re
from typing import Any

from hookpath.slides.length_units import um_per_unit
from hookpath.slides.metadata_spacing import FileSpacing, is_plausible

_UNITS = {2: "in", 3: "cm"}
_INCH = 2


def page_spacing(page: Any, description: str) -> FileSpacing:
    """What the page's tags say, read in the unit that its program means.

    Args:
        page: of tifffile.
        description: of the file's first page, where programs write what holds for all.
    """
    imagej = description.startswith("ImageJ=")
    unit = _line(description, "unit") if imagej else None
    if unit is None:
        found = re.search(r"\bMPP\s*=\s*([0-9.]+)", page.description)
        if found and page.description.startswith("Aperio"):
            mpp = _number(found[1])
            return is_plausible(mpp, mpp)
        number = page.tags.valueof(296, _INCH)
        unit = _UNITS.get(int(number) if isinstance(number, int) else 0)
    um = um_per_unit(unit) if unit else None
    per_unit = [_ratio(page.tags.valueof(code)) for code in (282, 283)]
    if um is None or not all(per_unit):
        return FileSpacing(None)
    return is_plausible(*(um / value for value in per_unit if value))


def tags_disagree(base: Any, level: Any, factor: float) -> bool:
    """Whether the resolution tags of a level speak of another factor than its size does.

    Equal tags on both say nothing: many programs copy them.
    """
    fine, coarse = (_ratio(page.tags.valueof(282)) for page in (base, level))
    if not fine or not coarse or base.tags.valueof(296) != level.tags.valueof(296):
        return False
    said = fine / coarse
    return not math.isclose(said, 1, rel_tol=0.05) and not math.isclose(said, factor, rel_tol=0.1)


def hidden_planes(description: str) -> int:
    """How many planes ImageJ or tifffile keep behind one page without a page of their own."""
    if description.startswith("ImageJ="):
        return int(_number(_line(description, "images") or "1") or 1)
    return 2 if description.startswith('{"shape"') and '"truncated": true' in description else 1


def _line(description: str, key: str) -> str | None:
    """The value of ImageJ's line ``key=value``."""
    found = re.search(rf"^{key}=(.*)$", description, re.MULTILINE)
    return found[1].strip() if found else None


def _number(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None


def _ratio(value: Any) -> float | None:
    """Of a rational tag as tifffile gives it; None: missing, or not above 0."""
    if isinstance(value, tuple) and len(value) == 2:
        value = value[0] / value[1] if value[1] else 0
    return float(value) if isinstance(value, int | float) and value > 0 else None

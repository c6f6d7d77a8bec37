"""Which DICOM files are one slide: the levels, label and overview of a series."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

#: VL Whole Slide Microscopy Image Storage.
_WHOLE_SLIDE = "1.2.840.10008.5.1.4.1.1.77.1.6"
_TAGS = [
    "SOPClassUID", "SeriesInstanceUID", "ImageType", "TotalPixelMatrixColumns",
    "TotalPixelMatrixRows",
]  # fmt: skip


@dataclass(frozen=True)
class _Instance:
    """One file of a series: its px where it is a level of the slide, 0 for labels and overviews."""

    series: str
    pixels: int


def whole_series(paths: Iterable[Path]) -> dict[Path, tuple[Path, ...]]:
    """One file of every series, the largest level, with the other files of that series.

    Files that are no whole-slide DICOM stand alone.
    """
    series: dict[str, list[tuple[int, Path]]] = {}
    alone: list[Path] = []
    for path in paths:
        found = _instance(path)
        if found is None:
            alone.append(path)
        else:
            series.setdefault(found.series, []).append((-found.pixels, path))
    whole: dict[Path, tuple[Path, ...]] = dict.fromkeys(alone, ())
    for members in series.values():
        first, *others = (path for _, path in sorted(members))
        whole[first] = tuple(others)
    return whole


def _instance(path: Path) -> _Instance | None:
    """None: not DICOM, or no whole-slide image."""
    import pydicom

    try:
        found = pydicom.dcmread(path, stop_before_pixels=True, specific_tags=list(_TAGS))
        if found.get("SOPClassUID") != _WHOLE_SLIDE:
            return None
        rows, columns = (int(found.get(f"TotalPixelMatrix{k}") or 0) for k in ("Rows", "Columns"))
        is_level = "VOLUME" in [str(kind) for kind in found.get("ImageType") or ()]
        return _Instance(str(found.SeriesInstanceUID), rows * columns if is_level else 0)
    except Exception:  # pydicom raises whatever damage leads to; opening the file will say it
        return None

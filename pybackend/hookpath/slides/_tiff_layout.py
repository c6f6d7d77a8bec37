"""What a TIFF holds, read from its tags with tifffile, and whether it is an RGB slide at all."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

from hookpath.errors import SlideError
from hookpath.slides._spacing import FileSpacing, believable

TIFF_MAGIC = (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")

_UM_PER_UNIT = {"µm": 1.0, "μm": 1.0, "um": 1.0, "nm": 1e-3, "mm": 1e3, "cm": 1e4, "m": 1e6}


@dataclass(frozen=True)
class TiffLayout:
    """The first image of a TIFF."""

    axes: str
    shape: tuple[int, ...]
    dtype: str
    n_levels: int
    is_tiled: bool
    spacing: FileSpacing

    def size_along(self, axis: str) -> int:
        """Length of an axis by its letter; 1 if the image has no such axis."""
        return dict(zip(self.axes, self.shape, strict=True)).get(axis, 1)

    @property
    def is_rgb(self) -> bool:
        """Whether each pixel is 3 or 4 samples of one colour."""
        return self.size_along("S") in (3, 4)

    def refusal(self) -> str | None:
        """Why this cannot be an RGB slide, and what to do; None if it can."""
        for axis, size in zip(self.axes, self.shape, strict=True):
            if axis not in "YXS" and size > 1:
                kind = "channels (fluorescence?)" if axis == "C" else "planes (a stack)"
                return f"has {size} {kind}, not RGB colour; export the view you want as RGB"
        if self.size_along("S") not in (1, 3, 4):
            samples = self.size_along("S")
            return f"has {samples} samples a pixel, not RGB colour; export the view you want as RGB"
        if self.dtype not in ("uint8", "bool"):
            return f"has {self.dtype} pixels, not 8-bit colour; export it as 8-bit RGB"
        return None


def tiff_layout(path: Path) -> TiffLayout:
    """Read the layout; no pixels are decoded.

    Raises:
        SlideError: the tags cannot be read.
    """
    import tifffile

    with quiet_tifffile():
        try:
            with tifffile.TiffFile(path) as tiff:
                return _layout(tiff)
        except Exception as error:  # tifffile raises whatever the damage leads to
            raise SlideError(
                f"{path}: is not a readable TIFF ({' '.join(str(error).split())}); "
                "copy it again from its source"
            ) from error


def _layout(tiff: Any) -> TiffLayout:
    series = tiff.series[0]
    return TiffLayout(
        axes=series.axes,
        shape=tuple(series.shape),
        dtype=str(series.dtype),
        n_levels=len(series.levels),
        is_tiled=bool(series.keyframe.is_tiled),
        spacing=ome_spacing(tiff.ome_metadata) if tiff.is_ome else FileSpacing(None),
    )


def ome_spacing(xml: str) -> FileSpacing:
    """PhysicalSizeX/Y of the first image of an OME-XML, where it can be a microscope's."""
    return believable(*ome_sizes(xml))


def ome_sizes(xml: str) -> tuple[float | None, float | None]:
    """PhysicalSizeX/Y in µm of the first image of an OME-XML, whatever they are."""
    pixels = next((e for e in ElementTree.fromstring(xml).iter() if e.tag.endswith("Pixels")), None)
    if pixels is None:
        return None, None
    return _micrometres(pixels.attrib, "X"), _micrometres(pixels.attrib, "Y")


def _micrometres(attributes: dict[str, str], axis: str) -> float | None:
    value = attributes.get(f"PhysicalSize{axis}")
    unit = _UM_PER_UNIT.get(attributes.get(f"PhysicalSize{axis}Unit", "µm"))
    return float(value) * unit if value and unit else None


@contextmanager
def quiet_tifffile() -> Iterator[None]:
    """Keep tifffile's log lines about odd tags off the user's screen."""
    logger = logging.getLogger("tifffile")
    before = logger.level
    logger.setLevel(logging.CRITICAL)
    try:
        yield
    finally:
        logger.setLevel(before)

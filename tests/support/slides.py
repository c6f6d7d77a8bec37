"""Tiny slides for the tests, built on the spot."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

RGB = npt.NDArray[np.uint8]


def halve(array: RGB) -> RGB:
    """Block mean of 2 × 2, odd last row and column dropped (as scanners truncate level sizes)."""
    height, width = array.shape[0] // 2 * 2, array.shape[1] // 2 * 2
    blocks = array[:height, :width].astype(np.uint16).reshape(height // 2, 2, width // 2, 2, -1)
    return ((blocks.sum(axis=(1, 3)) + 2) // 4).astype(np.uint8)


def pyramid_of(array: RGB, levels: int) -> list[RGB]:
    """`array` and `levels` - 1 halvings of it; stops before a side falls under 1 px."""
    found = [array]
    while len(found) < levels and min(found[-1].shape[:2]) >= 2:
        found.append(halve(found[-1]))
    return found


def write_pyramid(
    path: Path | str,
    array: RGB,
    mpp: float | None,
    levels: int = 3,
    tile: int = 256,
    jpeg: bool = False,
    ome: bool = False,
    aperio: bool = False,
) -> Path:
    """A tiled pyramidal TIFF of `array` ((H, W, 3) uint8) with `mpp` µm/px (None: not stored).

    Our own reader opens it; OpenSlide with `aperio`; with `ome` it is an OME-TIFF with SubIFDs as
    QuPath writes it. Without `jpeg` every pixel is exact.
    """
    import tifffile

    path = Path(path)
    options: dict[str, Any] = {"tile": (tile, tile), "photometric": "rgb"}
    options["compression"] = "jpeg" if jpeg else "zlib"
    if jpeg:
        options["compressionargs"] = {"level": 95}
    found = pyramid_of(np.ascontiguousarray(array), levels)
    metadata = _ome_metadata(mpp) if ome else None
    with tifffile.TiffWriter(path, ome=ome) as writer:
        for index, level in enumerate(found):
            here = dict(options, **_resolution(mpp, 2**index))
            if index == 0:
                here |= {"metadata": metadata} if ome else {"metadata": None}
                here |= {"subifds": len(found) - 1} if ome else {}
            else:
                here |= {"subfiletype": 1, "metadata": None}
            if aperio and index == 0:
                size = f"{array.shape[1]}x{array.shape[0]}"
                here["description"] = (
                    f"Aperio Image Library v12\n{size} ({tile}x{tile})|MPP = {mpp}"
                )
            writer.write(level, **here)
    return path


def _resolution(mpp: float | None, downsample: int) -> dict[str, Any]:
    if mpp is None:
        return {}
    per_cm = 1e4 / (mpp * downsample)
    return {"resolution": (per_cm, per_cm), "resolutionunit": "CENTIMETER"}


def _ome_metadata(mpp: float | None) -> dict[str, Any]:
    metadata: dict[str, Any] = {"axes": "YXS"}
    if mpp is not None:
        for axis in "XY":
            metadata |= {f"PhysicalSize{axis}": mpp, f"PhysicalSize{axis}Unit": "µm"}
    return metadata


#: Period of `position_image` in level-0 px.
PERIOD = 128


def position_image(width: int, height: int) -> RGB:
    """Colour tells position: red = 2 · (x mod 128), green = 2 · (y mod 128), blue 200.

    Exact at levels 0, 1 and 2 (block means of a linear ramp are whole numbers there); one grey
    value is half a level-0 pixel.
    """
    y, x = np.mgrid[:height, :width] % PERIOD * 2
    return np.stack([x, y, np.full_like(x, 200)], axis=-1).astype(np.uint8)


def damage(path: Path, keep_bytes: int) -> Path:
    """Cut the file short."""
    data = path.read_bytes()
    path.write_bytes(data[:keep_bytes])
    return path


def write_scn(
    path: Path, array: RGB, mpp: float, corner: tuple[int, int], canvas: tuple[int, int]
) -> Path:
    """A Leica SCN file, which OpenSlide reads with bounds: `array` at `corner` of a larger canvas.

    Three levels. OpenSlide rounds the corner down to whole px of each level, so whole multiples of
    4 stay exact.
    """
    import tifffile

    nm = round(mpp * 1000)
    found = pyramid_of(np.ascontiguousarray(array), 3)
    dimensions = "".join(
        f'<dimension ifd="{i}" sizeX="{level.shape[1]}" sizeY="{level.shape[0]}"/>'
        for i, level in enumerate(found)
    )
    height, width = (nm * size for size in array.shape[:2])
    xml = (
        '<?xml version="1.0"?><scn xmlns="http://www.leica-microsystems.com/scn/2010/10/01">'
        f'<collection sizeX="{canvas[0] * nm}" sizeY="{canvas[1] * nm}"><image>'
        f"<pixels>{dimensions}</pixels>"
        f'<view sizeX="{width}" sizeY="{height}"'
        f' offsetX="{corner[0] * nm}" offsetY="{corner[1] * nm}"/>'
        "<scanSettings><objectiveSettings><objective>20</objective></objectiveSettings>"
        "<illuminationSettings><illuminationSource>brightfield</illuminationSource>"
        "</illuminationSettings></scanSettings></image></collection></scn>"
    )
    with tifffile.TiffWriter(path, bigtiff=True) as writer:
        for index, level in enumerate(found):
            writer.write(
                level,
                tile=(256, 256),
                photometric="rgb",
                compression="zlib",
                metadata=None,
                description=xml if index == 0 else None,
                **_resolution(mpp, 2**index),
            )
    return path


def cut(path: Path, length: int) -> Path:
    """Cut the file short in place, under whoever has it open (network drives do that)."""
    with path.open("r+b") as file:
        file.truncate(length)
    return path

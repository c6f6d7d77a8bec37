"""Writes OME-Zarr (versions 0.4 and 0.5) as bioformats2raw and ome-zarr-py do."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

Samples = npt.NDArray[Any]
_TYPES = {"t": "time", "c": "channel", "z": "space", "y": "space", "x": "space"}
COLORS = ("FF0000", "00FF00", "0000FF")


def halved(pixels: Samples) -> Samples:
    """Means of squares along the last two axes; what does not fill a square is left out."""
    high, wide = pixels.shape[-2] // 2 * 2, pixels.shape[-1] // 2 * 2
    cut = pixels[..., :high, :wide].astype(np.float64)
    parts = [cut[..., y::2, x::2] for y in (0, 1) for x in (0, 1)]
    return (sum(parts) / 4).astype(pixels.dtype)


def write_ome_zarr(
    path: Path,
    pixels: Samples,
    axes: str = "cyx",
    *,
    version: str = "0.4",
    levels: int = 3,
    chunk: int = 64,
    scale: float = 0.5,
    unit: str = "micrometer",
    labels: tuple[str, ...] = (),
    colors: tuple[str, ...] = (),
    named: bool = True,
    **options: Any,
) -> Path:
    """Write one image; `pixels` has `axes`, its levels are `halved`.

    Args:
        scale: of a px of level 0, in `unit` ("": none is written).
        named: write ``omero`` with the channels' labels and colours.
        options: of zarr's ``create_array``.
    """
    import zarr

    group = zarr.create_group(path, zarr_format=3 if version == "0.5" else 2)
    sets, level = [], pixels
    for index in range(levels):
        shape = tuple(
            min(s, chunk) if a in "yx" else 1 for a, s in zip(axes, level.shape, strict=True)
        )
        store: dict[str, Any] = {"chunks": shape, "dtype": level.dtype, "shape": level.shape}
        if version != "0.5":
            store["chunk_key_encoding"] = {"name": "v2", "separator": "/"}
        group.create_array(str(index), **(store | options))[...] = level
        by = [scale * 2**index if axis in "yx" else 1.0 for axis in axes]
        sets.append(
            {"path": str(index), "coordinateTransformations": [{"type": "scale", "scale": by}]}
        )
        level = halved(level)
    named_axes = [{"name": axis, "type": _TYPES[axis]} for axis in axes]
    if unit:
        for axis in named_axes:
            if axis["name"] in "yx":
                axis["unit"] = unit
    said: dict[str, Any] = {
        "multiscales": [{"version": version, "axes": named_axes, "datasets": sets}]
    }
    if named and labels:
        several = colors or (None,) * len(labels)
        channels = [
            {"label": name, "active": True} | ({"color": color} if color else {})
            for name, color in zip(labels, several, strict=True)
        ]
        said["omero"] = {"channels": channels}
    group.attrs.update({"ome": said} if version == "0.5" else said)
    return path


def as_bioformats2raw(folder: Path, images: int = 1) -> Path:
    """Make a folder that has the images ``0``, ``1``… in it what bioformats2raw writes."""
    import zarr

    group = zarr.open_group(folder, mode="a", zarr_format=2)
    group.attrs.update({"bioformats2raw.layout": 3})
    inner = group.create_group("OME")
    inner.attrs.update({"series": [str(i) for i in range(images)]})
    return folder

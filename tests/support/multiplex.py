"""Images of many channels and planes whose values tell the place, as files of several kinds."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import tifffile

Array = npt.NDArray[Any]
NAMES = ("DAPI", "CD8", "CK", "CD20")
MPP = 0.5


def coded(
    channels: int = 4, height: int = 96, width: int = 160, plane: int = 0, dtype: str = "uint16"
) -> Array:
    """``(C, H, W)``: at (x, y) channel c holds 1000 · c + 3 x + y + 40 · plane."""
    y, x = np.mgrid[:height, :width]
    return np.stack([1000 * c + 3 * x + y + 40 * plane for c in range(channels)]).astype(dtype)


def halved(pixels: Array) -> Array:
    """Every second px along both sides, in the mean of 2 × 2, of ``(C, H, W)``."""
    c, h, w = pixels.shape
    return pixels.reshape(c, h // 2, 2, w // 2, 2).mean(axis=(2, 4)).round().astype(pixels.dtype)


def write_ome(
    path: Path,
    pixels: Array,
    names: Sequence[str] = NAMES,
    axes: str = "CYX",
    levels: int = 2,
    mpp: float = MPP,
) -> Path:
    """An OME-TIFF of pages in the order of `axes`, tiled, with SubIFDs."""
    named: list[str] = list(names)[: pixels.shape[axes.index("C")]] if "C" in axes else []
    metadata: dict[str, Any] = {"axes": axes, "PhysicalSizeX": mpp, "PhysicalSizeY": mpp}
    if named:
        metadata["Channel"] = {"Name": named}
    options: dict[str, Any] = {"tile": (64, 64), "photometric": "minisblack", "compression": "zlib"}
    flat = pixels.reshape(-1, *pixels.shape[-2:])
    with tifffile.TiffWriter(path, ome=True) as writer:
        writer.write(pixels, subifds=levels - 1, metadata=metadata, **options)
        for _ in range(1, levels):
            flat = halved(flat)
            smaller = flat.reshape(*pixels.shape[:-2], *flat.shape[-2:])
            writer.write(smaller, subfiletype=1, **options)
    return path


def write_qptiff(path: Path, pixels: Array, names: Sequence[str] = NAMES) -> Path:
    """As PerkinElmer's scanners write it: a page per channel, then smaller ones, then RGB."""
    with tifffile.TiffWriter(path) as writer:
        for kind, level in (("FullResolution", pixels), ("ReducedResolution", halved(pixels))):
            for name, page in zip(names, level, strict=False):
                writer.write(
                    page,
                    photometric="minisblack",
                    compression="lzw",
                    metadata=None,
                    subfiletype=int(kind == "ReducedResolution"),
                    resolution=(1e4 / MPP, 1e4 / MPP),
                    resolutionunit="CENTIMETER",
                    description=_qpi(kind, name),
                )
        label = np.zeros((30, 40, 3), np.uint8)
        writer.write(label, photometric="rgb", metadata=None, description=_qpi("Label", ""))
    return path


def _qpi(kind: str, name: str) -> str:
    named = f"<Name>{name}</Name><Color>10,20,30</Color>" if name else ""
    return (
        '<?xml version="1.0" encoding="utf-16"?><PerkinElmer-QPI-ImageDescription>'
        f"<ImageType>{kind}</ImageType>{named}</PerkinElmer-QPI-ImageDescription>"
    )


def write_strokes(
    path: Path,
    classes: Mapping[str, Sequence[tuple[float, float, float, float]]],
    plane: tuple[int, int] = (0, 0),
) -> Path:
    """GeoJSON of rectangles (x0, y0, x1, y1) by class, on one plane."""
    features = [
        {
            "type": "Feature",
            "geometry": {
                "type": "Polygon",
                "coordinates": [[[a, b], [c, b], [c, d], [a, d], [a, b]]],
                "plane": {"c": -1, "z": plane[0], "t": plane[1]},
            },
            "properties": {
                "objectType": "annotation",
                "classification": {"name": name, "color": [9, 9, 9]},
            },
        }
        for name, boxes in classes.items()
        for a, b, c, d in boxes
    ]
    path.write_text(json.dumps({"type": "FeatureCollection", "features": features}))
    return path

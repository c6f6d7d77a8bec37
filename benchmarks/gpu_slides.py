"""Slides for gpu.py."""

from __future__ import annotations

import shutil
import warnings
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import rasterio
import shapely
from PIL import Image
from rasterio.enums import Resampling
from rasterio.errors import NotGeoreferencedWarning

from hookpath.annotations import PathClass, PathObject, write_geojson

RGB = npt.NDArray[np.uint8]
MPP = 0.5
COLOURS = {"a": (200, 0, 0), "b": (0, 160, 0), "c": (0, 0, 200)}


def compression() -> str:
    """JPEG where hookpath takes such slides here (it asks for imagecodecs), else deflate."""
    return "jpeg" if find_spec("imagecodecs") else "deflate"


def make_slides(folder: Path, side: int) -> None:
    """``s0.tif`` to ``s2.tif`` with the same pixels and drawings of their own; a small s.tif."""
    path = _write(folder / "s0.tif", _pixels(side))
    for number in range(3):
        rng = np.random.default_rng(number)
        if number:
            shutil.copyfile(path, folder / f"s{number}.tif")
        annotated = [_blob(rng, name, side) for name in COLOURS for _ in range(12)]
        write_geojson(folder / f"s{number}.geojson", annotated)
    small = folder.parent / "small"
    small.mkdir(exist_ok=True)
    _write(small / "s.tif", _pixels(min(side, 1152)))


def _write(path: Path, image: RGB) -> Path:
    """A pyramid as Aperio's scanners write it, which OpenSlide reads; written by GDAL."""
    height, width = image.shape[:2]
    about = f"Aperio Image Library\n{width}x{height}|AppMag = {10 / MPP:g}|MPP = {MPP}"
    profile: dict[str, Any] = {
        "driver": "GTiff", "dtype": "uint8", "count": 3, "width": width, "height": height,
        "tiled": True, "blockxsize": 256, "blockysize": 256, "interleave": "pixel",
        "compress": compression(),
        **({"photometric": "ycbcr", "jpeg_quality": 90} if compression() == "jpeg" else {}),
    }  # fmt: skip
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", NotGeoreferencedWarning)
        with rasterio.open(path, "w", **profile) as file:
            file.update_tags(TIFFTAG_IMAGEDESCRIPTION=about)
            file.write(np.moveaxis(image, -1, 0))
        with rasterio.Env(JPEG_QUALITY_OVERVIEW=90), rasterio.open(path, "r+") as file:
            file.build_overviews([2, 4, 8, 16], Resampling.average)
    return path


def _pixels(side: int) -> RGB:
    """Smooth blobs with some grain: as hard to decode as tissue is."""
    rng = np.random.default_rng(0)
    small = Image.fromarray(rng.integers(90, 250, (side // 16, side // 16, 3), dtype=np.uint8))
    image = np.asarray(small.resize((side, side), Image.Resampling.BICUBIC))
    grain = rng.integers(0, 12, (128, 128, 1), dtype=np.uint8)
    repeats = -(-side // 128)
    return image - np.tile(grain, (repeats, repeats, 1))[:side, :side]


def _blob(rng: np.random.Generator, name: str, side: int) -> PathObject:
    angle = np.linspace(0, 2 * np.pi, 120, endpoint=False)
    radius = side * rng.uniform(0.01, 0.05) * (1 + 0.2 * np.sin(5 * angle))
    x, y = rng.uniform(0.1 * side, 0.9 * side, 2)
    ring = np.stack([x + radius * np.cos(angle), y + radius * np.sin(angle)], axis=1)
    return PathObject(shapely.Polygon(ring), path_class=PathClass(name, COLOURS[name]))

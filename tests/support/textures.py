"""A folder project of tiny slides on which two classes differ by colour and texture."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
import shapely

from hookpath.annotations import PathClass, PathObject, write_geojson
from support.slides import write_pyramid

DARK = PathClass("Dark", (200, 0, 0))
PALE = PathClass("Pale", (0, 0, 200))


def texture_image(seed: int, size: int = 256) -> npt.NDArray[np.uint8]:
    """Left half dark purple, right half pale pink, both noisy."""
    rng = np.random.default_rng(seed)
    image = np.empty((size, size, 3), np.int16)
    image[:, : size // 2] = (110, 60, 130)
    image[:, size // 2 :] = (230, 190, 210)
    image += rng.integers(-20, 20, image.shape, dtype=np.int16)
    return image.clip(0, 255).astype(np.uint8)


def texture_slide(path: Path, seed: int, size: int = 256, mpp: float = 1.0) -> Path:
    """A slide of `texture_image`."""
    return write_pyramid(path, texture_image(seed, size), mpp=mpp, levels=2, tile=128)


def texture_objects(
    size: int = 256, classes: Sequence[PathClass] = (DARK, PALE)
) -> list[PathObject]:
    """One rectangle in each half, of the first and second class."""
    half = size // 2
    boxes = (
        shapely.box(20, 20, half - 20, size - 20),
        shapely.box(half + 20, 20, size - 20, size - 20),
    )
    return [PathObject(box, path_class=c) for box, c in zip(boxes, classes, strict=False)]


def texture_folder(folder: Path, slides: int = 3, size: int = 256) -> Path:
    """Slides ``s0.tif``… with GeoJSON beside them."""
    folder.mkdir(parents=True, exist_ok=True)
    for i in range(slides):
        texture_slide(folder / f"s{i}.tif", seed=i, size=size)
        write_geojson(folder / f"s{i}.geojson", texture_objects(size))
    return folder

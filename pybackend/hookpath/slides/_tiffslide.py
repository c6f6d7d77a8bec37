"""TIFFs that OpenSlide refuses or reads without their levels (OME-TIFF), through tiffslide."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image

from hookpath.errors import SlideError
from hookpath.geometry import Calibration
from hookpath.slides._frame import frame_of, true_factors
from hookpath.slides._pixels import WHITE, rgb_on_white, window_on_white
from hookpath.slides._spacing import FileSpacing, from_properties
from hookpath.slides._tiff_layout import quiet_tifffile
from hookpath.slides.base import RGBArray, Slide


class TiffSlideSlide(Slide):
    """A slide behind a tiffslide handle."""

    def __init__(
        self, path: Path, handle: Any, calibration: Calibration | None, spacing: FileSpacing
    ) -> None:
        super().__init__(calibration)
        self.path = path
        self._handle = handle
        if spacing.calibration is None and not spacing.note:
            spacing = from_properties(handle.properties, "tiffslide")
        self.file_calibration, self.spacing_note = spacing.calibration, spacing.note
        sizes = handle.level_dimensions
        self._reported = tuple(float(value) for value in handle.level_downsamples)
        frame = frame_of({}, sizes[0], crop_to_bounds=False)
        factors = true_factors(sizes, self._reported)
        self.levels = tuple(frame.level(s, f) for s, f in zip(sizes, factors, strict=True))
        self._missing: dict[int, MissingTiles | None] = {}

    def read_level(self, level: int, x_lv: int, y_lv: int, width: int, height: int) -> RGBArray:
        """See `Slide.read_level`."""
        size = self.levels[level]
        x0, y0 = max(x_lv, 0), max(y_lv, 0)
        x1, y1 = min(x_lv + width, size.width), min(y_lv + height, size.height)
        if x0 >= x1 or y0 >= y1:
            return np.full((height, width, 3), WHITE, np.uint8)
        inside = self._read_inside(level, x0, y0, x1 - x0, y1 - y0)
        return window_on_white(inside, x_lv - x0, y_lv - y0, width, height)

    def _read_inside(self, level: int, x: int, y: int, width: int, height: int) -> RGBArray:
        location = (self._location(level, x), self._location(level, y))
        try:
            with quiet_tifffile():
                found = self._handle.read_region(location, level, (width, height), as_array=True)
                missing = self._missing_tiles(level)
        except Exception as error:  # zarr, tifffile and codecs raise whatever damage leads to
            raise SlideError(
                f"{self.path}: damaged at level {level}, x={x}, y={y} "
                f"({' '.join(str(error).split())}); copy the file again from its source"
            ) from error
        pixels = _rgb(found)
        return pixels if missing is None else missing.whiten(pixels, x, y)

    def _location(self, level: int, start_lv: int) -> int:
        """The level-0 px that tiffslide turns into `start_lv` (it divides and truncates)."""
        scale = self._reported[level]
        start_l0 = math.ceil(start_lv * scale)
        return start_l0 if int(start_l0 / scale) >= start_lv else start_l0 + 1

    def _missing_tiles(self, level: int) -> MissingTiles | None:
        if level not in self._missing:
            page = self._handle.ts_tifffile.series[0].levels[level].keyframe
            self._missing[level] = MissingTiles.of(page)
        return self._missing[level]

    def close(self) -> None:
        """See `Slide.close`."""
        self._handle.close()


class MissingTiles:
    """Tiles without data (0 bytes), which decode as black and must be white."""

    def __init__(self, missing: npt.NDArray[np.bool_], tile: tuple[int, int]) -> None:
        self._missing = missing
        self._tile = tile

    @classmethod
    def of(cls, page: Any) -> MissingTiles | None:
        """The missing tiles of a tifffile page; None if every tile is there."""
        counts = np.asarray(page.databytecounts)
        if not page.is_tiled or counts.all():
            return None
        columns = math.ceil(page.imagewidth / page.tilewidth)
        rows = math.ceil(page.imagelength / page.tilelength)
        missing = counts[: rows * columns].reshape(rows, columns) == 0
        return cls(missing, (page.tilelength, page.tilewidth))

    def whiten(self, pixels: RGBArray, x: int, y: int) -> RGBArray:
        """`pixels`, whose corner lies at (`x`, `y`) of the level, white where no tile is."""
        rows = (y + np.arange(pixels.shape[0])) // self._tile[0]
        columns = (x + np.arange(pixels.shape[1])) // self._tile[1]
        gone = self._missing[np.ix_(rows, columns)]
        return np.where(gone[..., None], np.uint8(WHITE), pixels) if gone.any() else pixels


def _rgb(found: npt.NDArray[Any]) -> RGBArray:
    pixels = np.ascontiguousarray(found, dtype=np.uint8)
    if pixels.shape[2] == 1:
        return np.repeat(pixels, 3, axis=2)
    return pixels if pixels.shape[2] == 3 else rgb_on_white(Image.fromarray(pixels))


def open_with_tiffslide(
    path: Path, calibration: Calibration | None, spacing: FileSpacing
) -> TiffSlideSlide:
    """Open through tiffslide; `spacing` (of an OME-XML) wins over the resolution tags."""
    import tiffslide

    with quiet_tifffile():
        return TiffSlideSlide(path, tiffslide.TiffSlide(path), calibration, spacing)

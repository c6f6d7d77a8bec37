"""Slides that OpenSlide reads."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import openslide
from PIL import Image

from hookpath.errors import SlideError
from hookpath.geometry import Calibration
from hookpath.slides.metadata_spacing import from_properties
from hookpath.slides.pillow_pixels import rgb_on_white
from hookpath.slides.pyramid_levels import Size, level_factors
from hookpath.slides.qupath_frame import frame_of
from hookpath.slides.readers.block_cache import CACHE_BYTES, Blocks, block_side, window_of_blocks
from hookpath.slides.slide_base import Level, RGBArray, Slide


class OpenSlideSlide(Slide):
    """A slide behind an OpenSlide handle, in the frame after the bounds crop."""

    reader = "openslide"

    def __init__(
        self,
        path: Path,
        handle: openslide.AbstractSlide,
        calibration: Calibration | None = None,
        crop_to_bounds: bool = True,
    ) -> None:
        super().__init__(calibration)
        self.path = path
        self._handle = handle
        spacing = from_properties(handle.properties)
        self.file_calibration, self.spacing_note = spacing.calibration, spacing.note
        self.vendor = handle.properties.get("openslide.vendor", "")
        sizes = handle.level_dimensions
        reported = tuple(float(value) for value in handle.level_downsamples)
        tiles = [_tile(handle.properties, index) for index in range(len(sizes))]
        found = level_factors(sizes, reported, tiles)
        frame = frame_of(handle.properties, sizes[0], crop_to_bounds)
        self.corner_in_file = frame.x_file, frame.y_file
        used = [(i, f) for i, f in enumerate(found) if f is not None]
        self._index = tuple(i for i, _ in used)
        self._reported = tuple(reported[i] for i in self._index)
        self._first = tuple(frame.first_pixel(pair) for _, pair in used)
        self.levels = tuple(frame.level(sizes[0], sizes[i], pair) for i, pair in used)
        self._block_sizes = tuple(
            _block_size(level, tiles[i], reported[i])
            for level, i in zip(self.levels, self._index, strict=True)
        )
        self._blocks = Blocks()

    def _location(self, level: int, x_lv: int, y_lv: int) -> tuple[int, int]:
        """OpenSlide takes whole level-0 px and divides them by the downsample it reports."""
        first_x, first_y = self._first[level]
        scale = self._reported[level]
        return round((x_lv + first_x) * scale), round((y_lv + first_y) * scale)

    def grid_shift(self, level: int, x_lv: int, y_lv: int) -> tuple[float, float]:
        """See `Slide.grid_shift`; only where OpenSlide's downsample is not whole is it not 0."""
        first_x, first_y = self._first[level]
        x_file, y_file = self._location(level, x_lv, y_lv)
        scale = self._reported[level]
        return x_file / scale - (x_lv + first_x), y_file / scale - (y_lv + first_y)

    def read_level(self, level: int, x_lv: int, y_lv: int, width: int, height: int) -> RGBArray:
        """See `Slide.read_level`."""
        block = self._block_sizes[level]
        if block is None:
            return self._pixels(level, x_lv, y_lv, width, height)
        size = self.levels[level].width, self.levels[level].height
        return window_of_blocks(
            self,
            (x_lv, y_lv),
            (width, height),
            size,
            block,
            lambda column, row: self._block(level, column, row, block),
        )

    def _block(self, level: int, column: int, row: int, block: Size) -> RGBArray:
        """Kept: OpenSlide keeps decoded tiles, but puts them together and blends them each time."""
        left, top = column * block[0], row * block[1]
        width = min(block[0], self.levels[level].width - left)
        height = min(block[1], self.levels[level].height - top)
        return self._blocks.get(
            (level, column, row), lambda: self._pixels(level, left, top, width, height)
        )

    def _pixels(self, level: int, x_lv: int, y_lv: int, width: int, height: int) -> RGBArray:
        location, index = self._location(level, x_lv, y_lv), self._index[level]
        return rgb_on_white(self._read(location, index, (width, height)))

    def _read(self, location: tuple[int, int], level: int, size: tuple[int, int]) -> Image.Image:
        try:
            return self._handle.read_region(location, level, size)
        except (openslide.OpenSlideError, OSError) as error:
            raise SlideError(
                f"{self.path}: damaged at x={location[0]}, y={location[1]} ({error}); "
                "copy the file again from its source"
            ) from error

    def close(self) -> None:
        """See `Slide.close`."""
        self._handle.close()


def _block_size(level: Level, tile: Size | None, reported: float) -> Size | None:
    """Size of the blocks of a level that are kept; None: none are.

    Where all of the level is kept in the end, nothing is read in vain, and wide contexts are mostly
    read from what is there. On larger levels patches at random places would read twice the px. A
    downsample that is not whole: OpenSlide hits no corner of a block exactly.
    """
    if level.width * level.height * 3 > CACHE_BYTES // 2 or reported != round(reported):
        return None
    width, height = tile or (0, 0)
    return block_side(width), block_side(height)


def _tile(properties: Mapping[str, str], level: int) -> Size | None:
    """(width, height) of a level's tiles in px, where the format has tiles."""
    try:
        width, height = (
            int(properties[f"openslide.level[{level}].tile-{side}"]) for side in ("width", "height")
        )
    except (KeyError, ValueError):
        return None
    return (width, height) if width > 0 and height > 0 else None


def open_with_openslide(
    path: Path, calibration: Calibration | None, crop_to_bounds: bool
) -> OpenSlideSlide:
    """Open through OpenSlide.

    Raises:
        openslide.OpenSlideError: OpenSlide does not know the format, or the file is damaged.
    """
    handle = openslide.OpenSlide(path)
    if handle.properties.get("openslide.vendor") == "aperio":
        from hookpath.slides.readers.aperio_reader import AperioSlide, stored_tiles

        if tiles := stored_tiles(path, handle.level_dimensions):
            return AperioSlide(path, handle, tiles, calibration)
    handle.set_cache(openslide.OpenSlideCache(CACHE_BYTES))
    return OpenSlideSlide(path, handle, calibration, crop_to_bounds)

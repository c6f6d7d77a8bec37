"""Aperio's slides in JPEG or JPEG 2000: what they are OpenSlide says, their pixels we decode.

The same libraries decode them (libjpeg-turbo, OpenJPEG), so pixels are equal; what is left out is
putting tiles together, blending them and changing their layout, most of what OpenSlide does for a
patch.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import openslide

from hookpath.geometry import Calibration
from hookpath.slides.pyramid_levels import Size
from hookpath.slides.readers.block_cache import window_of_blocks
from hookpath.slides.readers.openslide_reader import OpenSlideSlide
from hookpath.slides.slide_base import RGBArray
from hookpath.slides.tiff.directory_chain import directory_offsets
from hookpath.slides.tiff.page_list import pages_at, quiet_tifffile, size
from hookpath.slides.tiff.tiff_page import Bytes, StoredPage, damage_reported

#: JPEG, and JPEG 2000 of RGB. What JPEG 2000 holds as YCbCr (33003) OpenSlide turns into RGB with
#: tables of its own.
_CODECS = frozenset({7, 33005})


@dataclass(frozen=True)
class StoredTiles:
    """An open file and the tiles of its levels, finest first."""

    file: Bytes
    levels: tuple[StoredPage, ...]


class AperioSlide(OpenSlideSlide):
    """A slide that OpenSlide knows and whose tiles we decode; may be shared by threads."""

    reader = "tifffile"

    def __init__(
        self,
        path: Path,
        handle: openslide.AbstractSlide,
        tiles: StoredTiles,
        calibration: Calibration | None,
    ) -> None:
        super().__init__(path, handle, calibration)
        self._file = tiles.file
        self._stored = [tiles.levels[index] for index in self._index]

    def grid_shift(self, level: int, x_lv: int, y_lv: int) -> tuple[float, float]:
        """None: tiles lie on the level's own grid."""
        return 0.0, 0.0

    def read_level(self, level: int, x_lv: int, y_lv: int, width: int, height: int) -> RGBArray:
        """See `Slide.read_level`."""
        page = self._stored[level]
        return window_of_blocks(
            self,
            (x_lv, y_lv),
            (width, height),
            (page.width, page.height),
            page.block,
            lambda column, row: self._tile(level, column, row),
        )

    def _tile(self, level: int, column: int, row: int) -> RGBArray | None:
        page = self._stored[level]

        def decoded() -> RGBArray | None:
            with damage_reported(self.path, level, column, row):
                samples = page.samples(column, row)
                return None if samples is None else page.colours.rgb(samples, False)

        return self._blocks.get((level, column, row), decoded)

    def close(self) -> None:
        """See `Slide.close`."""
        self._file.close()
        super().close()


def stored_tiles(path: Path, sizes: Sequence[Size]) -> StoredTiles | None:
    """The tiles of levels of these sizes (px); None: not all of them are of the plain kind."""
    import tifffile

    if len(set(sizes)) < len(sizes):
        return None
    file = Bytes(path)
    try:
        with quiet_tifffile(), tifffile.TiffFile(path) as tiff:
            found = {size(page): page for page in pages_at(tiff, directory_offsets(path))}
            pages = [found[wanted] for wanted in sizes]
            if all(map(_is_plain, pages)):
                return StoredTiles(file, tuple(StoredPage(page, file) for page in pages))
    except Exception:  # whatever is odd about it, OpenSlide reads it
        pass
    file.close()
    return None


def _is_plain(page: Any) -> bool:
    kind = page.is_tiled, page.planarconfig, page.samplesperpixel
    return kind == (True, 1, 3) and page.compression in _CODECS

"""Class maps and probabilities back from TIFF, window by window."""

from __future__ import annotations

import threading
from collections import OrderedDict
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from hookpath.context_managers import Closing
from hookpath.errors import SlideError
from hookpath.slides.tiff.directory_chain import directory_offsets
from hookpath.slides.tiff.ome_xml import first_sizes
from hookpath.slides.tiff.page_list import quiet_tifffile

Pixels = npt.NDArray[Any]

#: Decoded tiles kept: 16 MiB of 512² uint8.
CACHED_TILES = 64


class MapReader(Closing):
    """An open class map or probability map; every value exact, no colour. Safe to share by threads.

    Attributes:
        path: of the file.
        width, height: of level 0 in px.
        channels: samples per px.
        dtype: of the values.
        level_sizes: (width, height) of all levels, finest first.
        spacing_um: µm per level-0 px, or None if the file has none.
        colormap: ``(256, 3)`` uint8 RGB of the labels, or None.
    """

    def __init__(self, path: Path, tiff: Any) -> None:
        self.path = path
        self._tiff = tiff
        self._lock = threading.Lock()
        self._tiles: OrderedDict[tuple[int, int, int], Pixels] = OrderedDict()
        levels = tiff.series[0].levels
        self._pages = [list(level.pages) for level in levels]
        first = self._pages[0][0].keyframe
        if not first.is_tiled or first.samplesperpixel != 1:
            raise SlideError(f"{path}: is no map that hookpath wrote; predict again")
        self.width, self.height = first.imagewidth, first.imagelength
        self.channels, self.dtype = len(self._pages[0]), np.dtype(first.dtype)
        self.level_sizes = tuple(
            (pages[0].keyframe.imagewidth, pages[0].keyframe.imagelength) for pages in self._pages
        )
        along_x, along_y = first_sizes(tiff.ome_metadata) if tiff.is_ome else (None, None)
        self.spacing_um = (along_x + along_y) / 2 if along_x and along_y else None
        table = first.colormap
        self.colormap = None if table is None else (np.asarray(table).T >> 8).astype(np.uint8)

    def read(self, x: int, y: int, width: int, height: int, level: int = 0) -> Pixels:
        """A window of a level, in that level's px; off the map it is 0.

        Returns:
            ``(height, width)`` with one channel, else ``(height, width, channels)``.

        Raises:
            SlideError: the file is damaged there.
        """
        found = np.zeros((height, width, self.channels), self.dtype)
        page = self._pages[level][0].keyframe
        tile_w, tile_h = page.tilewidth, page.tilelength
        size_x, size_y = self.level_sizes[level]
        x0, x1, y0, y1 = max(x, 0), min(x + width, size_x), max(y, 0), min(y + height, size_y)
        for row in range(y0 // tile_h, -(-y1 // tile_h)) if x0 < x1 and y0 < y1 else ():
            for column in range(x0 // tile_w, -(-x1 // tile_w)):
                left, top = column * tile_w, row * tile_h
                a, b = max(x0, left), min(x1, left + tile_w)
                c, d = max(y0, top), min(y1, top + tile_h)
                index = row * -(-size_x // tile_w) + column
                for channel in range(self.channels):
                    tile = self._tile(level, channel, index)
                    part = tile[c - top : d - top, a - left : b - left]
                    found[c - y : d - y, a - x : b - x, channel] = part
        return found[..., 0] if self.channels == 1 else found

    def _tile(self, level: int, channel: int, index: int) -> Pixels:
        key = level, channel, index
        with self._lock:
            if key not in self._tiles:
                self._tiles[key] = self._decoded(*key)
                if len(self._tiles) > CACHED_TILES * self.channels:
                    self._tiles.popitem(last=False)
            self._tiles.move_to_end(key)
            return self._tiles[key]

    def _decoded(self, level: int, channel: int, index: int) -> Pixels:
        page = self._pages[level][channel]
        try:
            file = self._tiff.filehandle
            file.seek(page.dataoffsets[index])
            data = file.read(page.databytecounts[index])
            tile: Pixels = page.keyframe.decode(data, index)[0]
        except Exception as error:  # codecs raise whatever damage leads to
            raise SlideError(
                f"{self.path}: damaged ({' '.join(str(error).split())}); predict the slide again"
            ) from error
        shape = page.keyframe.tilelength, page.keyframe.tilewidth
        whole = np.zeros(shape, self.dtype)
        rows, columns = tile.shape[1:3]  # tifffile cuts what lies beyond the image
        whole[:rows, :columns] = tile[0, ..., 0]
        return whole

    def close(self) -> None:
        """Close the file."""
        self._tiff.close()


def open_map(path: Path | str) -> MapReader:
    """Open a map that `PyramidWriter` wrote.

    Raises:
        SlideError: missing, damaged, or something else; the message names the file.
    """
    import tifffile

    path = Path(path)
    if not path.is_file():
        raise SlideError(f"{path}: no such file; predict the slide first")
    with quiet_tifffile():
        try:
            directory_offsets(path)  # refuses directories in a circle
            tiff = tifffile.TiffFile(path)
        except Exception as error:
            raise _unreadable(path, error) from error
        try:
            return MapReader(path, tiff)
        except BaseException as error:
            tiff.close()
            if isinstance(error, SlideError) or not isinstance(error, Exception):
                raise
            raise _unreadable(path, error) from error


def _unreadable(path: Path, error: Exception) -> SlideError:
    reason = " ".join(str(error).split()) or type(error).__name__
    return SlideError(f"{path}: is not a readable map ({reason}); predict the slide again")

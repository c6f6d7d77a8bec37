"""One page of a TIFF: where its tiles or strips are, and their pixels decoded."""

from __future__ import annotations

import math
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np

from hookpath.errors import SlideError
from hookpath.slides.tiff.color_conversion import JPEG, JPEG_2000, Colours, Samples
from hookpath.slides.tiff.tile_header_size import announced_pixels

#: Decoded at once; more in one tile or strip is refused (1.5 GB of RGB).
MAX_BLOCK_PIXELS = 5 * 10**8
_YCBCR = 6
#: Codecs whose data say themselves how large the picture is; more than this many blocks is a bomb.
_WITH_HEADER = JPEG | JPEG_2000 | {34933}
_ROOM = 4
#: Codecs of images, in which a TIFF's subsampling tag says nothing.
_IMAGE_CODECS = frozenset({33003, 33004, 33005, 34712, 34933, 50001, 50002, 52546})


@contextmanager
def damage_reported(path: Path, level: int, column: int, row: int) -> Iterator[None]:
    """Whatever goes wrong while a block is decoded, with the file and the place."""
    try:
        yield
    except Exception as error:  # codecs raise whatever damage leads to
        raise SlideError(
            f"{path}: damaged at level {level}, tile {column}, {row} "
            f"({' '.join(str(error).split()) or type(error).__name__}); copy the file again "
            "from its source"
        ) from error


class Bytes:
    """Reads stretches of a file; safe to share by threads."""

    def __init__(self, path: Path) -> None:
        self._file: BinaryIO = path.open("rb")
        self._lock = threading.Lock()

    def at(self, offset: int, count: int) -> bytes:
        """`count` bytes.

        Raises:
            EOFError: the file ends before.
        """
        with self._lock:
            self._file.seek(offset)
            data = self._file.read(count)
        if len(data) < count:
            raise EOFError("the file ends too early")
        return data

    def close(self) -> None:
        """Close the file."""
        self._file.close()


class StoredPage:
    """The blocks (tiles, or strips of full width) of one page.

    Attributes:
        width, height: of the page in px.
        block: (width, height) of a block in px.
        columns, rows: how many blocks.
        colours: how samples become RGB; only of pages without a `refusal`.

    Args:
        as_stored: samples are taken as they are, of whatever type.

    Raises:
        ValueError: the page's tags contradict each other, or a block is too large.
    """

    colours: Colours

    def __init__(self, page: Any, file: Bytes, as_stored: bool = False) -> None:
        self._page, self._file = page, file
        self._dtype = page.dtype if as_stored else np.dtype(np.uint8)
        self.width, self.height = int(page.imagewidth), int(page.imagelength)
        if page.is_tiled:
            self.block = int(page.tilewidth), int(page.tilelength)
        else:
            self.block = self.width, min(int(page.rowsperstrip), self.height)
        if min(self.width, self.height, *self.block) < 1:
            raise ValueError("a size is 0")
        if self.block[0] * self.block[1] > MAX_BLOCK_PIXELS:
            raise ValueError(f"{self.block[0]} × {self.block[1]} px are stored in one piece")
        self.columns = math.ceil(self.width / self.block[0])
        self.rows = math.ceil(self.height / self.block[1])
        self._planes = int(page.samplesperpixel) if page.planarconfig == 2 else 1
        blocks = self.columns * self.rows * self._planes
        if min(len(page.dataoffsets), len(page.databytecounts)) < blocks:
            raise ValueError(f"only {len(page.dataoffsets)} of {blocks} tiles are listed")
        if not as_stored:
            self.colours = Colours(page)
        self._units = self._colour_units()
        if page.compression not in JPEG:
            page.subsampling = (1, 1)  # tifffile would refuse what `_unpacked` reads
        self._decode = page.decode
        self._tables = page.jpegtables

    def samples(self, column: int, row: int) -> Samples | None:
        """A block's samples, cut where the page ends; None: nothing is stored there.

        Returns:
            ``(height, width, samples)`` uint8, or of the page's type where taken as stored.
        """
        per_plane = self.columns * self.rows
        first = row * self.columns + column
        planes = [self._plane(first + plane * per_plane) for plane in range(self._planes)]
        if any(plane is None for plane in planes):
            return None
        whole = np.concatenate([plane for plane in planes if plane is not None], axis=2)
        height = min(self.block[1], self.height - row * self.block[1])
        width = min(self.block[0], self.width - column * self.block[0])
        if whole.shape[0] < height or whole.shape[1] < width:
            raise ValueError(f"a tile of {whole.shape[1]} × {whole.shape[0]} px is too small")
        return whole[:height, :width].astype(self._dtype, copy=False)

    def _plane(self, index: int) -> Samples | None:
        offset, count = self._page.dataoffsets[index], self._page.databytecounts[index]
        if not offset or not count:
            return None
        data = self._file.at(offset, count)
        if self._units is not None:
            return self._unpacked(data, index, *self._units)
        announced = announced_pixels(data) if self._page.compression in _WITH_HEADER else 0
        if announced > _ROOM * self.block[0] * self.block[1]:
            raise ValueError(f"a tile says that it holds {announced} px, which are too many")
        if self._page.compression in JPEG:
            if self._planes > 1:
                return self._grey_jpeg(data)
            block = self._decode(data, index, jpegtables=self._tables)[0]
        else:
            block = self._decode(data, index)[0]
        return None if block is None else np.asarray(block[0])

    def _grey_jpeg(self, data: bytes) -> Samples:
        """One colour's plane; tifffile would ask the codec for RGB."""
        import imagecodecs

        plane = imagecodecs.jpeg_decode(data, tables=self._tables)
        return np.asarray(plane, self._dtype).reshape(*plane.shape[:2], -1)[..., :1]

    def _colour_units(self) -> tuple[int, int] | None:
        """(across, down) px that share one colour, where that is not JPEG's business; None: 1 × 1.

        The tag's default is 2 × 2, but programs that leave it out mean 1 × 1 more often: where it
        is missing, what the first block holds decides.
        """
        page = self._page
        if int(page.photometric) != _YCBCR or page.planarconfig != 1:
            return None
        if page.compression in JPEG or page.compression in _IMAGE_CODECS:
            return None
        said = page.tags.valueof(530)
        if said is not None:
            return None if tuple(said) == (1, 1) else (int(said[0]), int(said[1]))
        stored = next((i for i, count in enumerate(page.databytecounts) if count), None)
        if stored is None:
            return None
        data = self._file.at(page.dataoffsets[stored], page.databytecounts[stored])
        whole = len(self._decompressed(data)) >= self._shape(stored)[0] * self.block[0] * 3
        return None if whole else (2, 2)

    def _shape(self, index: int) -> tuple[int, int]:
        """(height, width) of a block as stored: tiles are whole, the last strip is not."""
        width, height = self.block
        return (height if self._page.is_tiled else min(height, self.height - index * height)), width

    def _decompressed(self, data: bytes) -> bytes:
        import tifffile

        if self._page.compression == 1:
            return data
        room = (self.block[0] + 4) * (self.block[1] + 4) * 3  # no bomb gets more
        return bytes(tifffile.TIFF.DECOMPRESSORS[self._page.compression](data, out=room))

    def _unpacked(self, data: bytes, index: int, across: int, down: int) -> Samples:
        """YCbCr whose colour is stored more coarsely (TIFF 6.0, section 21).

        Units of ``across × down`` brightnesses followed by one Cb and one Cr, row by row.
        """
        if self._page.predictor != 1:
            raise ValueError("coarse YCbCr with a predictor")
        height, width = self._shape(index)
        shape = math.ceil(height / down), math.ceil(width / across), across * down + 2
        flat = np.frombuffer(self._decompressed(data), np.uint8)
        units = flat[: math.prod(shape)].reshape(shape)
        rows = units[..., :-2].reshape(*shape[:2], down, across).swapaxes(1, 2)
        luma = rows.reshape(shape[0] * down, shape[1] * across)
        chroma = units[..., -2:].repeat(down, axis=0).repeat(across, axis=1)
        return np.concatenate([luma[..., None], chroma], axis=2)

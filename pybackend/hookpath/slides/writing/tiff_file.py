"""A tiled TIFF as bytes: tiles are appended as they come, the directories follow at the end.

TIFF 6.0 with SubIFDs (TIFF Technical Note 1), classic or BigTIFF, little-endian.
"""

from __future__ import annotations

import struct
from collections.abc import Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from typing import BinaryIO

SHORT, LONG, RATIONAL, LONG8, ASCII = 3, 4, 5, 16, 2
_FORMAT = {SHORT: "H", LONG: "I", RATIONAL: "I", LONG8: "Q", ASCII: "s"}

SUBFILE_TYPE, WIDTH, HEIGHT, BITS, COMPRESSION, PHOTOMETRIC = 254, 256, 257, 258, 259, 262
DESCRIPTION, SAMPLES, X_RESOLUTION, Y_RESOLUTION, RESOLUTION_UNIT = 270, 277, 282, 283, 296
SOFTWARE, COLORMAP, TILE_WIDTH, TILE_HEIGHT, TILE_OFFSETS = 305, 320, 322, 323, 324
TILE_BYTES, SUB_IFDS, SAMPLE_FORMAT = 325, 330, 339

#: A classic TIFF's offsets end at 4 GiB.
CLASSIC_LIMIT = 2**32 - 2**24


@dataclass
class Directory:
    """One image of the file: its tags, and where its tiles lie.

    Attributes:
        tags: tag → (type, values); tile tags and SubIFDs are added on writing.
        reduced: its lower resolutions.
    """

    tags: dict[int, tuple[int, Sequence[int] | bytes]]
    offsets: list[int] = field(default_factory=list)
    counts: list[int] = field(default_factory=list)
    reduced: list[Directory] = field(default_factory=list)


class TiffFile:
    """Writes header, tile data and directories to a file that was opened for writing.

    Args:
        big: BigTIFF (more than 4 GiB, 8-byte offsets).
    """

    def __init__(self, file: BinaryIO, big: bool) -> None:
        self._file = file
        self._big = big
        self._offset = "Q" if big else "I"
        self._inline = 8 if big else 4
        file.write(
            b"II" + struct.pack("<HHHQ" if big else "<HI", *((43, 8, 0, 0) if big else (42, 0)))
        )
        self._link = file.tell() - self._inline

    def append(self, data: bytes) -> int:
        """Add data, and give its offset (even, as TIFF wants)."""
        if self._file.tell() % 2:
            self._file.write(b"\0")
        offset = self._file.tell()
        self._file.write(data)
        return offset

    def finish(self, images: Sequence[Directory], chained: Sequence[Directory]) -> None:
        """Write all directories: `images` and then `chained` as the file's main pages.

        The lower resolutions of `images` become their SubIFDs, where OME-TIFF has them. Those in
        `chained` are main pages as well, where OpenSlide looks for them.
        """
        places: dict[int, int] = {}
        links: dict[int, int] = {}
        for image in images:
            for page in (*image.reduced, image):
                subs = [places[id(level)] for level in image.reduced] if page is image else []
                places[id(page)], links[id(page)] = self._directory(page, subs)
        link = self._link
        for page in (*images, *chained):
            self._file.seek(link)
            self._file.write(struct.pack("<" + self._offset, places[id(page)]))
            link = links[id(page)]
        self._file.seek(0, 2)

    def _directory(self, page: Directory, subs: Sequence[int]) -> tuple[int, int]:
        """Write one directory; gives its offset, and where the offset of the next one belongs."""
        kind = LONG8 if self._big else LONG
        tags = dict(page.tags)
        tags[TILE_OFFSETS], tags[TILE_BYTES] = (kind, page.offsets), (kind, page.counts)
        if subs:
            tags[SUB_IFDS] = (kind, subs)
        entries = [self._entry(tag, *tags[tag]) for tag in sorted(tags)]
        count = struct.pack("<Q" if self._big else "<H", len(entries))
        body = count + b"".join(entries)
        offset = self.append(body + bytes(self._inline))
        return offset, offset + len(body)

    def _entry(self, tag: int, kind: int, values: Sequence[int] | bytes) -> bytes:
        if isinstance(values, bytes):
            data, count = values, len(values)
        else:
            data = struct.pack(f"<{len(values)}{_FORMAT[kind]}", *values)
            count = len(values) // (2 if kind == RATIONAL else 1)
        if len(data) > self._inline:
            data = struct.pack("<" + self._offset, self.append(data))
        return struct.pack("<HH" + self._offset, tag, kind, count) + data.ljust(self._inline, b"\0")


def rational(value: float) -> tuple[int, int]:
    """`value` as numerator and denominator of 32 bits each."""
    limit = 2**32 - 1
    found = Fraction(value).limit_denominator(max(1, min(limit, int(limit / max(value, 1)))))
    return found.numerator, found.denominator


def text(value: str) -> tuple[int, bytes]:
    """A text tag's type and value, in UTF-8 as OME-TIFF wants it."""
    return ASCII, value.encode() + b"\0"

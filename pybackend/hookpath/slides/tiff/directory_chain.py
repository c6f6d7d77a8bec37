"""The chain of image directories of a TIFF, walked with bounds before any library follows it."""

from __future__ import annotations

import struct
from pathlib import Path
from typing import BinaryIO

from hookpath.errors import SlideError

TIFF_MAGIC = (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")

#: Images in one file; a slide has its levels and a few pictures.
MAX_IMAGES = 10_000


def directory_offsets(path: Path) -> list[int]:
    """Where each directory of the main chain begins.

    The chain ends at what cannot be read: whether that matters is for the reader of the images to
    say. Nothing else of the file is looked at.

    Raises:
        SlideError: the chain comes back to a directory that it has passed, or has no end.
    """
    with path.open("rb") as file:
        head = file.read(16)
        order = "<" if head[:1] == b"I" else ">"
        big = head[2:4] in (b"+\0", b"\0+")
        link = struct.Struct(order + ("Q" if big else "I"))
        offset = int(link.unpack_from(head, 8 if big else 4)[0])
        found: dict[int, None] = {}
        while offset:
            if offset in found:
                raise SlideError(
                    f"{path}: its directories of images go round in a circle (the one at byte "
                    f"{offset} comes twice); the file is damaged, copy it again from its source"
                )
            if len(found) == MAX_IMAGES:
                raise SlideError(
                    f"{path}: holds more than {MAX_IMAGES} images; export the one you want"
                )
            found[offset] = None
            offset = _next(file, offset, order, big, link)
    return list(found)


def _next(file: BinaryIO, offset: int, order: str, big: bool, link: struct.Struct) -> int:
    """The next directory's place; 0: there is none, or it cannot be read."""
    count = struct.Struct(order + ("Q" if big else "H"))
    try:
        file.seek(offset)
        (entries,) = count.unpack(file.read(count.size))
        file.seek(entries * (20 if big else 12), 1)
        return int(link.unpack(file.read(link.size))[0])
    except (struct.error, OSError, OverflowError, ValueError):
        return 0

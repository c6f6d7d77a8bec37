"""How large the picture in a tile says it is, read before a codec makes room for it."""

from __future__ import annotations

import struct

_START_OF_FRAME = frozenset({*range(0xC0, 0xD0)} - {0xC4, 0xC8, 0xCC})
_PNG, _JPEG, _J2K_SIZE = b"\x89PNG\r\n\x1a\n", b"\xff\xd8", b"\xff\x4f\xff\x51"


def announced_pixels(data: bytes) -> int:
    """Width × height of a JPEG, JPEG 2000 or PNG by its own header; 0 where it says none."""
    try:
        if data.startswith(_JPEG):
            return _jpeg(data)
        if data.startswith(_PNG):
            width, height = struct.unpack_from(">II", data, 16)
            return int(width * height)
        start = data.find(_J2K_SIZE, 0, 4096)
        if start >= 0:
            right, lower, left, upper = struct.unpack_from(">4I", data, start + 8)
            return int((right - left) * (lower - upper))
    except struct.error:
        pass
    return 0


def _jpeg(data: bytes) -> int:
    """From marker to marker to the first start of frame."""
    at = 2
    while at + 9 <= len(data) and data[at] == 0xFF:
        marker = data[at + 1]
        if marker in _START_OF_FRAME:
            height, width = struct.unpack_from(">HH", data, at + 5)
            return int(width * height)
        if marker == 0xFF:  # fill byte
            at += 1
        else:
            at += 2 + int(struct.unpack_from(">H", data, at + 2)[0])
    return 0

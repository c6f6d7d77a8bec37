"""Masks that would not fit into memory are refused by their size, before a pixel is read."""

from __future__ import annotations

import os
import struct
import sys
import zlib
from pathlib import Path

import numpy as np
import pytest
import tifffile

from hookpath.conversion.label_image_io import open_label_image
from hookpath.errors import AnnotationError


def chunk(kind: bytes, data: bytes) -> bytes:
    check = struct.pack(">I", zlib.crc32(kind + data))
    return struct.pack(">I", len(data)) + kind + data + check


def test_a_png_of_60_000_px_square(tmp_path: Path) -> None:
    head = chunk(b"IHDR", struct.pack(">IIBBBBB", 60_000, 60_000, 8, 0, 0, 0, 0))
    data = chunk(b"IDAT", zlib.compress(bytes(1000))) + chunk(b"IEND", b"")
    (tmp_path / "a.png").write_bytes(b"\x89PNG\r\n\x1a\n" + head + data)
    with pytest.raises(AnnotationError, match="60000 × 60000 px are too many to hold at once"):
        open_label_image(tmp_path / "a.png")


def test_a_flat_tiff_of_60_000_px_square(tmp_path: Path) -> None:
    path = tmp_path / "a.tif"
    tifffile.imwrite(path, np.zeros((16, 16), np.uint8))
    data = bytearray(path.read_bytes())
    with tifffile.TiffFile(path) as tiff:
        for name in ("ImageWidth", "ImageLength"):
            tag = tiff.pages[0].tags[name]
            struct.pack_into("<H", data, tag.valueoffset, 60_000)
    path.write_bytes(data)
    with pytest.raises(AnnotationError, match="60000 × 60000 px are too many to hold at once"):
        open_label_image(path)


@pytest.mark.skipif(sys.platform == "win32", reason="no pipes in folders")
def test_a_pipe_is_no_mask(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "a.png")
    with pytest.raises(AnnotationError, match="is no ordinary file"):
        open_label_image(tmp_path / "a.png")

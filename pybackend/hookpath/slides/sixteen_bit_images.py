"""Pictures of 16 bits a sample (PNG, JPEG 2000, PGM, PPM), as stored: Pillow changes them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image

from hookpath.errors import SlideError
from hookpath.limits import HELD_PIXELS
from hookpath.slides.channels import RGB_CHANNELS, Channel, Pixels, with_names

_PNG, _JPEG_2000_FILE, _CODESTREAM = b"\x89PNG", b"jP  ", b"\xff\x4f\xff\x51"
#: PGM and PPM, plain and raw: kind, width, height and greatest value, with comments between.
_GAP = rb"(?:\s|#[^\n]*\n)+"
_NETPBM = re.compile(rb"P([2356])" + _GAP + rb"(\d+)" + _GAP + rb"(\d+)" + _GAP + rb"(\d+)\s")
#: Rows that are laid on a ground at once: what that takes is many times the picture.
_ROWS = 256
#: Mode in which Pillow gives the grey of 16-bit PNG.
_GREY_16 = frozenset({"I", "I;16", "I;16B", "I;16L"})
_HEAD = 4096


@dataclass(frozen=True)
class Picture:
    """``(H, W, C)`` pixels, what their samples are, and what they are where there is nothing."""

    pixels: Pixels
    channels: tuple[Channel, ...] = RGB_CHANNELS
    ground: float = 255


def bits_of(path: Path) -> int:
    """Bits a sample of PNG, JPEG 2000, PGM and PPM, which Pillow cuts or stretches; else 8."""
    with path.open("rb") as file:
        head = file.read(_HEAD)
    if head.startswith(_PNG):
        return head[24]
    if netpbm := _NETPBM.match(head):
        return max(8, int(netpbm[4]).bit_length())
    start = head.find(_CODESTREAM)  # JPEG 2000: the size segment opens the codestream
    is_jpeg_2000 = head[4:8] == _JPEG_2000_FILE or start == 0
    return (head[start + 42] & 0x7F) + 1 if is_jpeg_2000 and 0 <= start < _HEAD - 96 else 8


def deep_picture(path: Path, image: Image.Image, bits: int) -> Picture | None:
    """The picture, if it has more than 8 bits a sample; None: it has not.

    Args:
        image: as Pillow opened it.
        bits: see `bits_of`.

    Raises:
        SlideError: it is no grey or RGB of 16 bits, or too large.
    """
    if bits <= 8 and image.mode not in _GREY_16:
        return None
    if 2 * image.width * image.height * len(image.getbands()) > 3 * HELD_PIXELS:
        raise SlideError(
            f"{path}: {image.width} × {image.height} px of 16 bits are too large for a flat image; "
            "convert it to a pyramidal TIFF"
        )
    samples = _decoded(path, image, bits)
    samples = samples[..., None] if samples.ndim == 2 else samples
    if samples.dtype != np.uint16 or (bits != 16 and samples.shape[2] > 2):
        what = f"{samples.shape[2]} samples a pixel of {max(bits, 8)} bits"
        raise SlideError(f"{path}: has {what}; export it with 8 or 16 bits")
    if samples.shape[2] in (2, 4):
        samples = _on_ground(samples)
    if samples.shape[2] == 1:
        return Picture(samples, with_names([""], [None]), 0)
    return Picture(samples, RGB_CHANNELS, np.iinfo(np.uint16).max)


def _decoded(path: Path, image: Image.Image, bits: int) -> Pixels:
    import imagecodecs

    if bits <= 8:
        values = np.asarray(image)
        fits = values.min(initial=0) >= 0 and values.max(initial=0) <= np.iinfo(np.uint16).max
        return values.astype(np.uint16) if fits else values
    data = path.read_bytes()
    if netpbm := _NETPBM.match(data[:_HEAD]):
        return _netpbm(path, data, netpbm)
    decode = imagecodecs.png_decode if data.startswith(_PNG) else imagecodecs.jpeg2k_decode
    return np.asarray(decode(data))


def _netpbm(path: Path, data: bytes, header: re.Match[bytes]) -> Pixels:
    """The samples of a PGM or PPM of more than 8 bits (https://netpbm.sourceforge.net/doc)."""
    kind, width, height = (int(header[i]) for i in (1, 2, 3))
    shape = (height, width, 3 if kind in (3, 6) else 1)
    raster = data[header.end() :]
    if kind in (5, 6):
        found = np.frombuffer(raster[: len(raster) // 2 * 2], ">u2")
    else:
        found = np.array(re.sub(rb"#[^\n]*", b"", raster).split(), dtype=np.uint16)
    if len(found) < np.prod(shape):
        raise SlideError(f"{path}: ends before its last px; copy it again from its source")
    return found[: np.prod(shape)].reshape(shape).astype(np.uint16)


def _on_ground(samples: Pixels) -> Pixels:
    """Transparent colour laid over white, grey over black; an alpha of 0 everywhere is not used."""
    values, alpha = samples[..., :-1], samples[..., -1:]
    most = np.iinfo(np.uint16).max
    if not alpha.any():
        return values
    ground = most if values.shape[2] > 1 else 0
    mixed = np.empty_like(values)
    for row in range(0, len(values), _ROWS):
        share = alpha[row : row + _ROWS] / most
        mixed[row : row + _ROWS] = np.rint(values[row : row + _ROWS] * share + ground * (1 - share))
    return mixed

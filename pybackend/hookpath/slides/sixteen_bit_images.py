"""Pictures of 16 bits a sample (PNG, JPEG 2000, PGM), as stored: Pillow cuts them to 8."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image

from hookpath.errors import SlideError
from hookpath.slides.channels import RGB_CHANNELS, Channel, Pixels, with_names

_PNG, _JPEG_2000_FILE, _CODESTREAM = b"\x89PNG", b"jP  ", b"\xff\x4f\xff\x51"
#: Mode in which Pillow gives the grey of 16-bit PGM and PNG.
_GREY_16 = frozenset({"I", "I;16", "I;16B", "I;16L"})
_HEAD = 4096


@dataclass(frozen=True)
class Picture:
    """``(H, W, C)`` pixels, what their samples are, and what they are where there is nothing."""

    pixels: Pixels
    channels: tuple[Channel, ...] = RGB_CHANNELS
    ground: float = 255


def bits_of(path: Path) -> int:
    """Bits a sample of PNG and JPEG 2000, which Pillow cuts to 8 without a word; else 8."""
    with path.open("rb") as file:
        head = file.read(_HEAD)
    if head.startswith(_PNG):
        return head[24]
    start = head.find(_CODESTREAM)  # JPEG 2000: the size segment opens the codestream
    is_jpeg_2000 = head[4:8] == _JPEG_2000_FILE or start == 0
    return (head[start + 42] & 0x7F) + 1 if is_jpeg_2000 and 0 <= start < _HEAD - 96 else 8


def deep_picture(path: Path, image: Image.Image, bits: int) -> Picture | None:
    """The picture, if it has more than 8 bits a sample; None: it has not.

    Args:
        image: as Pillow opened it.
        bits: see `bits_of`.

    Raises:
        SlideError: it is no grey or RGB of 16 bits.
    """
    if bits <= 8 and image.mode not in _GREY_16:
        return None
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
    decode = imagecodecs.png_decode if data.startswith(_PNG) else imagecodecs.jpeg2k_decode
    return np.asarray(decode(data))


def _on_ground(samples: Pixels) -> Pixels:
    """Transparent colour laid over white, grey over black; an alpha of 0 everywhere is not used."""
    values, alpha = samples[..., :-1], samples[..., -1:].astype(np.uint32)
    most = np.uint32(np.iinfo(np.uint16).max)
    if not alpha.any():
        return values
    ground = most if values.shape[2] > 1 else np.uint32(0)
    mixed = values * (alpha / most) + ground * ((most - alpha) / most)
    return np.asarray(np.rint(mixed), np.uint16)

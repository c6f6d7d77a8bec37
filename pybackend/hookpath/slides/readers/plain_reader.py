"""Plain images (PNG, JPEG, flat TIFF…), held in memory."""

from __future__ import annotations

import threading
from pathlib import Path

from PIL import Image

from hookpath.errors import SlideError
from hookpath.geometry import Calibration
from hookpath.limits import HELD_PIXELS
from hookpath.slides.base import Level, RGBArray, Slide
from hookpath.slides.metadata_spacing import FileSpacing, believable
from hookpath.slides.pillow_pixels import rgb_on_white, window_on_white

#: 3 bytes each in memory. Pillow's own limit (about 0.18 gigapixel) guards web servers.
MAX_PIXELS = HELD_PIXELS

_EIGHT_BIT = {"1", "L", "LA", "La", "P", "PA", "RGB", "RGBA", "RGBa", "RGBX", "CMYK", "YCbCr"}
_ORIENTATION = 274
#: Formats that hold films; an MPO is a photograph with its preview.
_MOVING = {"GIF", "PNG", "WEBP", "AVIF"}
_PILLOW_LIMIT = threading.Lock()


class PlainSlide(Slide):
    """An image in memory: one level."""

    reader = "pillow"

    def __init__(
        self, path: Path, pixels: RGBArray, spacing: FileSpacing, calibration: Calibration | None
    ) -> None:
        super().__init__(calibration)
        self.path = path
        self._pixels: RGBArray | None = pixels
        self.file_calibration, self.spacing_note = spacing.calibration, spacing.note
        self.levels = (Level(pixels.shape[1], pixels.shape[0], 1.0, 1.0),)

    def read_level(self, level: int, x_lv: int, y_lv: int, width: int, height: int) -> RGBArray:
        """See `Slide.read_level`."""
        if self._pixels is None:
            raise SlideError(f"{self.path}: the slide was closed; open it again")
        return window_on_white(self._pixels, x_lv, y_lv, width, height)

    def close(self) -> None:
        """See `Slide.close`."""
        self._pixels = None


def open_plain(path: Path, calibration: Calibration | None) -> PlainSlide:
    """Decode an image with Pillow; its own resolution counts only if it can be a microscope's.

    Raises:
        SlideError: too large, or more than 8 bits a channel.
        OSError: Pillow cannot read it.
    """
    with _PILLOW_LIMIT:
        before, Image.MAX_IMAGE_PIXELS = Image.MAX_IMAGE_PIXELS, None
        try:
            with Image.open(path) as image:
                _check(path, image)
                spacing = _spacing(image)
                pixels = rgb_on_white(_eight_bit(image))
        finally:
            Image.MAX_IMAGE_PIXELS = before
    return PlainSlide(path, pixels, spacing, calibration)


def _check(path: Path, image: Image.Image) -> None:
    turned = image.getexif().get(_ORIENTATION, 1)
    if turned not in (0, 1):
        raise SlideError(
            f"{path}: is stored turned or mirrored (Orientation tag {turned}), which viewers treat "
            "differently; save it upright, without the tag"
        )
    frames = getattr(image, "n_frames", 1)
    if frames > 1 and image.format in _MOVING:
        raise SlideError(f"{path}: has {frames} frames (a film); export the one you want as RGB")
    if (bits := _bits(path)) > 8:
        raise SlideError(
            f"{path}: has samples of {bits} bits, not 8-bit colour; export it as 8-bit RGB"
        )
    if image.width * image.height > MAX_PIXELS:
        raise SlideError(
            f"{path}: {image.width} × {image.height} px is too large for a flat image; "
            "convert it to a pyramidal TIFF (in QuPath: File > Export images > OME TIFF)"
        )
    if image.mode not in _EIGHT_BIT:
        raise SlideError(
            f"{path}: pixels of type {image.mode!r} are not 8-bit colour; export it as 8-bit RGB"
        )


def _bits(path: Path) -> int:
    """Bits a sample of PNG and JPEG 2000, which Pillow cuts to 8 without a word."""
    with path.open("rb") as file:
        head = file.read(4096)
    if head.startswith(b"\x89PNG"):
        return head[24]
    start = head.find(b"\xff\x4f\xff\x51")  # JPEG 2000: the size segment opens the codestream
    is_jpeg_2000 = head[4:8] == b"jP  " or start == 0
    return (head[start + 42] & 0x7F) + 1 if is_jpeg_2000 and 0 <= start < 4000 else 8


def _eight_bit(image: Image.Image) -> Image.Image:
    transparent = image.mode in {"LA", "La", "PA", "RGBa"} or "transparency" in image.info
    found = image.convert("RGBA") if transparent else image
    # Alpha that is 0 everywhere was never meant: the picture would be nothing but white.
    unmeant = found.mode == "RGBA" and found.getchannel("A").getextrema() == (0, 0)
    return found.convert("RGB") if unmeant else found


def _spacing(image: Image.Image) -> FileSpacing:
    dots = image.info.get("dpi")
    if not dots or min(dots) <= 0:
        return FileSpacing(None)
    return believable(25400 / float(dots[0]), 25400 / float(dots[1]))

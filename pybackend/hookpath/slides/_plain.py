"""Plain images (PNG, JPEG, flat TIFF…), held in memory."""

from __future__ import annotations

import threading
from pathlib import Path

from PIL import Image

from hookpath.errors import SlideError
from hookpath.geometry import Calibration
from hookpath.slides._pixels import rgb_on_white, window_on_white
from hookpath.slides._spacing import FileSpacing, believable
from hookpath.slides.base import Level, RGBArray, Slide

#: 3 bytes each in memory. Pillow's own limit (about 0.18 gigapixel) guards web servers.
MAX_PIXELS = 10**9

_EIGHT_BIT = {"1", "L", "LA", "La", "P", "PA", "RGB", "RGBA", "RGBa", "RGBX", "CMYK", "YCbCr"}
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
    if image.width * image.height > MAX_PIXELS:
        raise SlideError(
            f"{path}: {image.width} × {image.height} px is too large for a flat image; "
            "convert it to a pyramidal TIFF (in QuPath: File > Export images > OME TIFF)"
        )
    if image.mode not in _EIGHT_BIT:
        raise SlideError(
            f"{path}: pixels of type {image.mode!r} are not 8-bit colour; export it as 8-bit RGB"
        )


def _eight_bit(image: Image.Image) -> Image.Image:
    transparent = image.mode in {"LA", "La", "PA", "RGBa"} or "transparency" in image.info
    return image.convert("RGBA") if transparent else image


def _spacing(image: Image.Image) -> FileSpacing:
    dots = image.info.get("dpi")
    if not dots or min(dots) <= 0:
        return FileSpacing(None)
    return believable(25400 / float(dots[0]), 25400 / float(dots[1]))

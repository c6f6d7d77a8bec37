"""Plain images (PNG, JPEG, flat TIFF…), held in memory."""

from __future__ import annotations

import threading
from pathlib import Path

from PIL import Image

from hookpath.errors import SlideError
from hookpath.geometry import Calibration
from hookpath.limits import HELD_PIXELS
from hookpath.slides.channels import Pixels
from hookpath.slides.metadata_spacing import FileSpacing, is_plausible
from hookpath.slides.pillow_pixels import rgb_on_white, window_of
from hookpath.slides.sixteen_bit_images import Picture, bits_of, deep_picture
from hookpath.slides.slide_base import Level, Slide

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
        self, path: Path, picture: Picture, spacing: FileSpacing, calibration: Calibration | None
    ) -> None:
        super().__init__(calibration)
        self.path = path
        pixels = picture.pixels
        self._pixels: Pixels | None = pixels
        self.channels, self.ground, self.dtype = picture.channels, picture.ground, pixels.dtype
        self.file_calibration, self.spacing_note = spacing.calibration, spacing.note
        self.levels = (Level(pixels.shape[1], pixels.shape[0], 1.0, 1.0),)

    def read_level(self, level: int, x_lv: int, y_lv: int, width: int, height: int) -> Pixels:
        """See `Slide.read_level`."""
        if self._pixels is None:
            raise SlideError(f"{self.path}: the slide was closed; open it again")
        return window_of(self._pixels, self.ground, (x_lv, y_lv), (width, height))

    def close(self) -> None:
        """See `Slide.close`."""
        self._pixels = None


def open_plain(path: Path, calibration: Calibration | None) -> PlainSlide:
    """Decode an image with Pillow; its own resolution counts only if it can be a microscope's.

    Raises:
        SlideError: too large, or no grey or colour of 8 or 16 bits.
        OSError: Pillow cannot read it.
    """
    with _PILLOW_LIMIT:
        before, Image.MAX_IMAGE_PIXELS = Image.MAX_IMAGE_PIXELS, None
        try:
            with Image.open(path) as image:
                bits = bits_of(path)
                _check(path, image)
                spacing = _spacing(image)
                picture = deep_picture(path, image, bits) or _of_eight_bits(path, image)
        finally:
            Image.MAX_IMAGE_PIXELS = before
    return PlainSlide(path, picture, spacing, calibration)


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
    if image.width * image.height > MAX_PIXELS:
        raise SlideError(
            f"{path}: {image.width} × {image.height} px is too large for a flat image; "
            "convert it to a pyramidal TIFF (in QuPath: File > Export images > OME TIFF)"
        )


def _of_eight_bits(path: Path, image: Image.Image) -> Picture:
    if image.mode not in _EIGHT_BIT:
        raise SlideError(
            f"{path}: pixels of type {image.mode!r} are not 8-bit colour; export it as 8-bit RGB"
        )
    return Picture(rgb_on_white(_eight_bit(image)))


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
    return is_plausible(25400 / float(dots[0]), 25400 / float(dots[1]))

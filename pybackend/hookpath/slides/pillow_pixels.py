"""Pillow images to RGB arrays on white, and windows of arrays."""

from __future__ import annotations

import numpy as np
from PIL import Image

from hookpath.slides.channels import Pixels
from hookpath.slides.slide_base import RGBArray

Size = tuple[int, int]

WHITE = 255


def rgb_on_white(image: Image.Image) -> RGBArray:
    """``(H, W, 3)`` uint8 of an image whose alpha (not premultiplied) is laid over white."""
    if image.mode == "RGBA" and image.getchannel("A").getextrema() != (255, 255):
        white = Image.new("RGB", image.size, (WHITE, WHITE, WHITE))
        white.paste(image, mask=image.getchannel("A"))
        return np.asarray(white)
    return np.asarray(image if image.mode == "RGB" else image.convert("RGB"))


def window_of(pixels: Pixels, ground: float, at: Size, size: Size) -> Pixels:
    """The window of `pixels`, which may lie partly or wholly off them; there it is `ground`.

    Args:
        at, size: corner, and width and height, in px.
    """
    (x, y), (width, height) = at, size
    x0, y0 = max(x, 0), max(y, 0)
    x1, y1 = min(x + width, pixels.shape[1]), min(y + height, pixels.shape[0])
    if (x0, y0, x1, y1) == (x, y, x + width, y + height):
        return pixels[y0:y1, x0:x1]
    window = np.full((height, width, pixels.shape[2]), ground, pixels.dtype)
    if x0 < x1 and y0 < y1:
        window[y0 - y : y1 - y, x0 - x : x1 - x] = pixels[y0:y1, x0:x1]
    return window

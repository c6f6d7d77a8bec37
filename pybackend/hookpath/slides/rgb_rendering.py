"""Images of any channels as RGB, for people and for rules made for RGB.

The bounds of each channel are measured on the image itself, as viewers do: no network sees this.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from hookpath.geometry import Region
from hookpath.slides.channels import RGB_CHANNELS, Channel, Pixels, scaled
from hookpath.slides.slide_base import RGBArray, Slide
from hookpath.slides.slide_wrapper import SlideOf

#: Side of the overview that bounds are measured on, in px; percentiles that become 0 and 255.
_OVERVIEW = 256
_PERCENTILES = 1.0, 99.5
#: Of an overview's px, how much more alike neighbours are than of noise, for a channel to count.
_COHERENT = 3.0
#: Colours of channels that have none, in turn.
_COLORS = ((0, 0, 255), (0, 255, 0), (255, 0, 0), (255, 255, 0), (255, 0, 255), (0, 255, 255))

Bounds = npt.NDArray[np.float32]


class _Rendered(SlideOf):
    """Another slide as RGB."""

    def __init__(self, slide: Slide) -> None:
        super().__init__(slide)
        self._low, self._high = _bounds_of(slide)
        self.channels, self.dtype = RGB_CHANNELS, np.dtype(np.uint8)
        self.ground = 255.0 if slide.ground else 0.0

    def read(self, region: Region) -> RGBArray:
        """The region of the other slide, rendered once it has been averaged."""
        return self._rgb(scaled(self.slide.read(region), self._low, self._high))

    def read_level(self, level: int, x_lv: int, y_lv: int, width: int, height: int) -> RGBArray:
        """Pixels of one level (see `Slide.read_level`)."""
        found = self.slide.read_level(level, x_lv, y_lv, width, height)
        return self._rgb(scaled(found, self._low, self._high))

    def _rgb(self, pixels: Pixels) -> RGBArray:
        """``(…, C)`` uint8 to ``(…, 3)``."""
        raise NotImplementedError


class BrightnessSlide(_Rendered):
    """Grey: each px as bright as its brightest channel; where light shines through, RGB is RGB."""

    def _rgb(self, pixels: Pixels) -> RGBArray:
        if self.slide.channels == RGB_CHANNELS and self.slide.ground:
            return np.asarray(pixels, np.uint8)
        return np.asarray(np.repeat(pixels.max(axis=2, keepdims=True), 3, axis=2), np.uint8)


class ShownSlide(_Rendered):
    """Channels in their colours, added up, as viewers show fluorescence."""

    def __init__(self, slide: Slide) -> None:
        super().__init__(slide)
        self._colors = np.array(_colors(slide.channels), np.float32) / 255

    def _rgb(self, pixels: Pixels) -> RGBArray:
        mixed = pixels.astype(np.float32) @ self._colors
        return np.asarray(np.rint(mixed.clip(0, 255)), np.uint8)


def as_rgb(slide: Slide) -> Slide:
    """The slide itself if it is RGB, else one that shows it so."""
    return slide if slide.is_rgb else ShownSlide(slide)


def _colors(channels: Sequence[Channel]) -> list[tuple[int, int, int]]:
    return [c.color or _COLORS[i % len(_COLORS)] for i, c in enumerate(channels)]


def _bounds_of(slide: Slide) -> tuple[Bounds, Bounds]:
    """By percentiles of an overview; 8-bit images whose channels are chosen have theirs already."""
    step = max(1.0, max(slide.width_l0, slide.height_l0) / _OVERVIEW)
    width, height = (max(1, int(side / step)) for side in (slide.width_l0, slide.height_l0))
    pixels = np.asarray(slide.read(Region(0, 0, width, height, step, step)), np.float32)
    if slide.ground:
        top = np.float32(slide.ground)
        zero = np.zeros(pixels.shape[2], np.float32)
        return zero, np.full_like(zero, top)
    flat = pixels.reshape(-1, pixels.shape[2])
    low, high = np.nanpercentile(flat, _PERCENTILES, axis=0).astype(np.float32)
    # A channel of nothing but ground and noise stays dark.
    least = np.maximum(np.float32(1e-6), np.abs(low) * np.float32(1e-3))
    seen = (high - low > least) & _coherent(pixels)
    return low, np.where(seen, high, low + 1000 * (high - low) + 1).astype(np.float32)


def _coherent(pixels: npt.NDArray[np.float32]) -> npt.NDArray[np.bool_]:
    """``(C,)``: whether means of 3 × 3 px differ by more than those of noise do, a third of it."""
    from scipy import ndimage

    means = ndimage.uniform_filter(pixels, (3, 3, 1), mode="nearest")
    return np.asarray(9 * means.var(axis=(0, 1)) > _COHERENT * pixels.var(axis=(0, 1)))

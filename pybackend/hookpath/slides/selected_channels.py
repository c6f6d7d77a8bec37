"""A slide as one network is to see it: its channels, in its order, in 8 bits."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from hookpath.errors import ChannelError
from hookpath.geometry import Region
from hookpath.slides.channels import ChannelScale, Pixels, listed, positions, scaled
from hookpath.slides.slide_base import Slide
from hookpath.slides.slide_wrapper import SlideOf


class _Some(SlideOf):
    """Some channels of another slide, as they are stored."""

    def __init__(self, slide: Slide, at: tuple[int, ...]) -> None:
        super().__init__(slide)
        self._at, self.channels = at, tuple(slide.channels[i] for i in at)

    def read_level(self, level: int, x_lv: int, y_lv: int, width: int, height: int) -> Pixels:
        """Pixels of one level (see `Slide.read_level`)."""
        found = self.slide.read_channels(self._at, level, x_lv, y_lv, width, height)
        return np.asarray(found)


class ChannelSlide(SlideOf):
    """Chosen channels of another slide, each scaled to 0…255 by bounds of its own.

    Scaled after averaging, so that any two regions that hold the same px agree to rounding.
    """

    def __init__(self, slide: Slide, scales: Sequence[ChannelScale]) -> None:
        super().__init__(slide)
        names = [scale.name for scale in scales]
        self._at = positions(names, slide.channels, slide.path.name)
        self._low = np.array([scale.low for scale in scales], np.float32)
        self._high = np.array([scale.high for scale in scales], np.float32)
        self._some = _Some(slide, tuple(self._at))
        self.channels = self._some.channels
        self.dtype = np.dtype(np.uint8)
        edge = np.full((1, 1, len(scales)), slide.ground, np.float32)
        #: Off the slide: the brightest where light shines through, the darkest else.
        self.ground = float(scaled(edge, self._low, self._high).max())

    @property
    def is_rgb(self) -> bool:
        """Not even where it is made of an RGB slide's channels."""
        return False

    def read(self, region: Region) -> Pixels:
        """The region of the other slide, scaled once it has been averaged."""
        return self._shown(np.asarray(self._some.read(region)))

    def read_level(self, level: int, x_lv: int, y_lv: int, width: int, height: int) -> Pixels:
        """Pixels of one level (see `Slide.read_level`)."""
        found = self._some.read_level(level, x_lv, y_lv, width, height)
        return self._shown(np.asarray(found))

    def _shown(self, pixels: Pixels) -> Pixels:
        return scaled(pixels, self._low, self._high)


def chosen(slide: Slide, scales: Sequence[ChannelScale], only_rgb: bool = False) -> Slide:
    """The slide, or its chosen channels; closes it where it does not have them.

    Raises:
        ChannelError: it lacks one, or is no RGB where it must be.
    """
    try:
        if scales:
            return ChannelSlide(slide, scales)
        if only_rgb and not slide.is_rgb:
            raise ChannelError(
                f"{slide.path.name}: is no 8-bit RGB image ({described(slide)}), and RGB is what "
                "is wanted here; train a model on these channels, or take an RGB image"
            )
        return slide
    except BaseException:
        slide.close()
        raise


def described(slide: Slide) -> str:
    """``3 channels of uint16: DAPI, FITC, Cy3``."""
    count, names = len(slide.channels), listed([c.name for c in slide.channels], 8)
    return f"{count} channel{'s' * (count != 1)} of {slide.dtype}: {names}"

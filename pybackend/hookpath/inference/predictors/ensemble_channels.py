"""Members of an ensemble that each take channels in an order and with bounds of their own."""

from __future__ import annotations

from collections.abc import Sequence

from shapely.geometry.base import BaseGeometry

from hookpath.inference.predictor_protocol import Predictor, Wrapped, WrappedJob
from hookpath.inference.roi.tissue_tiles import Tissue
from hookpath.slides import Slide
from hookpath.slides.channels import ChannelScale
from hookpath.slides.selected_channels import ChannelSlide


class ChannelledSlides(Wrapped):
    """A `Predictor` that shows another one the channels that it has learned of whole slides."""

    def __init__(self, of: Predictor, scales: Sequence[ChannelScale]) -> None:
        super().__init__(of)
        self.scales = tuple(scales)

    def job(
        self, slide: Slide, inside: Sequence[BaseGeometry] | None = None, tissue: Tissue = True
    ) -> WrappedJob:
        """Plan one slide.

        Raises:
            ChannelError: it lacks a channel.
        """
        return WrappedJob(self.of.job(self._seen([slide])[0], inside, tissue), self._seen)

    def _seen(self, slides: Sequence[Slide]) -> list[ChannelSlide]:
        return [ChannelSlide(slide, self.scales) for slide in slides]

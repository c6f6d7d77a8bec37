"""Members of an ensemble that each take channels in an order and with bounds of their own."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from shapely.geometry.base import BaseGeometry

from hookpath.inference.predictor_protocol import Predictor, SeenJob, Wrapped
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
    ) -> ChannelledJob:
        """Plan one slide.

        Raises:
            ChannelError: it lacks a channel.
        """
        shown = ChannelSlide(slide, self.scales)
        return ChannelledJob(self.of.job(shown, inside, tissue), self.scales)


@dataclass(frozen=True)
class ChannelledJob(SeenJob):
    """One slide of `ChannelledSlides`."""

    scales: tuple[ChannelScale, ...]

    def _seen(self, slides: Sequence[Slide]) -> Sequence[Slide]:
        return [ChannelSlide(slide, self.scales) for slide in slides]

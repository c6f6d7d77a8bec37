"""Members of an ensemble that each take channels in an order and with bounds of their own."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from shapely.geometry.base import BaseGeometry

from hookpath.inference.cover import Tissue
from hookpath.inference.grids import Box
from hookpath.inference.predictor import Predictor, Wrapped, WrappedJob
from hookpath.inference.rows import PredictedRow, PredictedTile
from hookpath.slides import Slide
from hookpath.slides.channels import ChannelScale
from hookpath.slides.chosen import ChannelSlide


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
class ChannelledJob(WrappedJob):
    """One slide of `ChannelledSlides`."""

    scales: tuple[ChannelScale, ...]

    def rows(
        self,
        slides: Sequence[Slide],
        on_step: Callable[[int], None],
        spill_dir: Path | None = None,
    ) -> Iterator[PredictedRow]:
        """All rows (see `SlideJob.rows`)."""
        return self.of.rows(self._shown(slides), on_step, spill_dir)

    def part(
        self,
        slides: Sequence[Slide],
        window: Box,
        on_step: Callable[[int], None],
        as_uint8: bool = True,
    ) -> Iterator[PredictedTile]:
        """What is wanted in a window (see `SlideJob.part`)."""
        return self.of.part(self._shown(slides), window, on_step, as_uint8)

    def _shown(self, slides: Sequence[Slide]) -> Sequence[Slide]:
        return [ChannelSlide(slide, self.scales) for slide in slides]

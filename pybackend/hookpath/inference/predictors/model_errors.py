"""Names the model's own file in the errors of a prediction that fails."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from shapely.geometry.base import BaseGeometry

from hookpath.errors import NoNumberError, PredictionError
from hookpath.inference.dense.tile_rows import PredictedRow, PredictedTile
from hookpath.inference.predictor_protocol import Predictor, Wrapped, WrappedJob
from hookpath.inference.roi.tissue_tiles import Tissue
from hookpath.inference.tile_grids import Box
from hookpath.slides import Slide


class NamedSlides(Wrapped):
    """A `Predictor` that names the file of another one's network where its answers are no numbers.

    Attributes:
        file: the weights, or the exported network.
    """

    def __init__(self, of: Predictor, file: Path) -> None:
        super().__init__(of)
        self.file = file

    def job(
        self, slide: Slide, inside: Sequence[BaseGeometry] | None = None, tissue: Tissue = True
    ) -> NamedJob:
        """Plan one slide."""
        return NamedJob(self.of.job(slide, inside, tissue), self.file)


@dataclass(frozen=True)
class NamedJob(WrappedJob):
    """One slide of `NamedSlides`."""

    file: Path

    def rows(
        self,
        slides: Sequence[Slide],
        on_step: Callable[[int], None],
        spill_dir: Path | None = None,
    ) -> Iterator[PredictedRow]:
        """All rows (see `SlideJob.rows`)."""
        with self._named():
            yield from self.of.rows(slides, on_step, spill_dir)

    def part(
        self,
        slides: Sequence[Slide],
        window: Box,
        on_step: Callable[[int], None],
        as_uint8: bool = True,
    ) -> Iterator[PredictedTile]:
        """What is wanted in a window (see `SlideJob.part`)."""
        with self._named():
            yield from self.of.part(slides, window, on_step, as_uint8)

    @contextmanager
    def _named(self) -> Iterator[None]:
        try:
            yield
        except NoNumberError as error:
            raise PredictionError(f"{self.file}: {error}") from error

"""Names the model's own file in the errors of a prediction that fails."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from shapely.geometry.base import BaseGeometry

from hookpath.errors import NoNumberError, PredictionError
from hookpath.inference.predictor_protocol import Predictor, Wrapped, WrappedJob
from hookpath.inference.roi.tissue_tiles import Tissue
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
    ) -> WrappedJob:
        """Plan one slide."""
        return WrappedJob(self.of.job(slide, inside, tissue), around=self._named)

    @contextmanager
    def _named(self, slides: Sequence[Slide]) -> Iterator[None]:
        try:
            yield
        except NoNumberError as error:
            raise PredictionError(f"{self.file}: {error}") from error

"""The views that are tried: single resolutions, and the finest with one that is wider."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from hookpath.errors import MissingSpacingError
from hookpath.inference.predictors.predictor_factory import COARSEST_FACTOR
from hookpath.sampling import AnnotatedSlide

USUAL_UM = 1.0
"""µm/px of the finest view where slides allow it: strokes are drawn at about this."""

RATIOS = (1, 2, 4, 8)
"""µm/px of the views, over the finest's; HookNet hooks powers of two, at a depth of 3 up to 8."""


USUAL_RATIO = 4
"""Of the pair that is taken as long as nothing else is clearly better."""


@dataclass(frozen=True)
class Views:
    """Resolutions that are looked at together.

    Attributes:
        spacings: µm/px, finest first.
    """

    spacings: tuple[float, ...]

    @property
    def ratio(self) -> float | None:
        """Of a pair's µm/px; None for more or fewer views."""
        pair = len(self.spacings) == 2
        return self.spacings[1] / self.spacings[0] if pair else None

    @property
    def text(self) -> str:
        """As a person reads it: ``1 + 4 µm/px``."""
        return " + ".join(f"{s:g}" for s in self.spacings) + " µm/px"


def spacings_for(sources: Sequence[AnnotatedSlide]) -> tuple[float, ...]:
    """µm/px of all views, finest first, such that every slide has the finest.

    Raises:
        MissingSpacingError: a slide's µm/px is unknown.
    """
    coarsest = max(mpp_of(source) for source in sources)
    finest = USUAL_UM
    while finest * COARSEST_FACTOR < coarsest:
        finest *= 2
    return tuple(finest * ratio for ratio in RATIOS)


def mpp_of(source: AnnotatedSlide) -> float:
    """µm/px of a slide in use.

    Raises:
        MissingSpacingError: it is unknown.
    """
    with source.open() as slide:
        if slide.calibration is None:
            raise MissingSpacingError(slide.path)
        return slide.calibration.mpp


def candidates(spacings: Sequence[float]) -> list[Views]:
    """Every single resolution, then the finest with each wider one, then all."""
    finest, *wider = spacings
    singles = [Views((s,)) for s in spacings]
    pairs = [Views((finest, s)) for s in wider]
    return [*singles, *pairs, Views(tuple(spacings))]

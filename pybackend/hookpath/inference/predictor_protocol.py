"""What every way of predicting slides is to the rest."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, runtime_checkable

from shapely.geometry.base import BaseGeometry

from hookpath.events import OnStep
from hookpath.inference.aligned_tile_grids import Box
from hookpath.inference.dense.tile_rows import PredictedRow, PredictedTile
from hookpath.inference.roi.tissue_tiles import OutputGrid, Tissue
from hookpath.slides import Slide


class SlideJob(Protocol):
    """One slide, about to be predicted."""

    @property
    def grid(self) -> OutputGrid:
        """The output px of the whole slide (`start` is (0, 0))."""

    def count(self) -> int:
        """Number of steps that `rows` takes; 0: nothing is wanted there."""

    def rows(
        self, slides: Sequence[Slide], on_step: OnStep, spill_dir: Path | None = None
    ) -> Iterator[PredictedRow]:
        """All rows of `grid`, top to bottom.

        Args:
            slides: one or more handles of the slide, each used by one reading thread.
            on_step: called after each of the `count` steps, with the output px that it gave.
            spill_dir: for temporary files.

        Raises:
            SlideError: the slide is damaged somewhere.
            PredictionError: not even the smallest step fits into memory.
        """

    def part(
        self, slides: Sequence[Slide], window: Box, on_step: OnStep, as_uint8: bool = True
    ) -> Iterator[PredictedTile]:
        """What is wanted in a window of `grid`, with the numbers that `rows` gives there.

        Tiles, in px of `grid`, may reach beyond the window. `on_step` may raise to stop it.
        Only where `Predictor.local`.
        """


@runtime_checkable
class Predictor(Protocol):
    """Predicts slides with one model.

    A class per pixel of a fixed µm/px, one per patch, or one per px of a whole slide made small,
    whose µm/px then differs from slide to slide: `spacing_um` says which.
    """

    @property
    def n_classes(self) -> int:
        """Number of output channels."""

    @property
    def device(self) -> str:
        """Where it computes, in words."""

    @property
    def local(self) -> bool:
        """Whether a part of a slide can be predicted without the rest (`SlideJob.part`)."""

    def spacing_um(self, slide: Slide) -> float:
        """µm/px of the output on this slide.

        Raises:
            MissingSpacingError: the slide's µm/px is unknown.
        """

    def reads_um(self, slide: Slide) -> float:
        """Finest µm/px that is read of this slide (a much coarser slide is refused)."""

    def job(
        self, slide: Slide, inside: Sequence[BaseGeometry] | None = None, tissue: Tissue = True
    ) -> SlideJob:
        """Plan one slide.

        Args:
            inside: area geometries in level-0 px to predict in; None: the whole slide.
            tissue: False: on glass, too.

        Raises:
            MissingSpacingError: the slide's µm/px is unknown.
            SlideError: the slide is damaged.
        """


def _as_they_are(slides: Sequence[Slide]) -> Sequence[Slide]:
    return slides


@dataclass(frozen=True)
class WrappedJob:
    """A slide of a predictor that stands before another one: the other's job but for two things.

    Attributes:
        of: the other's.
        seen: gives what the other reads in place of the slide's handles.
        around: a context, made of these handles, in which the other predicts.
    """

    of: SlideJob
    seen: Callable[[Sequence[Slide]], Sequence[Slide]] = _as_they_are
    around: Callable[[Sequence[Slide]], AbstractContextManager[object]] = nullcontext

    @property
    def grid(self) -> OutputGrid:
        """The other's."""
        return self.of.grid

    def count(self) -> int:
        """The other's."""
        return self.of.count()

    def rows(
        self, slides: Sequence[Slide], on_step: OnStep, spill_dir: Path | None = None
    ) -> Iterator[PredictedRow]:
        """All rows (see `SlideJob.rows`)."""
        with self.around(slides):
            yield from self.of.rows(self.seen(slides), on_step, spill_dir)

    def part(
        self, slides: Sequence[Slide], window: Box, on_step: OnStep, as_uint8: bool = True
    ) -> Iterator[PredictedTile]:
        """What is wanted in a window (see `SlideJob.part`)."""
        with self.around(slides):
            yield from self.of.part(self.seen(slides), window, on_step, as_uint8)


class Wrapped:
    """What a predictor that stands before another one has in common with it: all but its jobs."""

    def __init__(self, of: Predictor) -> None:
        self.of = of
        self.n_classes, self.device, self.local = of.n_classes, of.device, of.local

    def spacing_um(self, slide: Slide) -> float:
        """The other's."""
        return self.of.spacing_um(slide)

    def reads_um(self, slide: Slide) -> float:
        """The other's."""
        return self.of.reads_um(slide)

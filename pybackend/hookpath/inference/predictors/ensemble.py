"""Several models as one: the mean of their probabilities, pixel by pixel."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from shapely.geometry.base import BaseGeometry

from hookpath.errors import ModelDesignError, PredictionError
from hookpath.events import OnStep
from hookpath.inference.aligned_tile_grids import Box
from hookpath.inference.dense.tile_rows import (
    Labels,
    PredictedRow,
    PredictedTile,
    Probabilities,
    empty_probabilities,
)
from hookpath.inference.predictor_protocol import Predictor, SlideJob
from hookpath.inference.roi.tissue_tiles import OutputGrid, Tissue
from hookpath.slides import Slide

#: Columns of a band that are averaged at once; where no member has anything there, nothing is held.
_COLUMNS = 2048


@dataclass(frozen=True)
class Member:
    """A model of an ensemble.

    Attributes:
        name: for messages: its folder.
        of: predicts with it.
        order: channel of this model for each class of the ensemble.
    """

    name: str
    of: Predictor
    order: tuple[int, ...]


class Ensemble:
    """A `Predictor` of the mean of others.

    Each reads and computes as it does alone, on the same output grid; slides have a handle or more
    for each of them.
    """

    def __init__(self, members: Sequence[Member]) -> None:
        self.members = tuple(members)
        first = members[0].of
        self.n_classes, self.device = first.n_classes, first.device
        self.local = all(member.of.local for member in members)

    def spacing_um(self, slide: Slide) -> float:
        """That of all members.

        Raises:
            ModelDesignError: they differ.
        """
        found = [member.of.spacing_um(slide) for member in self.members]
        for member, spacing in zip(self.members, found, strict=True):
            if abs(spacing - found[0]) > 1e-6 * spacing:
                raise ModelDesignError(
                    f"{member.name} answers at {spacing:g} µm/px, {self.members[0].name} at "
                    f"{found[0]:g}: models that are averaged need one µm/px"
                )
        return found[0]

    def reads_um(self, slide: Slide) -> float:
        """The finest of all."""
        return min(member.of.reads_um(slide) for member in self.members)

    def job(
        self, slide: Slide, inside: Sequence[BaseGeometry] | None = None, tissue: Tissue = True
    ) -> EnsembleJob:
        """Plan one slide."""
        self.spacing_um(slide)
        jobs = [member.of.job(slide, inside, tissue) for member in self.members]
        for member, job in zip(self.members, jobs, strict=True):
            if _shape(job.grid) != _shape(jobs[0].grid):
                raise ModelDesignError(
                    f"{member.name} and {self.members[0].name} answer on different grids of "
                    f"{slide.path.name}, so they cannot be averaged"
                )
        return EnsembleJob(self.members, tuple(jobs))


def _shape(grid: OutputGrid) -> tuple[int, int, tuple[float, float]]:
    return grid.width, grid.height, grid.downsample


@dataclass(frozen=True)
class EnsembleJob:
    """One slide of an `Ensemble`."""

    members: tuple[Member, ...]
    jobs: tuple[SlideJob, ...]

    @property
    def grid(self) -> OutputGrid:
        """The same for all."""
        return self.jobs[0].grid

    def count(self) -> int:
        """Steps of all."""
        return sum(job.count() for job in self.jobs)

    def rows(
        self, slides: Sequence[Slide], on_step: OnStep, spill_dir: Path | None = None
    ) -> Iterator[PredictedRow]:
        """All rows, as high as the members' bands allow; see `SlideJob.rows`.

        Raises:
            PredictionError: fewer handles than members.
        """
        shares = self._shared(slides)
        streams = [
            job.rows(share, on_step, spill_dir)
            for job, share in zip(self.jobs, shares, strict=True)
        ]
        yield from _averaged(streams, self.members, self.grid.width)

    def part(
        self, slides: Sequence[Slide], window: Box, on_step: OnStep, as_uint8: bool = True
    ) -> Iterator[PredictedTile]:
        """One tile: the window, once the last member has answered; see `SlideJob.part`."""
        size = window.height, window.width
        answers = []
        for member, job in zip(self.members, self.jobs, strict=True):
            labels = np.zeros(size, np.uint8)
            chances = empty_probabilities((len(member.order), *size), as_uint8)
            for tile in job.part(slides, window, on_step, as_uint8):
                _paste(tile, window, labels, chances)
            answers.append(_ordered(member, labels, chances))
        yield PredictedTile(window, *mean_of(answers))

    def _shared(self, slides: Sequence[Slide]) -> list[Sequence[Slide]]:
        """Each member's own handles: they read at the same time."""
        count = len(self.jobs)
        if len(slides) < count:
            raise PredictionError(
                f"{count} models at once need {count} handles of {slides[0].path}, not "
                f"{len(slides)}"
            )
        return [slides[i::count] for i in range(count)]


def handles_for(predictor: Predictor, readers: int) -> int:
    """How many handles of a slide are to be opened: `readers` for each model that reads."""
    return readers * (len(predictor.members) if isinstance(predictor, Ensemble) else 1)


def mean_of(answers: Sequence[tuple[Labels, Probabilities]]) -> tuple[Labels, Probabilities]:
    """Labels ``(h, w)`` and probabilities ``(C, h, w)`` of all, 0 where nobody answers.

    A pixel that all label alike keeps that label, whatever rounding did to its probabilities.
    """
    labels = np.stack([a for a, _ in answers])
    count = np.maximum((labels > 0).sum(axis=0), 1).astype(np.float32)
    total = np.zeros(answers[0][1].shape, np.float32)
    for _, chances in answers:
        total += chances
    total /= count
    best = (total.argmax(axis=0) + 1).astype(np.uint8)
    alike = (labels == labels[0]).all(axis=0)
    found = np.where(alike, labels[0], np.where(labels.any(axis=0), best, 0)).astype(np.uint8)
    if answers[0][1].dtype == np.uint8:
        return found, np.rint(total).astype(np.uint8)
    return found, total


def _averaged(
    streams: Sequence[Iterator[PredictedRow]], members: Sequence[Member], width: int
) -> Iterator[PredictedRow]:
    """Bands of all members cut to common ones."""
    bands = [next(stream, None) for stream in streams]
    y = 0
    while any(band is not None for band in bands):
        here = [band for band in bands if band is not None]
        y = max(y, min(band.y_out for band in here))
        ends = (b.y_out if b.y_out > y else b.y_out + b.height for b in here)
        end = min(ends)
        yield PredictedRow(y, end - y, width, tuple(_tiles(bands, members, y, end, width)))
        y = end
        for number, band in enumerate(bands):
            if band is not None and band.y_out + band.height <= y:
                bands[number] = next(streams[number], None)


def _tiles(
    bands: Sequence[PredictedRow | None], members: Sequence[Member], y: int, end: int, width: int
) -> Iterator[PredictedTile]:
    """Of rows `y` up to `end`; windows are the output grid's."""
    for left in range(0, width, _COLUMNS):
        right = min(width, left + _COLUMNS)
        window = Box(left, y, right - left, end - y)
        parts = [_touching(band, window) for band in bands]
        if not any(parts):
            continue
        answers = []
        for member, tiles in zip(members, parts, strict=True):
            labels = np.zeros((end - y, right - left), np.uint8)
            as_uint8 = all(t.probabilities.dtype == np.uint8 for some in parts for t in some)
            chances = empty_probabilities((len(member.order), *labels.shape), as_uint8)
            for tile in tiles:
                _paste(tile, window, labels, chances)
            answers.append(_ordered(member, labels, chances))
        yield PredictedTile(window, *mean_of(answers))


def _touching(band: PredictedRow | None, window: Box) -> list[PredictedTile]:
    if band is None:
        return []
    return [tile for tile in band.tiles if _overlap(tile.window, window) is not None]


def _overlap(one: Box, other: Box) -> tuple[int, int, int, int] | None:
    """Left, top, right, bottom of what both hold."""
    left, top = max(one.x, other.x), max(one.y, other.y)
    right = min(one.x + one.width, other.x + other.width)
    bottom = min(one.y + one.height, other.y + other.height)
    return (left, top, right, bottom) if left < right and top < bottom else None


def _paste(tile: PredictedTile, window: Box, labels: Labels, chances: Probabilities) -> None:
    """Put what a tile has of a window there."""
    common = _overlap(tile.window, window)
    if common is None:
        return
    left, top, right, bottom = common
    here = (slice(top - window.y, bottom - window.y), slice(left - window.x, right - window.x))
    there = (
        slice(top - tile.window.y, bottom - tile.window.y),
        slice(left - tile.window.x, right - tile.window.x),
    )
    labels[here] = tile.labels[there]
    chances[(slice(None), *here)] = tile.probabilities[(slice(None), *there)]


def _ordered(
    member: Member, labels: Labels, chances: Probabilities
) -> tuple[Labels, Probabilities]:
    """The classes in the order of the ensemble."""
    if member.order == tuple(range(len(member.order))):
        return labels, chances
    mine = np.zeros(len(member.order) + 1, np.uint8)
    for channel, own in enumerate(member.order):
        mine[own + 1] = channel + 1
    return mine[labels], chances[list(member.order)]

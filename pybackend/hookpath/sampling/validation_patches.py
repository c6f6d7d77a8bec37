"""A fixed set of patches that covers what is annotated on held-out slides."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import zip_longest

import numpy as np
import numpy.typing as npt
import shapely
import torch
from shapely.geometry import Polygon

from hookpath.annotations import ClassTable, pieces_of
from hookpath.annotations.polygon_repair import are_pieces
from hookpath.annotations.sparse_labels.overlaps import Areas, Numbers
from hookpath.context_managers import Closing
from hookpath.errors import TrainingError
from hookpath.events import SILENT, Reporter
from hookpath.geometry import BranchSpec
from hookpath.sampling.annotated_slide import AnnotatedSlide, SlideFacts
from hookpath.sampling.concentric_batch import Batch, batch_of
from hookpath.sampling.loader_config import LoaderConfig
from hookpath.sampling.loading.batch_fetching import make_fetcher
from hookpath.sampling.loading.patch_reader import SlideFailedError
from hookpath.sampling.loading.read_plan import Planner, Plans, facts_of_all
from hookpath.sampling.patch_alignment import Snap, branch_snap, common_snap
from hookpath.sampling.samplers.sampler_protocol import Draw
from hookpath.sampling.samplers.visible_polygons import visible_parts

Cell = tuple[int, int]
"""Column and row of a target output window on a slide's grid of such windows."""

_WINDOWS_AT_ONCE = 100_000


def validation_regions(
    sources: Sequence[AnnotatedSlide],
    branches: Sequence[BranchSpec],
    max_patches: int,
    seed: int,
    reporter: Reporter = SILENT,
) -> list[Draw]:
    """Centres of patches whose target output windows tile the annotated area.

    They lie where training patches may lie: every branch on the pixel grid of its level.
    Of more than `max_patches` windows a subset is taken, by `seed`: classes take turns, and within
    a class the slides do. The result depends on nothing else.

    Returns:
        Draws in reading order (slide, then row, then column); the label is one that the window
        holds.

    Raises:
        TrainingError: no slide can be opened.
    """
    facts = facts_of_all(sources, reporter)
    return regions_of(sources, facts, branches, max_patches, seed)


def regions_of(
    sources: Sequence[AnnotatedSlide],
    facts: Sequence[SlideFacts | None],
    branches: Sequence[BranchSpec],
    max_patches: int,
    seed: int,
) -> list[Draw]:
    """`validation_regions` of slides whose facts are known."""
    rng = np.random.default_rng(seed)
    queues: dict[int, list[list[Draw]]] = {}
    for index, (source, known) in enumerate(zip(sources, facts, strict=True)):
        for label, windows in _windows(index, source, known, branches).items():
            # No class takes more than all patches, so no slide's queue need hold more.
            order = rng.permutation(len(windows))[:max_patches]
            queues.setdefault(label, []).append([windows.draw(i, label) for i in order])
    by_class = [deque(_in_turns(queues[label])) for label in sorted(queues)]
    return sorted(_take(by_class, max_patches), key=lambda d: (d.slide_index, d.y_l0, d.x_l0))


@dataclass(frozen=True)
class _Windows:
    """The windows of one slide that hold a label, in reading order."""

    slide_index: int
    cells: list[Cell]
    pitch_l0: tuple[float, float]
    snap: Snap

    def __len__(self) -> int:
        return len(self.cells)

    def draw(self, number: int, label: int) -> Draw:
        """One of them as a draw."""
        (column, row), (pitch_x, pitch_y) = self.cells[number], self.pitch_l0
        centre = self.snap((column + 0.5) * pitch_x, (row + 0.5) * pitch_y)
        return Draw(self.slide_index, *centre, label)


def _windows(
    index: int, source: AnnotatedSlide, facts: SlideFacts | None, branches: Sequence[BranchSpec]
) -> dict[int, _Windows]:
    """The windows of one slide that hold each label."""
    if facts is None:
        return {}
    snap, *pitch_l0 = _tiling(facts, branches)
    parts = visible_parts(index, source, facts)
    small = are_pieces([part.polygon for part in parts])
    pieces: dict[int, list[Polygon]] = {}
    for part, is_piece in zip(parts, small, strict=True):
        here = pieces.setdefault(part.label, [])
        here += [part.polygon] if is_piece else pieces_of(part.polygon)
    return {
        label: _Windows(index, _cells(found, *pitch_l0), (pitch_l0[0], pitch_l0[1]), snap)
        for label, found in pieces.items()
    }


def _tiling(facts: SlideFacts, branches: Sequence[BranchSpec]) -> tuple[Snap, float, float]:
    """The lattice that centres fall on, as in training, and the level-0 px between windows.

    Windows overlap by less than one context pixel where a window is no whole number of them.
    """
    target = branches[0]
    window_x, window_y = (
        target.output_size * d for d in facts.calibration.downsample(target.spacing_um)
    )
    common = common_snap(facts, branches)
    if common is None or common.step_x_l0 > window_x or common.step_y_l0 > window_y:
        return branch_snap(facts, target), window_x, window_y
    return (
        common,
        window_x // common.step_x_l0 * common.step_x_l0,
        window_y // common.step_y_l0 * common.step_y_l0,
    )


def _cells(pieces: Sequence[Polygon], pitch_x: float, pitch_y: float) -> list[Cell]:
    """Windows that the pieces share area with, in reading order.

    Of pieces: whether a box touches an outline takes as long as the outline is, and that of the
    tissue of a slide has 100 000 corners. Where a corner lies in a window nothing need be asked.
    """
    every = np.array([*pieces, None], dtype=object)[:-1]
    x, y = shapely.get_coordinates(every).T
    left, top, right, bottom = (
        (edge // pitch).astype(np.int64)
        for edge, pitch in zip(shapely.bounds(every).T, (pitch_x, pitch_y) * 2, strict=True)
    )
    grid = _Grid(int(right.max(initial=0)) + 1, pitch_x, pitch_y)
    column, row = x // pitch_x, y // pitch_y
    inside = (column * pitch_x < x) & (x < (column + 1) * pitch_x)
    inside &= (row * pitch_y < y) & (y < (row + 1) * pitch_y)
    found = np.unique(grid.numbers(column[inside].astype(np.int64), row[inside].astype(np.int64)))
    wide = right - left + 1
    counts = wide * (bottom - top + 1)
    for some in _turns(counts):
        which = np.repeat(some, counts[some])
        place = np.arange(len(which)) - np.repeat(
            np.cumsum(counts[some]) - counts[some], counts[some]
        )
        column, row = left[which] + place % wide[which], top[which] + place // wide[which]
        asked = ~np.isin(grid.numbers(column, row), found)
        hit = grid.shared(every[which[asked]], column[asked], row[asked])
        found = np.union1d(found, grid.numbers(column[asked][hit], row[asked][hit]))
    return list(zip((found % grid.columns).tolist(), (found // grid.columns).tolist(), strict=True))


def _turns(counts: Numbers) -> Iterator[Numbers]:
    """Which pieces are looked at at once, so that there are not too many windows in memory."""
    turn = np.cumsum(counts) // _WINDOWS_AT_ONCE
    yield from np.split(np.arange(len(counts)), np.flatnonzero(np.diff(turn)) + 1)


@dataclass(frozen=True)
class _Grid:
    """Windows of a slide, numbered in reading order."""

    columns: int
    pitch_x: float
    pitch_y: float

    def numbers(self, column: Numbers, row: Numbers) -> Numbers:
        """Of windows."""
        return row * self.columns + column

    def shared(self, pieces: Areas, column: Numbers, row: Numbers) -> npt.NDArray[np.bool_]:
        """Whether each piece shares area with its window."""
        x, y = self.pitch_x, self.pitch_y
        boxes = shapely.box(column * x, row * y, (column + 1) * x, (row + 1) * y)
        shapely.prepare(pieces)
        hit: npt.NDArray[np.bool_] = shapely.intersects(pieces, boxes)
        hit[hit] = ~shapely.touches(pieces[hit], boxes[hit])
        return hit


def _in_turns(queues: Sequence[Sequence[Draw]]) -> list[Draw]:
    """First of each, second of each, and so on."""
    return [draw for turn in zip_longest(*queues) for draw in turn if draw is not None]


def _take(by_class: Sequence[deque[Draw]], most: int) -> list[Draw]:
    """Classes take turns; a window that another class took already is skipped."""
    taken: dict[tuple[int, float, float], Draw] = {}
    while len(taken) < most and any(by_class):
        for queue in by_class:
            while queue:
                draw = queue.popleft()
                if (key := (draw.slide_index, draw.x_l0, draw.y_l0)) not in taken:
                    taken[key] = draw
                    break
            if len(taken) == most:
                break
    return list(taken.values())


class HeldOutStream(Closing):
    """Yields the same patches in batches (the last may be smaller), in every iteration.

    A slide that fails is reported and left out from then on.

    Args:
        planner: what must be read for a draw.
        draws: the patches, one or more.
        loader: how batches are loaded.

    Raises:
        TrainingError: while iterating: every slide has failed.
    """

    def __init__(self, planner: Plans, draws: Sequence[Draw], loader: LoaderConfig) -> None:
        self._planner, self._draws = planner, list(draws)
        self._batch_size = loader.batch_size
        self._reporter = loader.reporter
        self._fetcher = make_fetcher(
            planner.sources, planner.branches, loader.batch_size, loader.workers, loader.reporter
        )

    @property
    def patches(self) -> int:
        """Patches in one iteration."""
        return len(self._draws)

    def __len__(self) -> int:
        """Batches in one iteration."""
        return -(-len(self._draws) // self._batch_size)

    def __iter__(self) -> Iterator[Batch]:
        self._fetcher.discard()
        waiting = deque(self._draws)
        submitted: deque[list[Draw]] = deque()
        while waiting or submitted:
            while waiting and len(submitted) < self._fetcher.depth:
                size = min(self._batch_size, len(waiting))
                submitted.append([waiting.popleft() for _ in range(size)])
                self._fetcher.submit([self._planner.request(draw) for draw in submitted[-1]])
            try:
                images, labels = self._fetcher.collect()
            except SlideFailedError as failure:
                undone = [draw for draws in submitted for draw in draws]
                submitted.clear()
                waiting = self._without(failure, [*undone, *waiting])
            else:
                yield self._batch(submitted.popleft(), images, labels)

    def _batch(
        self, draws: Sequence[Draw], images: list[torch.Tensor], labels: list[torch.Tensor]
    ) -> Batch:
        target = self._planner.target_labels(draws)
        indices = [draw.slide_index for draw in draws]
        return batch_of(images, target, labels, indices, self._planner.branches)

    def _without(self, failure: SlideFailedError, waiting: Sequence[Draw]) -> deque[Draw]:
        """What is still to be read once the failed slide is out."""
        name = self._planner.sources[failure.slide_index].name
        self._reporter.warn(f"{name}: {failure}; validation goes on without this slide")
        self._fetcher.discard()
        self._draws = [d for d in self._draws if d.slide_index != failure.slide_index]
        if not self._draws:
            raise TrainingError("every validation slide failed to be read") from failure
        return deque(d for d in waiting if d.slide_index != failure.slide_index)

    def close(self) -> None:
        """End the workers and close all slides; may be called twice."""
        self._fetcher.close()


class ValidationStream(HeldOutStream):
    """Yields the patches of `validation_regions`.

    Raises:
        TrainingError: nothing is annotated, or no slide can be opened.
    """

    def __init__(
        self,
        sources: Sequence[AnnotatedSlide],
        classes: ClassTable,
        branches: Sequence[BranchSpec],
        max_patches: int,
        loader: LoaderConfig,
    ) -> None:
        planner = Planner(tuple(sources), facts_of_all(sources, loader.reporter), tuple(branches))
        draws = regions_of(sources, planner.facts, branches, max_patches, loader.seed)
        if not draws:
            raise TrainingError("nothing is annotated on the validation slides")
        super().__init__(planner, draws, loader)

"""A fixed set of patches that covers what is annotated on held-out slides."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import zip_longest

import numpy as np
import shapely
import torch

from hookpath.annotations import ClassTable, pieces_of
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
from hookpath.sampling.samplers.visible_polygons import VisiblePart, visible_parts

Cell = tuple[int, int]
"""Column and row of a target output window on a slide's grid of such windows."""


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
    found: dict[int, set[Cell]] = {}
    for part in visible_parts(index, source, facts):
        found.setdefault(part.label, set()).update(_cells(part, *pitch_l0))
    return {
        label: _Windows(
            index, sorted(cells, key=lambda cell: cell[::-1]), (pitch_l0[0], pitch_l0[1]), snap
        )
        for label, cells in found.items()
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


def _cells(part: VisiblePart, pitch_x: float, pitch_y: float) -> set[Cell]:
    """Windows that the part shares area with.

    Piece by piece: whether a box touches an outline takes as long as the outline is, and that of
    the tissue of a slide has 100 000 corners.
    """
    found: set[Cell] = set()
    for piece in pieces_of(part.polygon):
        x0, y0, x1, y1 = piece.bounds
        columns = np.arange(int(x0 // pitch_x), int(x1 // pitch_x) + 1)
        rows = np.arange(int(y0 // pitch_y), int(y1 // pitch_y) + 1)
        column, row = (a.ravel() for a in np.meshgrid(columns, rows))
        boxes = shapely.box(
            column * pitch_x, row * pitch_y, (column + 1) * pitch_x, (row + 1) * pitch_y
        )
        shapely.prepare(piece)
        hit = shapely.intersects(piece, boxes)
        hit[hit] = ~shapely.touches(piece, boxes[hit])
        found.update(zip(column[hit].tolist(), row[hit].tolist(), strict=True))
    return found


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

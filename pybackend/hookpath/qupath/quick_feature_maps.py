"""Predicting with a head that changes: what the network sees of a slide is kept and asked again.

Of the quick network only the head changes with a stroke. So what is looked at costs its features
once; a new head is shown for the price of a matrix product.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Hashable, Iterator, Sequence
from dataclasses import dataclass, field

from torch import Tensor

from hookpath.events import OnStep
from hookpath.inference.aligned_tile_grids import Box
from hookpath.inference.dense.dense_predictor import DenseJob, DenseSlides
from hookpath.inference.dense.tile_rows import PredictedTile, classify
from hookpath.inference.engines.hook_cache import FloatMap
from hookpath.inference.engines.tile_runner import TorchRunner
from hookpath.inference.tile_order import Step
from hookpath.models import FeatureProbe
from hookpath.slides import Slide
from hookpath.slides.slide_base import RGBArray

BLOCK = 512
"""Px of the side of what is kept together; as large as the tiles that QuPath asks for."""


class KeepingRunner(TorchRunner):
    """Runs a probe, and leaves the features of its last tile in `last`."""

    model: FeatureProbe  # type: ignore[assignment]
    last: Tensor | None = None

    def logits(self, image: RGBArray, hook: FloatMap | None) -> Tensor:
        def run() -> Tensor:
            return self.model.describe(0, self._tile(image), self._taken(hook)).half()

        self.last = self.computed(run)
        return self.scores(self.last)

    def scores(self, features: Tensor) -> Tensor:
        """``(n_classes, h, w)`` scores of px, of kept features."""
        return self.computed(lambda: self.model.scores_of(features.float()))[0].float()


@dataclass
class Kept:
    """Features by block; those not used for longest go when there are too many.

    None is kept of a block where nothing is wanted.
    """

    most_bytes: int
    _held: OrderedDict[Hashable, Tensor | None] = field(default_factory=OrderedDict)
    _bytes: int = 0

    def __contains__(self, key: Hashable) -> bool:
        return key in self._held

    def get(self, key: Hashable) -> Tensor | None:
        """What was put under a key."""
        self._held.move_to_end(key)
        return self._held[key]

    def put(self, key: Hashable, features: Tensor | None) -> None:
        """Keep it, and let go what is too much."""
        self._held[key] = features
        self._bytes += _bytes_of(features)
        while self._bytes > self.most_bytes and self._held:
            _, gone = self._held.popitem(last=False)
            self._bytes -= _bytes_of(gone)


def _bytes_of(features: Tensor | None) -> int:
    return 0 if features is None else features.nbytes


class KeepingSlides(DenseSlides):
    """`DenseSlides` of a probe whose features are kept.

    Args:
        kept: shared by all that are opened.
        name: of network and slide, in `kept`.
    """

    runner: KeepingRunner

    def __init__(self, runner: KeepingRunner, kept: Kept, name: Hashable) -> None:
        super().__init__(runner)
        self.kept, self.name = kept, name

    def job(self, *args: object, **more: object) -> KeepingJob:
        """Plan one slide (see `DenseSlides.job`)."""
        found = super().job(*args, **more)  # type: ignore[arg-type]
        return KeepingJob(self, found.grid, found.cover)


class KeepingJob(DenseJob):
    """Parts of a slide, block by block; each block's features are computed once."""

    of: KeepingSlides

    def part(
        self, slides: Sequence[Slide], window: Box, on_step: OnStep, as_uint8: bool = True
    ) -> Iterator[PredictedTile]:
        """See `DenseJob.part`."""
        kept = self.of.kept
        for block in _blocks(window, self.grid.width, self.grid.height):
            key = self.of.name, block
            if key in kept:
                yield from self._again(block, kept.get(key), as_uint8)
                continue
            on_step(0)
            self.of.runner.last = None
            found = list(super().part(slides, block, on_step, as_uint8))
            yield from found
            if (len(found) <= 1 and self._step(block) is not None) or not found:
                kept.put(key, self.of.runner.last if found else None)

    def _again(
        self, block: Box, features: Tensor | None, as_uint8: bool
    ) -> Iterator[PredictedTile]:
        if features is None:
            return
        cover, step = self._cover_of(block), self._step(block)
        assert step is not None
        box, grid = step.box, cover.grid
        width, height = min(box.width, grid.width - box.x), min(box.height, grid.height - box.y)
        window = Box(box.x, box.y, width, height)
        scores = self.of.runner.scores(features)[:, :height, :width]
        labels, probabilities = classify(scores, cover.mask(window), as_uint8)
        moved = PredictedTile(window, labels, probabilities).moved(grid.start)
        if moved is not None:
            yield moved

    def _step(self, block: Box) -> Step | None:
        """The one tile that a block is; None: it is none or several."""
        cover = self._cover_of(block)
        plan = self._predictor(cover, True).plan(cover)
        steps = [s for s in plan.steps() if isinstance(s, Step) and s.branch == 0]
        return steps[0] if len(steps) == 1 else None


def _blocks(window: Box, width: int, height: int) -> Iterator[Box]:
    """The blocks of a grid of so many px that share px with a window."""
    for y in range(window.y // BLOCK * BLOCK, window.y + window.height, BLOCK):
        for x in range(window.x // BLOCK * BLOCK, window.x + window.width, BLOCK):
            yield Box(x, y, min(BLOCK, width - x), min(BLOCK, height - y))

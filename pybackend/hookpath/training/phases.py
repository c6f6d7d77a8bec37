"""Context at every phase of its pixel grid, as dense prediction and validation read it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from hookpath.geometry import BranchSpec
from hookpath.sampling import AnnotatedSlide, Draw, Sampler
from hookpath.sampling.sampler import Counts


class AnyPhase:
    """A sampler whose centres are moved by whole target pixels, up to half a context pixel.

    Centres on the coarsest branch's pixel grid are read without resampling; elsewhere two context
    pixels are mixed, which blurs. A network that has only seen the first fails on the second, and
    where dense prediction reads follows from the network's margins, not from that grid.
    The move follows from seed and step alone.

    Args:
        inner: decides everything else.
        sources: the slides that its draws name.
        branches: target first.
        seed: of the moves.
    """

    def __init__(
        self,
        inner: Sampler,
        sources: Sequence[AnnotatedSlide],
        branches: Sequence[BranchSpec],
        seed: int,
    ) -> None:
        target_um = branches[0].spacing_um
        self._inner = inner
        self._seed = seed
        self._step = 0
        self._pixel_l0 = [s.read_facts().calibration.downsample(target_um) for s in sources]
        self._reach = int(max(b.spacing_um for b in branches) / target_um / 2)

    @property
    def pixel_counts(self) -> Counts:
        """See `Sampler`."""
        return self._inner.pixel_counts

    def draw(self, n: int) -> list[Draw]:
        """The inner sampler's mini-batch, moved."""
        rng = np.random.default_rng((self._seed, self._step, 1))
        moves = rng.integers(-self._reach, max(1, self._reach), (n, 2)).tolist()
        return [self._moved(d, *move) for d, move in zip(self._inner.draw(n), moves, strict=True)]

    def _moved(self, draw: Draw, columns: int, rows: int) -> Draw:
        dx, dy = self._pixel_l0[draw.slide_index]
        return replace(draw, x_l0=draw.x_l0 + columns * dx, y_l0=draw.y_l0 + rows * dy)

    def observe(self, counts: Counts) -> None:
        """See `Sampler`."""
        self._inner.observe(counts)
        self._step += 1

    def exclude(self, slide_index: int) -> None:
        """See `Sampler`."""
        self._inner.exclude(slide_index)

    def state_dict(self) -> dict[str, Any]:
        """See `Sampler`."""
        return {"step": self._step, "inner": self._inner.state_dict()}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """See `Sampler`."""
        self._step = int(state["step"])
        self._inner.load_state_dict(state["inner"])

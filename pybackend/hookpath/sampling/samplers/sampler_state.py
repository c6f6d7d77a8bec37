"""What samplers that only count and exclude have in common: their state."""

from __future__ import annotations

from typing import Any

import numpy as np

from hookpath.sampling.samplers.sampler_protocol import Counts


class SeededSampler:
    """State of a sampler: step, pixel counts and the slides taken out.

    Each batch has its own generator, made from seed and step, so nothing else need be kept.

    Args:
        n_classes: length of the counts.
        seed: of the whole sequence.
    """

    def __init__(self, n_classes: int, seed: int) -> None:
        self._seed = seed
        self._step = 0
        self._counts = np.zeros(n_classes, dtype=np.int64)
        self._excluded: set[int] = set()

    @property
    def pixel_counts(self) -> Counts:
        """Labelled target-output pixels observed so far, per class."""
        return self._counts.copy()

    def observe(self, counts: Counts) -> None:
        """Accumulate what the mini-batch held; ends the step."""
        self._counts += counts
        self._step += 1

    def exclude(self, slide_index: int) -> None:
        """Never draw from this slide again."""
        self._excluded.add(slide_index)
        self._changed()

    def state_dict(self) -> dict[str, Any]:
        """Step, pixel counts and excluded slides; JSON-ready."""
        return {
            "step": self._step,
            "pixel_counts": self._counts.tolist(),
            "excluded": sorted(self._excluded),
        }

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Go on from a state."""
        self._step = int(state["step"])
        self._counts = np.array(state["pixel_counts"], dtype=np.int64)
        self._excluded = set(state["excluded"])
        self._changed()

    def _generator(self) -> np.random.Generator:
        """The generator of the batch to be drawn."""
        return np.random.default_rng((self._seed, self._step))

    def _changed(self) -> None:
        """Other slides are excluded now."""

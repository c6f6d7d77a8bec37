"""Which patch next: what every sampler offers to a stream.

A sampler only decides; reading, batching and workers are elsewhere. It sees the labels that its
draws led to (`observe`), in order, so that the sequence depends on nothing but the seed.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

Counts = npt.NDArray[np.int64]
"""``(C,)``: labelled target-output pixels of each class."""

SAMPLERS = ("pixels", "hierarchical")
"""Names of ours in settings; other packages may add some (`hookpath.plugins`)."""

Accepts = Callable[[npt.NDArray[np.uint8], int], bool]
"""Whether the labels ``(h, w)`` of a target output window make it a patch of this label."""


@dataclass(frozen=True)
class Draw:
    """One patch to read: slide, centre in level-0 px, and the label it was drawn for.

    `uniform`: the sampler knows that the whole target output window has that label, which spares
    rasterising it; False: it may or may not.
    """

    slide_index: int
    x_l0: float
    y_l0: float
    label: int
    uniform: bool = False


class Sampler(Protocol):
    """Decides which patches make up the next mini-batch."""

    @property
    def pixel_counts(self) -> Counts:
        """Labelled target-output pixels observed so far, per class."""

    def draw(self, n: int) -> list[Draw]:
        """The next mini-batch.

        Raises:
            TrainingError: nothing is left to draw from.
        """

    def observe(self, counts: Counts) -> None:
        """Tell what the mini-batch just drawn held; ends the step."""

    def exclude(self, slide_index: int) -> None:
        """Never draw from this slide again."""

    def state_dict(self) -> dict[str, Any]:
        """Small, JSON-ready state; the next draw follows from it and the constructor arguments."""

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Go on from a state."""

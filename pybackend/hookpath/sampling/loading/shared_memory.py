"""Memory that reading processes fill and the training process takes batches from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from hookpath.geometry import BranchSpec
from hookpath.sampling.loading.patch_reader import PatchRequest, UInt8Array

Views = tuple[list[UInt8Array], list[UInt8Array]]
"""Images ``(N, M, M, C)`` of every branch, labels ``(N, h, w)`` of the context branches."""


@dataclass(frozen=True)
class SlotLayout:
    """How one batch lies in a stretch of bytes."""

    branches: tuple[BranchSpec, ...]
    batch_size: int
    channels: int = 3

    @property
    def n_bytes(self) -> int:
        """Bytes of one batch."""
        return sum(int(np.prod(shape)) for shape in self._shapes())

    def views(self, memory: Any) -> Views:
        """Arrays over `memory` (a buffer of `n_bytes`); writing to them writes to it."""
        flat = np.frombuffer(memory, dtype=np.uint8)
        arrays, start = [], 0
        for shape in self._shapes():
            size = int(np.prod(shape))
            arrays.append(flat[start : start + size].reshape(shape))
            start += size
        return arrays[: len(self.branches)], arrays[len(self.branches) :]

    def _shapes(self) -> Sequence[tuple[int, ...]]:
        n = self.batch_size
        images = [(n, b.input_size, b.input_size, self.channels) for b in self.branches]
        return [*images, *((n, b.output_size, b.output_size) for b in self.branches[1:])]


@dataclass(frozen=True)
class Share:
    """What one process reads of a batch: into which slot, and at which position each patch."""

    slot: int
    requests: tuple[tuple[int, PatchRequest], ...]


@dataclass(frozen=True)
class Failure:
    """A slide failed at a position of the batch."""

    position: int
    slide_index: int
    message: str


@dataclass(frozen=True)
class Answer:
    """A share is done; or a slide of it failed; or our own code did (`bug`: the traceback)."""

    failure: Failure | None = None
    bug: str | None = None

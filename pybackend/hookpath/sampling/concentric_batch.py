"""A mini-batch of concentric patches."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy.typing as npt
import torch
from torch import Tensor

from hookpath.geometry import BranchSpec

Arrays = tuple[list[Tensor], list[Tensor]]
"""Images ``(N, M, M, C)`` of every branch, labels ``(N, h, w)`` of the context branches; uint8."""


@dataclass(frozen=True)
class Batch:
    """`N` patches as every branch sees them; branch 0 is the target.

    Attributes:
        images: per branch ``(N, C, M_b, M_b)`` uint8, in channels-last memory order: RGB, then
            maps on the same grid, if there are any (a heatmap: 255 is probability 1); or the
            channels that were chosen of images that are no RGB.
        labels: per branch ``(N, h_b, w_b)`` uint8 on that branch's output grid, 0 = ignore,
            ``i + 1`` = class ``i``; or ``(N, 1, 1)`` float32 magnifications, 0 = unknown.
        slide_index: ``(N,)`` int64, index into the stream's sources.
        branches: spacing and sizes of each branch; all patches of one sample share one centre.
    """

    images: list[Tensor]
    labels: list[Tensor]
    slide_index: Tensor
    branches: tuple[BranchSpec, ...]

    def __len__(self) -> int:
        return int(self.slide_index.shape[0])

    def to(self, device: torch.device | str, non_blocking: bool = False) -> Batch:
        """The batch on a device, still uint8."""
        return Batch(
            [t.to(device, non_blocking=non_blocking) for t in self.images],
            [t.to(device, non_blocking=non_blocking) for t in self.labels],
            self.slide_index,
            self.branches,
        )


def batch_of(
    images: Sequence[Tensor],
    target_labels: npt.NDArray[Any],
    context_labels: Sequence[Tensor],
    slide_index: Sequence[int],
    branches: tuple[BranchSpec, ...],
) -> Batch:
    """A batch from ``(N, M, M, C)`` images; they are turned into a view, not copied."""
    return Batch(
        [image.permute(0, 3, 1, 2) for image in images],
        [torch.from_numpy(target_labels), *context_labels],
        torch.tensor(slide_index, dtype=torch.int64),
        branches,
    )


def empty_arrays(
    branches: Sequence[BranchSpec], n: int, channels: int = 3
) -> tuple[list[Tensor], list[Tensor]]:
    """Uninitialised ``(N, M, M, channels)`` images and ``(N, h, w)`` labels for each branch."""
    sides = [b.input_size for b in branches]
    images = [torch.empty((n, side, side, channels), dtype=torch.uint8) for side in sides]
    labels = [torch.empty((n, b.output_size, b.output_size), dtype=torch.uint8) for b in branches]
    return images, labels

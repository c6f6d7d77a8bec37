"""Augmentation of a whole batch, on the device, one draw for all branches and labels."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from hookpath.sampling.augmentation_config import AugmentationConfig
from hookpath.sampling.batch import Batch


class Augmentation:
    """Varies batches as `config` says; what a batch gets follows from (`seed`, `step`) alone."""

    def __init__(self, config: AugmentationConfig, seed: int) -> None:
        self.config = config
        self._seed = seed

    def __call__(
        self, batch: Batch, device: torch.device | str, step: int
    ) -> tuple[list[Tensor], list[Tensor]]:
        """The batch moved to `device` and varied.

        Returns:
            Images per branch, ``(N, 3, M_b, M_b)`` float32 in [0, 1], and labels per branch,
            ``(N, h_b, w_b)`` int64 (0 = ignore).
        """
        draw = torch.Generator().manual_seed(_mix(self._seed, step))
        moved = batch.to(device, non_blocking=True)
        images = [image.float().div_(255) for image in moved.images]
        labels = [label.long() for label in moved.labels]
        if self.config.flips:
            turns = torch.randint(8, (len(batch),), generator=draw).tolist()
            images = [_turn(image, turns) for image in images]
            labels = [_turn(label, turns) for label in labels]
        return images, labels


def _mix(seed: int, step: int) -> int:
    """A generator seed of its own for each pair."""
    return int(np.random.SeedSequence((seed, step)).generate_state(1, np.uint64)[0] >> 1)


def _turn(batch: Tensor, turns: list[int]) -> Tensor:
    """Sample i mirrored (turn ≥ 4) and turned by ``turn % 4`` quarters, over its last two axes."""
    return torch.stack(
        [
            torch.rot90(x.flip(-1) if turn >= 4 else x, turn % 4, (-2, -1))
            for x, turn in zip(batch, turns, strict=True)
        ]
    )

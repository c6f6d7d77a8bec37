"""Slides whose content tells their scale, and a network that reads it without being trained."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from torch import Tensor

from hookpath.models import Network
from hookpath.models.patch_network_base import per_patch, whole_patches
from support.slides import write_pyramid

#: µm over which red rises by 1.
UM_PER_GREY = 2.5


def ramp_slide(path: Path, mpp: float, stated: float | None = -1.0, width: int = 1200) -> Path:
    """Tissue whose red rises by 1 every `UM_PER_GREY` µm from left to right.

    Args:
        stated: µm/px as the file has it; None: nothing; -1: the true one.
    """
    red = np.arange(width) * mpp / UM_PER_GREY
    image = np.zeros((512, width, 3), np.uint8)
    image[..., 0] = np.clip(np.round(red), 0, 255)
    image[..., 1], image[..., 2] = 40, 120
    return write_pyramid(path, image, mpp if stated == -1 else stated, levels=4)


class Ruler(Network):
    """Tells the magnification of a piece of `ramp_slide` from how fast its red rises."""

    family = "ruler"
    reads, scores = "scales", "magnification"

    def __init__(self, magnifications: Sequence[float] = (5.0, 10.0, 20.0, 40.0)) -> None:
        super().__init__()
        self.config: dict[str, Any] = {"magnifications": list(magnifications)}
        self.magnifications = tuple(magnifications)
        self.branches = whole_patches([1.0], 64)
        self.heads, self.n_classes = (0,), 1

    def forward(self, images: Sequence[Tensor]) -> list[Tensor]:
        red = images[0][:, 0] * 255
        rise = (red[:, :, 32:].mean((1, 2)) - red[:, :, :32].mean((1, 2))) / 32
        return [per_patch((10 / (rise * UM_PER_GREY)).clamp(2, 80)[:, None])]

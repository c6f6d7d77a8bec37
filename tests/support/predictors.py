"""Networks whose answer is known beforehand, and model folders, for tests of prediction."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from hookpath.annotations import ClassTable, PathClass
from hookpath.geometry import BranchSpec
from hookpath.models import Hook, ModelCard, save_model
from hookpath.models.unet_arithmetic import UNetShape
from hookpath.slides.slide_base import RGBArray
from support.networks import random_network

CLASSES = ClassTable((PathClass("Dark", (200, 0, 0)), PathClass("Pale", (0, 0, 200))))

#: Darker in red: class Dark; brighter: class Pale.
THRESHOLD = 128


class ThresholdRunner:
    """Says Dark or Pale by a pixel's red, with probability 0.8; sizes as a U-Net of depth 2.

    Attributes:
        computed: output px of every call.
    """

    def __init__(self, spacing_um: float = 1.0) -> None:
        self.branches: Sequence[BranchSpec] = (BranchSpec(spacing_um, 92, 48),)
        self.hooks: Sequence[Hook] = ()
        self.shapes, self.n_classes = (UNetShape(2),), 2
        self.computed: list[int] = []

    def largest_input(self) -> int:
        """As a device would say."""
        return 512

    def hook_map(self, branch: int, image: RGBArray, hook: object) -> np.ndarray:
        """There is no context branch."""
        raise AssertionError

    def logits(self, image: RGBArray, hook: object) -> Tensor:
        """``(2, h, w)``: ln 4 apart, so that softmax gives 0.8 and 0.2."""
        height, width = (self.shapes[0].sizes(side).output for side in image.shape[:2])
        top, left = (image.shape[0] - height) // 2, (image.shape[1] - width) // 2
        dark = image[top : top + height, left : left + width, 0] < THRESHOLD
        self.computed.append(height * width)
        score = torch.from_numpy(np.where(dark, np.log(4), 0).astype(np.float32))
        return torch.stack([score, np.log(4) - score])


def card_of(runner: ThresholdRunner, sha256: str = "0" * 64) -> ModelCard:
    """A card for predictions by `runner`."""
    branch = runner.branches[0]
    return ModelCard.model_validate(
        {
            "family": "threshold",
            "config": {},
            "classes": [{"name": c.name, "color": c.color} for c in CLASSES],
            "branches": [vars(branch)],
            "weights_sha256": sha256,
        }
    )


def save_random_model(folder: Path, seed: int = 0) -> Path:
    """The folder of a tiny HookNet at 1 and 2 µm/px with random weights."""
    model = random_network(
        "hooknet", seed, n_classes=2, spacings=(1.0, 2.0), input_size=92, depth=2, filters=3
    )
    save_model(folder, model, ModelCard.describe(model, CLASSES))
    return folder

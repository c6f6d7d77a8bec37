"""What computes batches of patches: a small protocol, and torch behind it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import torch
from torch import Tensor

from hookpath.geometry import BranchSpec
from hookpath.inference.engines.torch_device import OnDevice
from hookpath.models import Network
from hookpath.models.network_base import Scores
from hookpath.slides.slide_base import RGBArray

BATCH_PX = {"cpu": 2**20, "cuda": 2**22}
"""Input px of one branch in a batch to begin with, by kind of device: 4 and 16 patches of 512 px.
On a CPU more only takes memory; a GPU that has too little gets halves."""


class PatchRunner(Protocol):
    """Runs a whole network on batches of concentric patches, wherever it does so."""

    @property
    def branches(self) -> Sequence[BranchSpec]:
        """Finest ("target") first."""

    @property
    def n_classes(self) -> int:
        """Number of output channels."""

    @property
    def scores(self) -> Scores:
        """A class per pixel, or one per patch."""

    @property
    def depth(self) -> int:
        """Number of poolings to stay in phase with; 0: none."""

    def batch(self) -> int:
        """Number of patches that the device should be given at once, to begin with."""

    def logits(self, images: Sequence[RGBArray]) -> Tensor:
        """Class scores ``(N, n_classes, h, w)`` float32, on any device.

        Args:
            images: per branch ``(N, input_size, input_size, 3)`` uint8.

        Raises:
            TileTooLargeError: not enough memory on the device.
        """


def batch_of(device: str, branches: Sequence[BranchSpec]) -> int:
    """Patches at once for a kind of device (``cpu``, ``cuda``)."""
    largest = max(b.input_size for b in branches)
    return max(1, BATCH_PX.get(device, BATCH_PX["cpu"]) // largest**2)


class TorchPatches(OnDevice[Network]):
    """Runs a `Network` on a torch device (see `OnDevice`)."""

    @property
    def branches(self) -> Sequence[BranchSpec]:
        """Finest ("target") first."""
        return self.model.branches

    @property
    def n_classes(self) -> int:
        """Number of output channels."""
        return self.model.n_classes

    @property
    def scores(self) -> Scores:
        """A class per pixel, or one per patch."""
        return self.model.scores

    @property
    def depth(self) -> int:
        """Number of poolings to stay in phase with; 0: none."""
        return int(self.model.config.get("depth", 0))

    def batch(self) -> int:
        return batch_of(self.device.type, self.branches)

    def logits(self, images: Sequence[RGBArray]) -> Tensor:
        return self.computed(lambda: self._run(images))

    def _run(self, images: Sequence[RGBArray]) -> Tensor:
        scores: Tensor = self.model([self._input(i) for i in images])[0]
        return scores.float()

    def _input(self, image: RGBArray) -> Tensor:
        pixels = torch.from_numpy(image).to(self.device).permute(0, 3, 1, 2)
        return pixels.float().div_(255).contiguous(memory_format=torch.channels_last)

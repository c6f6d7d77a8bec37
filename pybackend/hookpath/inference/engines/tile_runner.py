"""What computes a tile: a small protocol, and torch behind it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import numpy as np
import torch
from torch import Tensor, nn

from hookpath.geometry import BranchSpec
from hookpath.inference.engines.hook_cache import FloatMap
from hookpath.inference.engines.torch_device import OnDevice
from hookpath.memory import free_memory
from hookpath.models import SegmentationModel
from hookpath.models.network_base import BranchOutput
from hookpath.models.unet_arithmetic import BranchShape, Hook
from hookpath.slides.slide_base import RGBArray

BYTES_PER_ACTIVATION = 4 * 8
"""Peak bytes per input px and filter of the first block: seven float32 maps (measured: 21 to 26
bytes at n = 16 and 64, 32 at n = 4 where image and scores count); and one to spare."""


_LEAST_BUDGET = 2.0**24
"""Bytes for a tile's activations where no memory is left: a small tile may still fit."""


class Runner(Protocol):
    """Runs the branches of one network on tiles, wherever it does so."""

    @property
    def branches(self) -> Sequence[BranchSpec]:
        """Finest ("target") first."""

    @property
    def hooks(self) -> Sequence[Hook]:
        """``hooks[i]`` goes from branch i + 1 into branch i."""

    @property
    def shapes(self) -> Sequence[BranchShape]:
        """How large each branch's maps are."""

    @property
    def n_classes(self) -> int:
        """Number of output channels."""

    def largest_input(self) -> int:
        """Side in px of the largest square input that the device should be given."""

    def hook_map(self, branch: int, image: RGBArray, hook: FloatMap | None) -> FloatMap:
        """``(C, h, w)`` float32: the map that a context branch hands on.

        Raises:
            TileTooLargeError: not enough memory on the device.
        """

    def logits(self, image: RGBArray, hook: FloatMap | None) -> Tensor:
        """``(n_classes, h, w)`` float32 class scores of the target branch, on any device.

        Raises:
            TileTooLargeError: not enough memory on the device.
        """


class TorchRunner(OnDevice[SegmentationModel]):
    """Runs a `SegmentationModel` on a torch device (see `OnDevice`)."""

    @property
    def branches(self) -> Sequence[BranchSpec]:
        """Finest ("target") first."""
        return self.model.branches

    @property
    def hooks(self) -> Sequence[Hook]:
        """Of the model."""
        return self.model.hooks

    @property
    def shapes(self) -> Sequence[BranchShape]:
        """Of the model."""
        return self.model.shapes

    @property
    def n_classes(self) -> int:
        """Number of output channels."""
        return self.model.n_classes

    def largest_input(self) -> int:
        filters = next(m.out_channels for m in self.model.modules() if isinstance(m, nn.Conv2d))
        px = _memory_budget(self.device) / (BYTES_PER_ACTIVATION * filters)
        most = 2560 if self.device.type == "cpu" else 4608
        return min(most, int(px**0.5))

    def hook_map(self, branch: int, image: RGBArray, hook: FloatMap | None) -> FloatMap:
        found = self._run(branch, image, hook).hook
        assert found is not None
        return np.asarray(found[0].float().cpu().contiguous().numpy())

    def logits(self, image: RGBArray, hook: FloatMap | None) -> Tensor:
        found = self._run(0, image, hook).logits
        assert found is not None
        return found[0].float()

    def _run(self, branch: int, image: RGBArray, hook: FloatMap | None) -> BranchOutput:
        def run() -> BranchOutput:
            return self.model.run_branch(branch, self._tile(image), self._taken(hook))

        return self.computed(run)

    def _tile(self, image: RGBArray) -> Tensor:
        """``(1, 3, H, W)`` in [0, 1] on the device."""
        pixels = torch.from_numpy(np.require(image, requirements=["C", "W"]))
        tile = pixels.to(self.device).permute(2, 0, 1)[None]
        return tile.float().div_(255).contiguous(memory_format=torch.channels_last)

    def _taken(self, hook: FloatMap | None) -> Tensor | None:
        return None if hook is None else torch.from_numpy(hook)[None].to(self.device)


def _memory_budget(device: torch.device) -> float:
    """Bytes that one tile's activations may take."""
    if device.type == "cuda":
        free, _ = torch.cuda.mem_get_info(device)
        return 0.5 * free
    known = free_memory()
    return min(1.5 * 2**30, max(_LEAST_BUDGET, 0.25 * (4 * 2**30 if known is None else known)))

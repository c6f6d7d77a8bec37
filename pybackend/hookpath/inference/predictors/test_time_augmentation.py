"""Test-time augmentation: every tile seen in the eight ways to lay it, probabilities averaged.

Exact, that is the same for a pixel in a tile of any size as in a patch of its own: what a network
is given (`hookpath.inference.aligned_tile_grids`) has sizes that all poolings halve evenly, and the
map that it gives lies about the middle of it. Mirrored or turned about that middle, the pools group
the same pixels, so the turned answer, turned back, lies where the unturned one does. Hooked maps
are turned like images: each view has its own, side by side in the channels of one map.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor

from hookpath.inference.engines.hook_cache import FloatMap
from hookpath.inference.engines.patch_runners import PatchRunner
from hookpath.inference.engines.tile_runner import Runner
from hookpath.slides.slide_base import RGBArray

VIEWS = 8
"""Quarter turns, and those of the mirrored image."""

#: Probabilities of 0 have a logarithm, too.
_LEAST = 1e-30


class TurnedRunner:
    """A `Runner` that answers with the mean of another one's answers to all views."""

    def __init__(self, of: Runner) -> None:
        self.of = of
        self.device = getattr(of, "device", "cpu")
        self.branches, self.hooks, self.shapes = of.branches, of.hooks, of.shapes
        self.n_classes, self.largest_input = of.n_classes, of.largest_input

    def hook_map(self, branch: int, image: RGBArray, hook: FloatMap | None) -> FloatMap:
        """``(8·C, h, w)``: the maps of all views, each turned back."""
        maps = [
            _map_back(self.of.hook_map(branch, _image(image, view), _map(hook, view)), view)
            for view in range(VIEWS)
        ]
        return np.concatenate(maps)

    def logits(self, image: RGBArray, hook: FloatMap | None) -> Tensor:
        """Logarithms of the mean probabilities: softmax gives these again."""
        total: Tensor | None = None
        for view in range(VIEWS):
            found = self.of.logits(_image(image, view), _map(hook, view)).softmax(dim=0)
            found = _scores_back(found, view)
            total = found if total is None else total + found
        return _logs(total)


class TurnedPatches:
    """A `PatchRunner` that answers with the mean of another one's answers to all views."""

    def __init__(self, of: PatchRunner) -> None:
        self.of = of
        self.device = getattr(of, "device", "cpu")
        self.branches, self.n_classes, self.batch = of.branches, of.n_classes, of.batch
        self.scores, self.depth = of.scores, of.depth

    def logits(self, images: Sequence[RGBArray]) -> Tensor:
        """Logarithms of the mean probabilities: softmax gives these again."""
        total: Tensor | None = None
        for view in range(VIEWS):
            turned = [_turned(image, view, (1, 2)) for image in images]
            found = _scores_back(self.of.logits(turned).softmax(dim=1), view)
            total = found if total is None else total + found
        return _logs(total)


def _logs(total: Tensor | None) -> Tensor:
    assert total is not None
    return (total / VIEWS).clamp(min=_LEAST).log()


def _turned(array: np.ndarray, view: int, axes: tuple[int, int]) -> np.ndarray:
    mirrored = np.flip(array, axes[1]) if view >= 4 else array
    return np.ascontiguousarray(np.rot90(mirrored, view % 4, axes))


def _image(image: RGBArray, view: int) -> RGBArray:
    return _turned(image, view, (0, 1))


def _map(hook: FloatMap | None, view: int) -> FloatMap | None:
    """A view's own part of a hooked map, turned as its image is."""
    return None if hook is None else _turned(np.split(hook, VIEWS)[view], view, (1, 2))


def _map_back(hook: FloatMap, view: int) -> FloatMap:
    unturned = np.rot90(hook, -(view % 4), (1, 2))
    return np.flip(unturned, 2) if view >= 4 else unturned


def _scores_back(scores: Tensor, view: int) -> Tensor:
    """The last two axes, turned back."""
    unturned = torch.rot90(scores, -(view % 4), (-2, -1))
    return unturned.flip(-1) if view >= 4 else unturned

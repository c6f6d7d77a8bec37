"""Augmentation of a whole batch, on the device, one draw for all branches and labels."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from hookpath.sampling.augmentation.augmentation_config import AugmentationConfig
from hookpath.sampling.augmentation.color_augmentation import Colouring, Gains, Grain
from hookpath.sampling.augmentation.spatial_augmentation import Warp, turned
from hookpath.sampling.augmentation.stain_mixing import Mixing, in_other_stains
from hookpath.sampling.concentric_batch import Batch


class Augmentation:
    """Varies batches as `config` says; what a batch gets follows from (`seed`, `step`) alone.

    All branches of a sample see the same change of the same tissue: positions change by one map
    in µm about their common centre, so that patches stay concentric and labels in phase; colours
    by one function. Only noise differs from pixel to pixel (and between kinds of device). Maps
    beyond RGB move with the tissue and keep their values; magnifications grow with the zoom.

    Images that are no RGB have no hue and no stains: there every channel gets a brightness and a
    contrast of its own.

    Args:
        channels: of such images; None: RGB.
        mixing: how a slide looks in the stain of another, where colours are mixed.
    """

    def __init__(
        self,
        config: AugmentationConfig,
        seed: int,
        channels: int | None = None,
        mixing: Mixing | None = None,
    ) -> None:
        self.config, self.channels, self.mixing = config, channels, mixing
        self._seed = seed

    def __call__(
        self, batch: Batch, device: torch.device | str, step: int
    ) -> tuple[list[Tensor], list[Tensor]]:
        """The batch moved to `device` and varied.

        Returns:
            Images per branch, ``(N, C, M_b, M_b)`` float32 in [0, 1], and labels per branch,
            ``(N, h_b, w_b)`` int64 (0 = ignore), or float32 for magnifications.
        """
        seed = _mix(self._seed, step)
        draw = torch.Generator().manual_seed(seed)
        batch = self._turned(batch.to(device, non_blocking=True), draw)
        images, labels = [image.float().div_(255) for image in batch.images], batch.labels
        if self.config.warps:
            images, labels = self._warped(batch, images, draw)
        n, shown = len(batch), self.channels or 3
        colours, maps = [x[:, :shown] for x in images], [x[:, shown:] for x in images]
        if self.mixing is not None:
            chance = self.config.stain_mixing
            colours = in_other_stains(colours, batch.slide_index, self.mixing, chance, draw)
        if self.channels is None:
            colours = Colouring.drawn(self.config, n, draw).to(device).apply(colours)
        else:
            gains = Gains.drawn(self.config, n, self.channels, draw).to(device)
            colours = gains.apply(colours)
        grain = Grain.drawn(self.config, n, draw)
        noise = torch.Generator(device).manual_seed(seed)
        colours = [grain.apply(x, noise) for x in colours]
        images = [
            torch.cat([x, extra], dim=1) if extra.shape[1] else x
            for x, extra in zip(colours, maps, strict=True)
        ]
        return images, [x if x.is_floating_point() else x.long() for x in labels]

    def _turned(self, batch: Batch, draw: torch.Generator) -> Batch:
        """Mirrors and quarter turns, still in bytes and with the colour as last axis: exact."""
        if not self.config.flips:
            return batch
        turns = torch.randint(8, (len(batch),), generator=draw).tolist()
        images = [turned(x.permute(0, 2, 3, 1), turns).permute(0, 3, 1, 2) for x in batch.images]
        labels = [turned(label, turns) for label in batch.labels]
        return Batch(images, labels, batch.slide_index, batch.branches)

    def _warped(
        self, batch: Batch, images: list[Tensor], draw: torch.Generator
    ) -> tuple[list[Tensor], list[Tensor]]:
        """Scale, rotation and elastic displacement of the samples that chance picks."""
        chosen = (
            (torch.rand(len(batch), generator=draw) < self.config.spatial_chance)
            .nonzero()[:, 0]
            .to(images[0].device)
        )
        warp = Warp.drawn(self.config, batch.branches, len(chosen), draw).to(chosen.device)
        spacings = [branch.spacing_um for branch in batch.branches]
        return (
            [
                x.index_copy(0, chosen, warp.images(x[chosen], spacing))
                for x, spacing in zip(images, spacings, strict=True)
            ],
            [
                x.index_copy(0, chosen, warp.known(x[chosen], spacing))
                for x, spacing in zip(batch.labels, spacings, strict=True)
            ],
        )


def _mix(seed: int, step: int) -> int:
    """A generator seed of its own for each pair."""
    return int(np.random.SeedSequence((seed, step)).generate_state(1, np.uint64)[0] >> 1)

"""Patches in the stain of another slide: colours vary as far as the slides at hand do."""

from __future__ import annotations

from typing import Protocol

import torch
from torch import Tensor

from hookpath.slides.recolored_slide import DARKEST, Recolouring

#: How far towards the other slide, at most: a little beyond it.
_FURTHEST = 1.25


class Mixing(Protocol):
    """Which slides there are to mix, and what makes one look like another."""

    def __call__(self, source: int, other: float, share: float) -> Recolouring | None:
        """What recolours patches of a slide; None: they stay as they are.

        Args:
            source: index into the stream's sources (`Batch.slide_index`).
            other: in [0, 1), which of the other slides.
            share: of the way to it.
        """
        ...


def in_other_stains(
    branches: list[Tensor],
    slide_index: Tensor,
    mixing: Mixing,
    chance: float,
    draw: torch.Generator,
) -> list[Tensor]:
    """Every branch's ``(N, 3, M, M)`` images in [0, 1], some of them recoloured.

    After Chang et al., "Stain Mix-Up: Unsupervised Domain Generalization for Histopathology Images"
    (MICCAI 2021), who mix stain matrices; here it is the statistics of Reinhard et al. 2001.

    Args:
        slide_index: ``(N,)``, where the samples are from.
        chance: of each sample.
    """
    drawn = torch.rand((len(slide_index), 3), generator=draw).tolist()
    changes = [
        mixing(int(source), other, _FURTHEST * share) if happens < chance else None
        for source, (happens, other, share) in zip(slide_index, drawn, strict=True)
    ]
    for sample, change in enumerate(changes):
        if change is not None:
            for images in branches:
                images[sample] = _recoloured(images[sample], change)
    return branches


def _recoloured(image: Tensor, change: Recolouring) -> Tensor:
    """As `Recolouring.exactly`, of ``(3, M, M)`` on any device."""
    mix, matrix = (image.new_tensor(m) for m in (change.mix, change.matrix))
    flat = image.flatten(1)
    logs = (mix @ flat).clamp_(min=DARKEST).log_()
    moved = (matrix @ logs).add_(image.new_tensor(change.shift)[:, None]).exp_()
    moved = torch.linalg.inv(mix) @ moved
    if change.glass:
        density = -flat.clamp(min=DARKEST).log_().amin(0)
        moved = torch.lerp(flat, moved, (density / change.glass).clamp_(0, 1))
    return moved.clamp_(0, 1).reshape_as(image)

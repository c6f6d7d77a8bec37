"""Some validation patches as one picture: the tissue, what was drawn, what the network says."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

UInt8 = npt.NDArray[np.uint8]

#: Patches that are shown, px along one, between two of them, and the share of a class's colour.
_MOST, _SIDE, _GAP, _TINT = 6, 160, 4, 0.4

#: About so many pictures of a run.
_PICTURES = 20


def is_due(epoch: int, epochs: int) -> bool:
    """Whether an epoch is pictured: the first, the last, and some evenly between."""
    every = max(1, -(-epochs // _PICTURES))
    return epoch == 1 or epoch == epochs or epoch % every == 0


class ValidationPictures:
    """Keeps the first patches of a validation on which something is annotated.

    Args:
        colors: RGB of the classes.
    """

    def __init__(self, colors: Sequence[tuple[int, int, int]]) -> None:
        self._colors = np.array([(0, 0, 0), *colors], np.float32)
        self._rows: list[UInt8] = []

    def add(self, images: Tensor, target: Tensor, output: Tensor) -> None:
        """Take patches of a batch.

        Args:
            images: ``(N, channels, S, S)`` in [0, 1], of the first branch.
            target: ``(N, h, w)`` labels from 1, 0 where nothing is known. Others are not shown.
            output: ``(N, C, h, w)`` scores of the classes.
        """
        if target.is_floating_point() or target.dim() != 3 or len(self._rows) >= _MOST:
            return
        share = min(1.0, _middle_share(images, target))
        for image, known, scores in zip(images, target, output, strict=True):
            if len(self._rows) < _MOST and bool((known > 0).any()):
                rgb = _cut(_rgb(image), share)
                said = scores.float().argmax(0).add(1).byte()
                shown = [rgb, *(self._tinted(rgb, labels) for labels in (known.byte(), said))]
                self._rows.append(_joined(shown, axis=1))

    @property
    def picture(self) -> UInt8 | None:
        """``(H, W, 3)`` RGB, a row each patch; None: nothing could be shown."""
        return _joined(self._rows, axis=0) if self._rows else None

    def _tinted(self, rgb: UInt8, labels: Tensor) -> UInt8:
        fitted = torch.nn.functional.interpolate(
            labels[None, None].float(), size=rgb.shape[:2], mode="nearest-exact"
        )
        at = fitted[0, 0].cpu().numpy().astype(np.intp)
        weight = np.where(at > 0, _TINT, 0.0)[..., None]
        return np.asarray(rgb * (1 - weight) + self._colors[at] * weight, np.uint8)


def _middle_share(images: Tensor, target: Tensor) -> float:
    """The part of a patch that the output tells of; one class for a patch tells of all."""
    return 1.0 if target.shape[-1] == 1 else target.shape[-1] / images.shape[-1]


def _rgb(image: Tensor) -> UInt8:
    """Three channels to look at."""
    shown = image.detach().float().clamp(0, 1).mul(255).byte().permute(1, 2, 0).cpu().numpy()
    return np.repeat(shown[..., :1], 3, axis=2) if shown.shape[2] < 3 else shown[..., :3]


def _cut(rgb: UInt8, share: float) -> UInt8:
    """The middle, at the size of a tile."""
    from PIL import Image

    side = max(1, round(rgb.shape[0] * share))
    at = (rgb.shape[0] - side) // 2
    middle = Image.fromarray(np.ascontiguousarray(rgb[at : at + side, at : at + side]))
    how = Image.Resampling.NEAREST if side < _SIDE else Image.Resampling.BOX
    return np.asarray(middle.resize((_SIDE, _SIDE), how))


def _joined(pictures: Sequence[UInt8], axis: int) -> UInt8:
    """Side by side (1) or below each other (0), with white between."""
    shape = list(pictures[0].shape)
    shape[axis] = _GAP
    gap = np.full(shape, 255, np.uint8)
    parts = [part for picture in pictures for part in (picture, gap)][:-1]
    return np.concatenate(parts, axis=axis)

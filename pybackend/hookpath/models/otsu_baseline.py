"""Otsu's threshold on the saturation: what every trained network should do better than."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from hookpath.devices import widest_float
from hookpath.models.overview_network_base import OverviewNetwork
from hookpath.models.registry import register

#: Logit of the class that a pixel is given; the others have 0. A probability of 1 in all digits
#: that are written.
_SURE = 20.0


@register
class Otsu(OverviewNetwork):
    """Calls all tissue one class and the rest the background (Pedersen et al. 2022, section 3.2).

    The overview is converted to HSV; saturation (0…255) above Otsu's threshold (1979) is tissue.
    Nothing is learned: the network has no weights.

    Args:
        background: label (1…n_classes) of what is no tissue; None: the last class. Tissue is the
            first of the others.
    """

    family = "otsu"
    window_place = None  # learns nothing

    def __init__(
        self,
        n_classes: int,
        size: int = 1024,
        spacing_um: float = 32.0,
        background: int | None = None,
    ) -> None:
        super().__init__(n_classes, size, heatmaps=0, filters=(0, 0), spacing_um=spacing_um)
        self.config = {
            "n_classes": n_classes,
            "size": size,
            "spacing_um": spacing_um,
            "background": background,
        }
        self.background = (background or n_classes) - 1
        self.foreground = 1 if self.background == 0 else 0

    def forward(self, images: Sequence[Tensor]) -> list[Tensor]:
        (overview,) = images
        grey = saturation(overview)
        tissue = grey > otsu_threshold(grey.flatten(1))[:, None, None]
        logits = torch.zeros_like(overview[:, :1]).repeat(1, self.n_classes, 1, 1)
        logits[:, self.foreground] = tissue * _SURE
        logits[:, self.background] = ~tissue * _SURE
        return [logits]


def saturation(rgb: Tensor) -> Tensor:
    """``(N, H, W)`` HSV saturation in whole numbers 0…255 of ``(N, 3, H, W)`` in [0, 1]."""
    brightest, darkest = rgb.amax(dim=1), rgb.amin(dim=1)
    share = (brightest - darkest) / brightest.clamp(min=1 / 255)
    return (share * 255).round()


def otsu_threshold(values: Tensor) -> Tensor:
    """``(N,)`` of ``(N, P)`` values: the largest of the lower class, which variance splits best.

    The variance between "the k lowest" and the rest is, along a run of equal values, largest at
    one of its ends, so that looking at every k gives what looking at every value would; it can be
    written without loops, as ONNX needs it.
    """
    wide = widest_float(values.device)
    ordered = values.to(wide).sort(dim=1).values
    count = ordered.shape[1]
    share = torch.arange(1, count, dtype=wide, device=values.device) / count
    below = ordered.cumsum(dim=1)[:, :-1] / count
    mean = ordered.mean(dim=1, keepdim=True)
    between = (mean * share - below).square() / (share * (1 - share))
    best = between.argmax(dim=1, keepdim=True)
    return ordered.gather(1, best)[:, 0].to(values.dtype)

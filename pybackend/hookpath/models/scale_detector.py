"""The scale detector: the magnification of a patch from its content."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from typing import ClassVar

from torch import Tensor, nn

from hookpath.errors import ModelDesignError
from hookpath.geometry import UM_AT_ONE
from hookpath.models.backbone_weights import load_backbones
from hookpath.models.backbones import Backbone, refuse_small
from hookpath.models.network_base import Network, Reads, Scores, initialise
from hookpath.models.patch_network_base import kernels, per_patch, whole_patches
from hookpath.models.registry import register

MAGNIFICATIONS = (5.0, 8.0, 10.0, 15.0, 20.0, 30.0, 40.0)
"""Those of the paper."""


@register
class ScaleDetector(Network):
    """Regression of the magnification (Multi_Scale_Tools, Marini et al. 2021, section 2.2).

    A backbone and one linear layer. Its output is the magnification itself; within, the range of
    the trained magnifications is mapped to [-1, 1], so that training starts near its middle.

    Args:
        magnifications: those to train with; the patches of each are `input_size` px square.
        input_size: side of the patches in px.
        backbone: the paper's is ``resnet34``.

    Raises:
        ModelDesignError: fewer than two magnifications, one that is not positive, an unknown
            backbone, or an input too small for it.
    """

    family = "scale"
    window_place = None  # learns magnifications, no classes, from what nobody draws
    reads: ClassVar[Reads] = "scales"
    scores: ClassVar[Scores] = "magnification"
    magnifications: tuple[float, ...]

    def __init__(
        self,
        magnifications: Sequence[float] = MAGNIFICATIONS,
        input_size: int = 224,
        backbone: str = "resnet34",
    ) -> None:
        super().__init__()
        self.magnifications = tuple(sorted({float(m) for m in magnifications}))
        if len(self.magnifications) < 2 or self.magnifications[0] <= 0:
            raise ModelDesignError(
                "the scale detector needs two or more magnifications above 0, not "
                f"{list(magnifications)}"
            )
        refuse_small(backbone, input_size)
        self.config = {
            "magnifications": list(self.magnifications),
            "input_size": input_size,
            "backbone": backbone,
        }
        self.n_classes, self.heads = 1, (0,)
        # Patches come at any µm/px; this is a typical one.
        typical = UM_AT_ONE / math.sqrt(self.magnifications[0] * self.magnifications[-1])
        self.branches = whole_patches([typical], input_size)
        self.backbone = Backbone(backbone)
        self.head = nn.Linear(self.backbone.features, 1)
        initialise(self)

    def forward(self, images: Sequence[Tensor]) -> list[Tensor]:
        """``(N, 3, S, S)`` float in [0, 1] → ``(N, 1, 1, 1)`` magnifications."""
        (image,) = images
        low, high = self.magnifications[0], self.magnifications[-1]
        inner = self.head(self.backbone(image))
        return [per_patch((low + high) / 2 + (high - low) / 2 * inner)]

    def load_backbone(self, weights: str, warn: Callable[[str], None]) -> None:
        """See `hookpath.models.backbone_weights.load_backbones`."""
        load_backbones(self, weights, warn)

    def l2_parameters(self) -> Iterator[Tensor]:
        """See `kernels`."""
        return kernels(self)

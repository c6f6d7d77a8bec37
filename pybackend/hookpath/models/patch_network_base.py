"""What the networks that say one thing about a whole patch have in common."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import ClassVar

from torch import Tensor, nn

from hookpath.geometry import BranchSpec
from hookpath.models.backbone_weights import load_backbones
from hookpath.models.network_base import Network, Scores
from hookpath.models.patch_label_rule import LabelRule


class PatchNetwork(Network):
    """Base of the networks whose outputs are ``(N, C, 1, 1)``: one class per patch.

    Attributes:
        label_rule: which class a patch has; `output_size` is `input_size`, so it sees the labels
            of the whole patch.
    """

    scores: ClassVar[Scores] = "patches"
    label_rule: LabelRule

    def targets(self, labels: Sequence[Tensor]) -> list[Tensor]:
        """Per branch ``(N, S, S)`` labels to ``(N, 1, 1)``, by the label rule; 0: left out."""
        return [self.label_rule(of_branch) for of_branch in labels]

    def load_backbone(self, weights: str, warn: Callable[[str], None]) -> None:
        """See `hookpath.models.backbone_weights.load_backbones`."""
        load_backbones(self, weights, warn)

    def l2_parameters(self) -> Iterator[Tensor]:
        """See `kernels`."""
        return kernels(self)


def kernels(model: nn.Module) -> Iterator[Tensor]:
    """Every convolution kernel and matrix, as weight decay takes them; no biases or statistics."""
    for module in model.modules():
        if isinstance(module, nn.Conv2d | nn.Linear):
            yield module.weight


def whole_patches(spacings: Sequence[float], input_size: int) -> tuple[BranchSpec, ...]:
    """Concentric branches that label all that they see."""
    return tuple(BranchSpec(float(s), input_size, input_size) for s in spacings)


def per_patch(scores: Tensor) -> Tensor:
    """``(N, C)`` → ``(N, C, 1, 1)``."""
    return scores[..., None, None]

"""A class for a patch, at one resolution."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from torch import Tensor, nn
from torch.nn import functional

from hookpath.errors import ModelDesignError
from hookpath.models.backbones import Backbone, refuse_small
from hookpath.models.network_base import initialise
from hookpath.models.patch_label_rule import LabelRule
from hookpath.models.patch_network_base import PatchNetwork, per_patch, whole_patches
from hookpath.models.registry import register

Head = Literal["h2gnet", "multiscale"]


@register
class PatchClassifier(PatchNetwork):
    """An ImageNet backbone with a small head: one class per patch.

    Args:
        n_classes: number of classes.
        spacings: one value, µm/px of the patches; 1 is about 10×.
        input_size: side of the patches in px.
        backbone: ``mobilenet_v2`` or ``inception_v3`` (H2G-Net, Pedersen et al. 2022, sections
            2.3 and 3.2), ``resnet34`` (Multi_Scale_Tools, Marini et al. 2021, the single-scale
            CNN).
        head: ``h2gnet``: 100 neurons → dropout → ReLU → batch normalisation → classes;
            ``multiscale``: 128 neurons → ReLU → dropout → classes. None: the one that the
            backbone's paper has.
        dropout: of the head while training; None: 0.5 for ``h2gnet`` (the paper's), else 0.2.
        in_channels: of the images: 3 for RGB, else as many as are chosen (docs/channels.md).
        label_share, background: which class a patch has (see `LabelRule`).

    Raises:
        ModelDesignError: unknown backbone or head, an input too small for the backbone, or a label
            rule that cannot be.
    """

    family = "classifier"
    window_place = 50

    def __init__(
        self,
        n_classes: int,
        spacings: Sequence[float] = (1.0,),
        input_size: int = 256,
        backbone: str = "mobilenet_v2",
        head: Head | None = None,
        dropout: float | None = None,
        label_share: float = 0.25,
        background: int | None = None,
        in_channels: int = 3,
    ) -> None:
        super().__init__()
        if len(spacings) != 1:
            raise ModelDesignError(
                f"the classifier reads one resolution, not {len(spacings)}; for more use the "
                "family multiscale"
            )
        refuse_small(backbone, input_size)
        chosen = head or ("multiscale" if backbone == "resnet34" else "h2gnet")
        rate = (0.5 if chosen == "h2gnet" else 0.2) if dropout is None else dropout
        self.config = {
            "n_classes": n_classes,
            "spacings": [float(s) for s in spacings],
            "input_size": input_size,
            "backbone": backbone,
            "head": chosen,
            "dropout": rate,
            "label_share": label_share,
            "background": background,
        }
        self._take(in_channels)
        self.n_classes, self.heads = n_classes, (0,)
        self.label_rule = LabelRule(n_classes, label_share, background)
        self.branches = whole_patches(spacings, input_size)
        self.backbone = Backbone(backbone, in_channels)
        self.head = make_head(chosen, self.backbone.features, n_classes, rate)
        initialise(self)

    def forward(self, images: Sequence[Tensor]) -> list[Tensor]:
        (image,) = images
        return [per_patch(self.head(self.backbone(image)))]


def make_head(kind: str, features: int, n_classes: int, dropout: float) -> nn.Sequential:
    """From a backbone's features to class scores (see `PatchClassifier`).

    Raises:
        ModelDesignError: no such head.
    """
    if kind == "h2gnet":
        return nn.Sequential(
            nn.Linear(features, 100),
            nn.Dropout(dropout),
            nn.ReLU(),
            NormOfAny(100),
            nn.Linear(100, n_classes),
        )
    if kind == "multiscale":
        return nn.Sequential(embedding(features, dropout), nn.Linear(EMBEDDED, n_classes))
    raise ModelDesignError(f"unknown head {kind!r}; there are: h2gnet, multiscale")


class NormOfAny(nn.BatchNorm1d):
    """Batch normalisation that also trains on one patch, the rest of a batch cut into parts.

    There is no spread in one value per channel: then it normalises as in evaluation.
    """

    def forward(self, x: Tensor) -> Tensor:
        if self.training and len(x) == 1:
            return functional.batch_norm(
                x, self.running_mean, self.running_var, self.weight, self.bias, eps=self.eps
            )
        return super().forward(x)


EMBEDDED = 128
"""Length of the vector that a scale's features become in Multi_Scale_Tools."""


def embedding(features: int, dropout: float) -> nn.Sequential:
    """A backbone's features to `EMBEDDED` numbers."""
    return nn.Sequential(nn.Linear(features, EMBEDDED), nn.ReLU(), nn.Dropout(dropout))

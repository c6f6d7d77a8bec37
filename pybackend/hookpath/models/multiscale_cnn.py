"""The multi-scale CNN: concentric patches, one ResNet each, one class for the innermost."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import torch
from torch import Tensor, nn

from hookpath.errors import ModelDesignError
from hookpath.models.backbones import Backbone, refuse_small
from hookpath.models.network_base import initialise
from hookpath.models.patch_classifier import EMBEDDED, embedding
from hookpath.models.patch_label_rule import LabelRule
from hookpath.models.patch_network_base import PatchNetwork, per_patch, whole_patches
from hookpath.models.registry import register

Combine = Literal["features", "probabilities"]


@register
class MultiScaleCNN(PatchNetwork):
    """The multi-scale classifiers of Multi_Scale_Tools (Marini et al. 2021), section 2.3.

    Every scale has a backbone of its own and turns its patch into 128 features. ``features`` joins
    these and classifies them together (figure 4); ``probabilities`` classifies each scale alone
    and joins the scales' class probabilities (figure 5).

    The loss takes logits: the authors' code puts a softmax before its cross-entropy, which applies
    softmax again, and leaves dropout on in evaluation; neither is done here.

    Args:
        n_classes: number of classes.
        spacings: µm/px of the scales, finest first; two or more. (1, 2), about 10× and 5×, is the
            paper's best pair.
        input_size: side of every scale's patch in px.
        backbone: of every scale, with weights of its own; the paper's is ``resnet34``.
        combine: ``features`` or ``probabilities``.
        context_heads: give every scale an output of its own, for n + 1 losses: the first of the
            outputs is the combined one. A λ of 1/(n + 1) weighs them equally, as the paper does.
        dropout: of the 128 features while training.
        in_channels: of the images: 3 for RGB, else as many as are chosen (docs/channels.md).
        label_share, background: which class a patch has (see `LabelRule`), at every scale.

    Raises:
        ModelDesignError: fewer than two scales, not finest first, an unknown backbone or
            combination, or an input too small for the backbone.
    """

    family = "multiscale"
    window_place = 60

    def __init__(
        self,
        n_classes: int,
        spacings: Sequence[float] = (1.0, 2.0),
        input_size: int = 224,
        backbone: str = "resnet34",
        combine: Combine = "features",
        context_heads: bool = False,
        dropout: float = 0.2,
        label_share: float = 0.25,
        background: int | None = None,
        in_channels: int = 3,
    ) -> None:
        super().__init__()
        _check(spacings, combine)
        refuse_small(backbone, input_size)
        self.config = {
            "n_classes": n_classes,
            "spacings": [float(s) for s in spacings],
            "input_size": input_size,
            "backbone": backbone,
            "combine": combine,
            "context_heads": context_heads,
            "dropout": dropout,
            "label_share": label_share,
            "background": background,
        }
        self._take(in_channels)
        n = len(spacings)
        self.n_classes, self.combine = n_classes, combine
        self.label_rule = LabelRule(n_classes, label_share, background)
        self.branches = whole_patches(spacings, input_size)
        self.heads = (0, *range(n)) if context_heads else (0,)
        backbones = [Backbone(backbone, in_channels) for _ in spacings]
        self.backbones = nn.ModuleList(backbones)
        self.embeddings = nn.ModuleList(embedding(b.features, dropout) for b in backbones)
        # Features are combined without classifying each scale: only n + 1 losses need that.
        alone = n if context_heads or combine == "probabilities" else 0
        joined = n * (EMBEDDED if combine == "features" else n_classes)
        self.head = nn.ModuleList([nn.Linear(joined, n_classes)])
        self.head.extend(nn.Linear(EMBEDDED, n_classes) for _ in range(alone))
        initialise(self)

    def forward(self, images: Sequence[Tensor]) -> list[Tensor]:
        scales = zip(self.backbones, self.embeddings, images, strict=True)
        embedded = [embed(backbone(image)) for backbone, embed, image in scales]
        combine, *heads = self.head
        alone = [head(x) for head, x in zip(heads, embedded, strict=False)]
        joined = embedded if self.combine == "features" else [a.softmax(1) for a in alone]
        combined = combine(torch.cat(joined, dim=1))
        return [per_patch(x) for x in (combined, *alone)[: len(self.heads)]]


def _check(spacings: Sequence[float], combine: str) -> None:
    if len(spacings) < 2:
        raise ModelDesignError(
            f"the multi-scale CNN needs at least 2 scales, not {len(spacings)}; for one use the "
            "family classifier with backbone=resnet34"
        )
    if list(spacings) != sorted(set(spacings)):
        raise ModelDesignError(f"scales go from fine to coarse, not {list(spacings)} µm/px")
    if combine not in ("features", "probabilities"):
        raise ModelDesignError(
            f"unknown combination {combine!r}; there are: features, probabilities"
        )

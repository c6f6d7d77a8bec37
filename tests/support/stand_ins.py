"""The smallest networks of the kinds that give one number or one class to a whole patch."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

import torch
from torch import Tensor, nn

from hookpath.geometry import BranchSpec
from hookpath.models import Network
from hookpath.models.network_base import Reads, Scores
from hookpath.models.patch_label_rule import LabelRule


class TinyClassifier(Network):
    """One convolution per scale; a combined head and, if wished, one per scale (n + 1 losses)."""

    family = "tiny-classifier"
    scores: ClassVar[Scores] = "patches"

    def __init__(
        self,
        n_classes: int,
        spacings: Sequence[float] = (1.0, 2.0),
        input_size: int = 24,
        filters: int = 4,
        context_heads: bool = False,
        background: int | None = None,
    ) -> None:
        super().__init__()
        self.config = {
            "n_classes": n_classes,
            "spacings": list(spacings),
            "input_size": input_size,
            "filters": filters,
            "context_heads": context_heads,
            "background": background,
        }
        n = len(spacings)
        self.n_classes, self.rule = n_classes, LabelRule(n_classes, background=background)
        self.branches = tuple(BranchSpec(s, input_size, input_size) for s in spacings)
        self.heads = (0, *range(n)) if context_heads else (0,)
        self.bodies = nn.ModuleList(_body(filters) for _ in spacings)
        self.head = nn.ModuleList(
            nn.Linear(filters * (n if i == 0 else 1), n_classes) for i in range(len(self.heads))
        )

    def forward(self, images: Sequence[Tensor]) -> list[Tensor]:
        features = [body(x) for body, x in zip(self.bodies, images, strict=True)]
        seen = [torch.cat(features, dim=1), *(features if len(self.heads) > 1 else ())]
        return [h(x)[..., None, None] for h, x in zip(self.head, seen, strict=True)]

    def targets(self, labels: Sequence[Tensor]) -> list[Tensor]:
        return [self.rule(of_branch) for of_branch in labels]

    def deepest(self) -> nn.Module:
        return self.bodies[0]


class TinyScale(Network):
    """Magnification from one convolution."""

    family = "tiny-scale"
    reads: ClassVar[Reads] = "scales"
    scores: ClassVar[Scores] = "magnification"
    magnifications = (5.0, 10.0, 20.0)

    def __init__(self, input_size: int = 24, filters: int = 4) -> None:
        super().__init__()
        self.config = {"input_size": input_size, "filters": filters}
        self.n_classes, self.heads = 1, (0,)
        self.branches = (BranchSpec(1.0, input_size, input_size),)
        self.body, self.head = _body(filters), nn.Linear(filters, 1)

    def forward(self, images: Sequence[Tensor]) -> list[Tensor]:
        return [10 + 10 * self.head(self.body(images[0]))[..., None, None]]


def _body(filters: int) -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(3, filters, 3),
        nn.BatchNorm2d(filters),
        nn.ReLU(),
        nn.AdaptiveAvgPool2d(1),
        nn.Flatten(),
        nn.Dropout(0.2),
    )

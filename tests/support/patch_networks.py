"""Networks whose answer for a patch is known: for tests of prediction patch by patch."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from hookpath.geometry import BranchSpec
from hookpath.models import Network


class RedPatches(Network):
    """A patch is Dark (class 0) or Pale (class 1) by its mean red, of all branches together.

    Red 0 is Dark with logit 10, red 1 is Pale with logit 10; between, linear.
    """

    family = "red patches"
    scores = "patches"

    def __init__(self, size: int = 32, spacings: Sequence[float] = (1.0,)) -> None:
        super().__init__()
        self.config = {"size": size, "spacings": list(spacings)}
        self.branches = tuple(BranchSpec(s, size, size) for s in spacings)
        self.heads, self.n_classes = (0,), 2
        self.weight = torch.nn.Parameter(torch.tensor(20.0))
        self.batches: list[int] = []

    def forward(self, images: Sequence[Tensor]) -> list[Tensor]:
        self.batches.append(len(images[0]))
        red = torch.stack([i[:, 0].mean(dim=(1, 2)) for i in images]).mean(dim=0)
        pale = self.weight * (red - 0.5)
        return [torch.stack([-pale / 2, pale / 2], dim=1)[..., None, None]]

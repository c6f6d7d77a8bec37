"""Which one class a whole patch has, by what is annotated in it."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from hookpath.devices import widest_float
from hookpath.errors import ModelDesignError

_UNKNOWN = 0


@dataclass(frozen=True)
class LabelRule:
    """The rule of H2G-Net (Pedersen et al. 2022, section 2.2), for any number of classes.

    There: tumour is what holds more than 25 % tumour, non-tumour what holds none, and patches in
    between are dropped. Here: a patch has the class that covers most of it, if that is more than
    `share`; the background class only if no pixel of another class is annotated in it. All other
    patches are dropped (label 0). Undrawn area is of no class: it makes every share smaller.

    Attributes:
        n_classes: C; labels are 1…C, 0 is undrawn.
        share: of all pixels of the patch, in [0, 1).
        background: label of the class that means "nothing else"; None: all classes are alike.
    """

    n_classes: int
    share: float = 0.25
    background: int | None = None

    def __post_init__(self) -> None:
        if not 0 <= self.share < 1:
            raise ModelDesignError(f"label_share must lie in [0, 1), not {self.share}")
        if self.background is not None and not 1 <= self.background <= self.n_classes:
            raise ModelDesignError(
                f"background must be a label in 1…{self.n_classes}, not {self.background}"
            )

    def __call__(self, labels: Tensor) -> Tensor:
        """``(N, h, w)`` int64 label maps to ``(N, 1, 1)`` int64 labels of the patches."""
        shares = self.shares(labels)
        if self.background is not None:
            other = shares.sum(dim=1) > shares[:, self.background - 1]
            shares[other, self.background - 1] = 0
        most, label = shares.max(dim=1)
        tied = (shares == most[:, None]).sum(dim=1) > 1
        chosen = torch.where((most > self.share) & ~tied, label + 1, _UNKNOWN)
        return chosen[:, None, None]

    def shares(self, labels: Tensor) -> Tensor:
        """``(N, C)`` floats: the part of all pixels of a patch that is annotated as each class."""
        flat, wide = labels.flatten(1), widest_float(labels.device)
        per_class = [(flat == label).to(wide).mean(dim=1) for label in range(1, self.n_classes + 1)]
        return torch.stack(per_class, dim=1)

"""How good the network is on slides that it does not learn from."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from hookpath.events import SILENT, Reporter
from hookpath.metrics import Counts, confusion, f1_per_class, macro_f1
from hookpath.models import Network
from hookpath.sampling import Augmentation, AugmentationConfig, Batch, ValidationStream
from hookpath.training.losses import sparse_cross_entropy
from hookpath.training.parts import Parts, cut

TASK = "validate"


@dataclass(frozen=True)
class Validation:
    """Confusion counts over the labelled target pixels, and the mean loss per batch."""

    counts: Counts
    loss: float

    @property
    def macro_f1(self) -> float:
        """Mean F1 of the classes that the validation slides hold."""
        return macro_f1(self.counts)

    @property
    def f1(self) -> list[float]:
        """F1 per class; NaN where there is nothing to find and nothing found."""
        return [float(v) for v in f1_per_class(self.counts)]


@torch.no_grad()
def validate(
    model: Network,
    batches: Iterable[Batch],
    device: torch.device,
    bf16: bool,
    parts: Parts | None = None,
    reporter: Reporter = SILENT,
) -> Validation:
    """Run the target branch's labels of every batch against the prediction; leaves eval mode.

    Args:
        parts: what fits into memory; None: whole batches.
        reporter: gets the task ``validate`` (patches).
    """
    model.eval()
    parts = parts or Parts(sys.maxsize, SILENT)
    plain = Augmentation(AugmentationConfig.off(), seed=0)
    counts: Counts = np.zeros((model.n_classes, model.n_classes), dtype=np.int64)
    losses: list[float] = []
    total = batches.patches if isinstance(batches, ValidationStream) else None
    reporter.start(TASK, total, "patch")
    for batch in batches:
        images, labels = plain(batch, device, step=0)

        def target(size: int, images: list[Tensor] = images) -> Tensor:
            with torch.autocast(device.type, torch.bfloat16, enabled=bf16):
                return torch.cat([model(part)[0] for part in cut(images, size)])

        logits = parts.fitting(model, "validation", target)
        losses.append(float(sparse_cross_entropy(logits, labels[0])))
        predicted = logits.argmax(dim=1).add_(1)
        counts += confusion(labels[0].cpu().numpy(), predicted.cpu().numpy(), model.n_classes)
        reporter.advance(TASK, len(predicted))
    reporter.finish(TASK)
    model.train()
    return Validation(counts, float(np.mean(losses)) if losses else float("nan"))

"""How good the network is on slides that it does not learn from."""

from __future__ import annotations

import sys

import numpy as np
import torch
from torch import Tensor

from hookpath.events import SILENT, Reporter
from hookpath.models import Network
from hookpath.sampling import Augmentation, AugmentationConfig
from hookpath.training.data.dataloaders import HeldOut
from hookpath.training.losses.head_losses import even_weights
from hookpath.training.losses.training_objective import Goal, Validation
from hookpath.training.optimization.patches_at_once import Parts, cut
from hookpath.training.run.validation_pictures import ValidationPictures

TASK = "validate"


@torch.no_grad()
def validate(
    model: Network,
    batches: HeldOut,
    goal: Goal,
    device: torch.device,
    bf16: bool,
    parts: Parts | None = None,
    reporter: Reporter = SILENT,
    pictures: ValidationPictures | None = None,
    task: str = TASK,
) -> Validation:
    """Compare the first head with what is known of every batch; leaves training mode on.

    Args:
        parts: what fits into memory; None: whole batches.
        reporter: gets the task (patches).
        pictures: shown the batches.
        task: its name; training slides do not validate.
    """
    model.eval()
    parts = parts or Parts(sys.maxsize, SILENT)
    plain = Augmentation(AugmentationConfig.off(), seed=0)
    judge = goal.judge()
    losses: list[float] = []
    reporter.start(task, batches.patches, "patch")
    for batch in batches:
        images, labels = plain(batch, device, step=0)
        target = model.targets(labels)[0]

        def first_head(size: int, images: list[Tensor] = images) -> Tensor:
            with torch.autocast(device.type, torch.bfloat16, enabled=bf16):
                return torch.cat([model(part)[0] for part in cut(images, size)])

        output = parts.fitting(model, "validation", first_head)
        losses.append(float(goal.head_loss(output, target, even_weights(target))))
        judge.add(output, target)
        if pictures is not None:
            pictures.add(images[0], target, output)
        reporter.advance(task, len(batch))
    reporter.finish(task)
    model.train()
    return judge.verdict(float(np.mean(losses)) if losses else float("nan"))

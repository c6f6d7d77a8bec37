"""The first filters of a new network, made for the colours of its first batch."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch

from hookpath.sampling import Batch

if TYPE_CHECKING:
    from hookpath.training.training_session import Session


def centre_on_first_batch(s: Session, batch: Batch) -> None:
    """Tell a network that starts from scratch the mean colours of its inputs (`Network.centre_on`).

    They are the whole batch's where processes share it. Weights that were learned elsewhere stay.
    """
    if s.step > 0 or s.config.init_from is not None or s.model.encoder_modules():
        return
    images, _ = s.augment(batch, s.device, s.step)
    count = s.group.total(torch.tensor(float(len(images[0])), device=s.device))
    s.model.centre_on([s.group.total(image.mean((2, 3)).sum(0)) / count for image in images])

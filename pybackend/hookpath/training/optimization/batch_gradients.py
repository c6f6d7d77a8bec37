"""A batch's gradients, computed in as many parts as memory needs, and the same for any number.

Weights are made for the whole batch, so most losses of parts sum to that of the batch. Dice does
not: its sums run over the batch. Then the parts go through the network twice, first to learn what
the loss of the whole batch says about each output, then to carry that back (the gradient cache of
Gao et al. 2021, section 3.2). The first pass leaves no trace: random numbers and running
statistics are put back.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from hookpath.sampling import Batch
from hookpath.training.losses.head_losses import hooknet_loss
from hookpath.training.optimization.patches_at_once import cut
from hookpath.training.optimization.precision import without_trace

if TYPE_CHECKING:
    from hookpath.training.training_session import Session


@dataclass(frozen=True)
class _Known:
    """A batch on the device: ``images``, ``targets`` and ``weights`` per branch."""

    images: list[Tensor]
    targets: list[Tensor]
    weights: list[Tensor]

    def parts(self, size: int) -> Iterator[_Known]:
        """At most `size` samples each."""
        n = len(self.images)
        for part in cut([*self.images, *self.targets, *self.weights], size):
            yield _Known(part[:n], part[n : 2 * n], part[2 * n :])


def gradients(s: Session, batch: Batch, size: int) -> Tensor:
    """Leave a batch's gradients in the network, computed `size` patches at a time; its loss.

    Where processes share the batch, both are the whole batch's.
    """
    images, labels = s.augment(batch, s.device, s.step)
    targets = s.model.targets(labels)
    known = _Known(images, targets, s.weigh(images, targets))
    s.optimizer.zero_grad(set_to_none=True)
    one_pass = s.loss.adds_up or len(images[0]) <= size
    loss = _added_up(s, known, size) if one_pass else _in_two_passes(s, known, size)
    s.group.sum_gradients(s.model)
    return s.group.total(loss)


def _added_up(s: Session, known: _Known, size: int) -> Tensor:
    total = torch.zeros((), device=s.device)
    for part in known.parts(size):
        loss = _loss(s, _outputs(s, part), part)
        if loss.requires_grad:  # not where there is nothing to learn
            torch.autograd.backward(loss)
        total += loss.detach()
    return total


def _in_two_passes(s: Session, known: _Known, size: int) -> Tensor:
    with torch.no_grad(), without_trace(s.model, s.device):
        seen = [_outputs(s, part) for part in known.parts(size)]
    whole = [torch.cat(head).requires_grad_() for head in zip(*seen, strict=True)]
    loss = _loss(s, whole, known)
    carried = torch.autograd.grad(loss, whole)
    for part, grads in zip(known.parts(size), cut(carried, size), strict=True):
        outputs = _outputs(s, part)
        if outputs[0].requires_grad:
            torch.autograd.backward(outputs, grads)
    return loss.detach()


def _outputs(s: Session, part: _Known) -> list[Tensor]:
    with torch.autocast(s.device.type, torch.bfloat16, enabled=s.bf16):
        images = [i.contiguous(memory_format=torch.channels_last) for i in part.images]
        return list(s.model(images))


def _loss(s: Session, outputs: Sequence[Tensor], known: _Known) -> Tensor:
    share = s.config.loss_weight
    return hooknet_loss(outputs, known.targets, s.model.heads, share, known.weights, s.loss.each)

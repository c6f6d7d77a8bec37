"""The loss: sparse pixel-wise cross-entropy on every head, weighted between target and context."""

from __future__ import annotations

from collections.abc import Sequence

from torch import Tensor
from torch.nn import functional

from hookpath.annotations import IGNORE


def labelled(labels: Tensor) -> Tensor:
    """Number of labelled pixels, at least 1 (scalar, on the labels' device)."""
    return (labels != IGNORE).sum().clamp(min=1)


def sparse_cross_entropy(logits: Tensor, labels: Tensor, pixels: Tensor | None = None) -> Tensor:
    """Mean cross-entropy over labelled pixels; 0 (not NaN) where nothing is labelled.

    Args:
        logits: ``(N, C, H, W)``, any float type (computed in float32).
        labels: ``(N, H, W)`` int64; 0 = ignore, label ``c + 1`` is channel ``c``.
        pixels: divide by this number of them, where these are a part of a batch; the losses of
            its parts then sum to that of the whole.

    Returns:
        Scalar float32 that always has a gradient path to `logits`.
    """
    total = functional.cross_entropy(
        logits.float(), labels - 1, ignore_index=IGNORE - 1, reduction="sum"
    )
    return total / (labelled(labels) if pixels is None else pixels)


def hooknet_loss(
    logits: Sequence[Tensor],
    labels: Sequence[Tensor],
    heads: Sequence[int],
    loss_weight: float,
    pixels: Sequence[Tensor] | None = None,
) -> Tensor:
    """λ·target + (1 − λ)·context (van Rijthoven et al. 2021, section 3.4).

    With several context heads, "context" is their mean. A model with the target's head alone has
    the target's loss, whatever λ.

    Args:
        logits: per head ``(N, C, h, w)``, target first.
        labels: per *branch* ``(N, h, w)`` int64 on that branch's output grid.
        heads: branch index of each head (`Network.heads`).
        loss_weight: λ in [0, 1].
        pixels: per *branch*, see `sparse_cross_entropy`; None: those of `labels`.
    """
    target, *context = (
        sparse_cross_entropy(scores, labels[branch], None if pixels is None else pixels[branch])
        for scores, branch in zip(logits, heads, strict=True)
    )
    if not context:
        return target
    return loss_weight * target + (1 - loss_weight) * sum(context[1:], context[0]) / len(context)

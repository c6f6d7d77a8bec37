"""The loss: of every head what it is compared with says, weighted between target and context."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from torch import Tensor
from torch.nn import functional

from hookpath.annotations import IGNORE

HeadLoss = Callable[[Tensor, Tensor, Tensor], Tensor]
"""Loss of one head: output ``(N, C, h, w)``, target ``(N, h, w)``, weights ``(N, h, w)``."""


@dataclass(frozen=True)
class Loss:
    """What a run minimises: `each` head's loss, and whether those of parts of a batch sum to it."""

    each: HeadLoss
    adds_up: bool = True


Total = Callable[[Tensor], Tensor]
"""Sum of a number over the processes that share a batch."""


def own(value: Tensor) -> Tensor:
    """Of one process."""
    return value


def even_weights(target: Tensor, total: Total = own) -> Tensor:
    """What every pixel (or patch) counts: 1 / number of the known ones, 0 for an unknown one.

    Weights of a batch sum to 1 (to 0 where nothing is known: then the loss is 0, not NaN), so the
    losses of its parts sum to that of the whole.

    Args:
        target: ``(N, h, w)`` labels or magnifications; 0 = unknown.
        total: of a number that each process has of its share of the batch.

    Returns:
        ``(N, h, w)`` float32.
    """
    known = (target != IGNORE).float()
    return known / total(known.sum()).clamp(min=1)


Weigher = Callable[[Sequence[Tensor], Sequence[Tensor]], list[Tensor]]
"""From a whole batch's images and targets (per branch, on the device) what each pixel or patch
counts, per branch. A loss that balances otherwise than evenly is one of these."""


def evenly(images: Sequence[Tensor], targets: Sequence[Tensor], total: Total = own) -> list[Tensor]:
    """All that is known counts the same (`even_weights`)."""
    return [even_weights(target, total) for target in targets]


def cluster_weights(target: Tensor, clusters: Tensor, k: int) -> Tensor:
    """Weights of the cluster-weighted cross-entropy, CWCE (Pedersen et al. 2022, section 2.4).

    CWCE is the mean, over the clusters that a batch holds, of the mean cross-entropy of each: so
    ``sparse_cross_entropy`` with these weights. As the paper's formula has it, there is no mean
    over classes besides.

    Args:
        target: ``(N, h, w)`` labels; 0 = unknown: counts nowhere, nor does a cluster of nothing
            else.
        clusters: ``(N,)`` int64, cluster of each sample.
        k: number of clusters.

    Returns:
        ``(N, h, w)`` float32, with the sum 1 (0 where nothing is known).
    """
    known = (target != IGNORE).float()
    member = functional.one_hot(clusters, k).float()
    counts = member.T @ known.sum(dim=(1, 2))
    present = (counts > 0).sum().clamp(min=1)
    each = member @ (1 / (counts.clamp(min=1) * present))
    return known * each[:, None, None]


def sparse_cross_entropy(logits: Tensor, labels: Tensor, weights: Tensor | None = None) -> Tensor:
    """Weighted sum of the cross-entropy over labelled pixels.

    Args:
        logits: ``(N, C, H, W)``, any float type (computed in float32).
        labels: ``(N, H, W)`` int64; 0 = ignore, label ``c + 1`` is channel ``c``.
        weights: ``(N, H, W)``; None: the mean over the labelled pixels (`even_weights`).

    Returns:
        Scalar float32 that always has a gradient path to `logits`.
    """
    weights = even_weights(labels) if weights is None else weights
    each = functional.cross_entropy(
        logits.float(), labels - 1, ignore_index=IGNORE - 1, reduction="none"
    )
    return (each * weights).sum()


def absolute_error(output: Tensor, target: Tensor, weights: Tensor | None = None) -> Tensor:
    """Weighted sum of absolute differences, as the authors' code of the scale detector has it.

    Args:
        output: ``(N, 1, h, w)``, any float type (computed in float32).
        target: ``(N, h, w)`` float; 0 = unknown.
        weights: as in `sparse_cross_entropy`.
    """
    weights = even_weights(target) if weights is None else weights
    return ((output[:, 0].float() - target).abs() * weights).sum()


def hooknet_loss(
    logits: Sequence[Tensor],
    targets: Sequence[Tensor],
    heads: Sequence[int],
    loss_weight: float | None,
    weights: Sequence[Tensor] | None = None,
    each: HeadLoss = sparse_cross_entropy,
) -> Tensor:
    """λ·first head + (1 − λ)·mean of the others (van Rijthoven et al. 2021, section 3.4).

    A network with one head has its loss, whatever λ. With λ = 1 / number of heads (None) all count
    the same: for a combined head and one per scale that is, but for a factor, the sum of the n + 1
    losses of a multi-scale classifier (Marini et al. 2021).

    Args:
        logits: per head ``(N, C, h, w)``, target first.
        targets: per *branch* ``(N, h, w)``, what `Network.targets` gives.
        heads: branch index of each head (`Network.heads`).
        loss_weight: λ in [0, 1]; None: all heads alike.
        weights: per *branch*, see `sparse_cross_entropy`; None: even ones over `targets`.
        each: loss of one head.
    """
    first, *others = (
        each(output, targets[b], even_weights(targets[b]) if weights is None else weights[b])
        for output, b in zip(logits, heads, strict=True)
    )
    if not others:
        return first
    share = 1 / len(heads) if loss_weight is None else loss_weight
    return share * first + (1 - share) * sum(others[1:], others[0]) / len(others)

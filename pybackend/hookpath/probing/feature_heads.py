"""Heads on frozen features: multinomial logistic regression, or one hidden layer."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional

from hookpath.models.linear_probe import ProbeHead

#: Steps of L-BFGS, at most; a linear head needs some 30.
_STEPS = 60
_STEPS_HIDDEN = 150


@dataclass(frozen=True)
class LabelledFeatures:
    """Cells to learn from.

    Attributes:
        features: ``(N, F)`` float32, standardised.
        labels: ``(N,)`` int64 class channels.
        weights: ``(N,)`` of each in the loss; they add up to 1.
        n_classes: C.
    """

    features: Tensor
    labels: Tensor
    weights: Tensor
    n_classes: int

    def only(self, which: Tensor) -> LabelledFeatures:
        """Some of the cells (``(N,)`` bool), weights adding up to 1 again."""
        weights = self.weights[which]
        total = weights.sum().clamp(min=1e-12)
        return LabelledFeatures(
            self.features[which], self.labels[which], weights / total, self.n_classes
        )


@dataclass(frozen=True)
class Weights:
    """A fitted head: ``last · relu(hidden · x)``, or ``last · x``; each a matrix and a bias."""

    tensors: tuple[Tensor, ...]

    def scores(self, features: Tensor) -> Tensor:
        """``(N, F)`` → ``(N, C)``."""
        x = features
        *before, matrix, bias = self.tensors
        if before:
            x = torch.relu(functional.linear(x, before[0], before[1]))
        return functional.linear(x, matrix, bias)

    def cooler(self, temperature: float) -> Weights:
        """The same with scores divided by a temperature."""
        *before, matrix, bias = self.tensors
        return Weights((*before, matrix / temperature, bias / temperature))

    def put_into(self, head: ProbeHead) -> None:
        """Make them a network's."""
        *before, matrix, bias = self.tensors
        layers = [(head.hidden, tuple(before))] if before else []
        for layer, (kernel, shift) in [*layers, (head.last, (matrix, bias))]:
            assert layer is not None
            with torch.no_grad():
                layer.weight.copy_(kernel[:, :, None, None])
                if layer.bias is not None:
                    layer.bias.copy_(shift)


def starting(material: LabelledFeatures, hidden: int, seed: int) -> Weights:
    """Where fitting begins: zeros, or (with a hidden layer) He-normal kernels."""
    features, classes = material.features.shape[1], material.n_classes
    if not hidden:
        return Weights((torch.zeros(classes, features), torch.zeros(classes)))
    draw = torch.Generator().manual_seed(seed)
    first = torch.randn(hidden, features, generator=draw) * (2 / features) ** 0.5
    last = torch.randn(classes, hidden, generator=draw) * (1 / hidden) ** 0.5
    return Weights((first, torch.zeros(hidden), last, torch.zeros(classes)))


def fit_head(material: LabelledFeatures, l2: float, start: Weights) -> Weights:
    """Minimise weighted cross-entropy + `l2`·Σw² (no biases), from `start` on, by L-BFGS.

    All cells count in every step, so nothing is left to chance.
    """
    found = Weights(tuple(t.clone().requires_grad_(True) for t in start.tensors))
    steps = _STEPS if len(found.tensors) == 2 else _STEPS_HIDDEN
    optimizer = torch.optim.LBFGS(
        list(found.tensors),
        max_iter=steps,
        history_size=20,
        tolerance_grad=1e-5,
        tolerance_change=1e-7,
        line_search_fn="strong_wolfe",
    )

    def loss() -> Tensor:
        optimizer.zero_grad()
        scores = found.scores(material.features)
        each = functional.cross_entropy(scores, material.labels, reduction="none")
        penalty = sum((t.square().sum() for t in found.tensors if t.ndim == 2), torch.zeros(()))
        total = (each * material.weights).sum() + l2 * penalty
        total.backward()  # type: ignore[no-untyped-call]
        return total

    with torch.enable_grad():
        optimizer.step(loss)  # type: ignore[arg-type, no-untyped-call]
    return Weights(tuple(t.detach() for t in found.tensors))


def log_loss(scores: Tensor, material: LabelledFeatures) -> float:
    """Weighted cross-entropy."""
    each = functional.cross_entropy(scores, material.labels, reduction="none")
    return float((each * material.weights).sum())


def best_temperature(scores: Tensor, material: LabelledFeatures) -> float:
    """What scores have to be divided by to tell how sure they are (Guo et al. 2017, 4.2).

    Of values from ¼ to 16, a twelfth of an octave apart.
    """
    tried = [2.0 ** (step / 12) for step in range(-24, 49)]
    return float(min(tried, key=lambda t: log_loss(scores / t, material)))

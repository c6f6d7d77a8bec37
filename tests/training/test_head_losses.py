"""The loss on maps small enough to work out by hand."""

from __future__ import annotations

import math

import pytest
import torch

from hookpath.training.losses.head_losses import (
    absolute_error,
    even_weights,
    evenly,
    hooknet_loss,
    sparse_cross_entropy,
)


def logits_for(probabilities: list[list[float]]) -> torch.Tensor:
    """``(1, C, 1, pixels)`` logits whose softmax is the given probabilities per pixel."""
    return torch.tensor(probabilities).log().T.reshape(1, -1, 1, len(probabilities))


def labels_of(*labels: int) -> torch.Tensor:
    return torch.tensor(labels).reshape(1, 1, -1)


def test_only_labelled_pixels_count() -> None:
    logits = logits_for([[0.5, 0.5], [0.25, 0.75], [0.9, 0.1]])
    loss = sparse_cross_entropy(logits, labels_of(1, 2, 0))
    assert float(loss) == pytest.approx((math.log(2) + math.log(4 / 3)) / 2)


def test_nothing_labelled_gives_zero_loss_and_zero_gradient() -> None:
    logits = torch.randn(2, 3, 4, 4, requires_grad=True)
    loss = sparse_cross_entropy(logits, torch.zeros(2, 4, 4, dtype=torch.int64))
    loss.backward()
    assert float(loss.detach()) == 0
    assert logits.grad is not None
    assert not logits.grad.any()


def test_gradient_reaches_labelled_pixels_only() -> None:
    logits = torch.zeros(1, 2, 1, 3, requires_grad=True)
    sparse_cross_entropy(logits, labels_of(0, 1, 0)).backward()
    assert logits.grad is not None
    assert logits.grad[0, :, 0, :].tolist() == [[0, -0.5, 0], [0, 0.5, 0]]


def test_lambda_weighs_target_against_the_mean_of_the_contexts() -> None:
    half, quarter, eighth = (logits_for([[p, 1 - p]]) for p in (0.5, 0.25, 0.125))
    labels = [labels_of(1)] * 3
    loss = hooknet_loss([half, quarter, eighth], labels, (0, 1, 2), 0.75)
    assert float(loss) == pytest.approx(math.log(2) * (0.75 * 1 + 0.25 * (2 + 3) / 2))


def test_a_head_reads_the_labels_of_its_own_branch() -> None:
    half, quarter = logits_for([[0.5, 0.5]]), logits_for([[0.25, 0.75]])
    labels = [labels_of(1), labels_of(2), labels_of(1)]
    loss = hooknet_loss([half, quarter], labels, (0, 2), 0.5)
    assert float(loss) == pytest.approx(math.log(2) * (0.5 * 1 + 0.5 * 2))


def test_without_context_heads_lambda_changes_nothing() -> None:
    loss = hooknet_loss([logits_for([[0.5, 0.5]])], [labels_of(1), labels_of(2)], (0,), 0.25)
    assert float(loss) == pytest.approx(math.log(2))


def test_an_unlabelled_context_leaves_the_target_share() -> None:
    half = logits_for([[0.5, 0.5]])
    loss = hooknet_loss([half, half], [labels_of(1), labels_of(0)], (0, 1), 0.75)
    assert float(loss) == pytest.approx(0.75 * math.log(2))


def test_without_lambda_all_heads_count_alike() -> None:
    """The n + 1 losses of a combined head and one per scale, divided by n + 1."""
    outputs = [logits_for([[p, 1 - p]]) for p in (0.5, 0.25, 0.125)]
    labels = [labels_of(1), labels_of(1)]
    loss = hooknet_loss(outputs, labels, (0, 0, 1), None)
    assert float(loss) == pytest.approx(math.log(2) * (1 + 2 + 3) / 3)


def test_weights_of_the_whole_batch_make_the_parts_add_up() -> None:
    logits, labels = torch.randn(4, 3, 2, 2), torch.randint(0, 4, (4, 2, 2))
    (weights,) = evenly([], [labels])
    parts = sum(
        sparse_cross_entropy(logits[p], labels[p], weights[p]) for p in (slice(0, 3), slice(3, 4))
    )
    assert float(parts) == pytest.approx(float(sparse_cross_entropy(logits, labels)), rel=1e-5)
    assert float(weights.sum()) == pytest.approx(1)
    assert not even_weights(torch.zeros(2, 1, 1)).any()


def test_other_weights_balance_otherwise() -> None:
    """As where every cluster counts the same, however many patches it holds."""
    logits = torch.tensor([[0.5, 0.5], [0.5, 0.5], [0.25, 0.75]]).log()[..., None, None]
    weights = torch.tensor([1 / 4, 1 / 4, 1 / 2]).reshape(3, 1, 1)
    loss = sparse_cross_entropy(logits, torch.ones(3, 1, 1, dtype=torch.int64), weights)
    assert float(loss) == pytest.approx(math.log(2) * (1 + 2) / 2)


def test_the_error_of_magnifications_is_their_mean_distance() -> None:
    output = torch.tensor([7.0, 16.0, 40.0]).reshape(3, 1, 1, 1)
    target = torch.tensor([5.0, 20.0, 0.0]).reshape(3, 1, 1)
    assert float(absolute_error(output, target)) == pytest.approx((2 + 4) / 2)

"""Losses of classes, weights of classes and smoothing, on maps small enough to work out by hand."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from hookpath.errors import UsageError
from hookpath.events import SILENT
from hookpath.projects import open_project
from hookpath.training import TrainConfig, train_network, training_loop
from hookpath.training.losses.class_losses import ClassLoss, balanced, by_class, dice_loss, given
from hookpath.training.losses.head_losses import even_weights, evenly, sparse_cross_entropy
from hookpath.training.optimization.batch_gradients import gradients
from hookpath.training.run.run_folder import RunFolder
from hookpath.training.session_setup import open_session
from hookpath.training.training_session import Session
from support.training import TINY, rows_of

#: Probabilities of two classes at three pixels; the last one is not labelled.
LOGITS = torch.tensor([[0.5, 0.5], [0.25, 0.75], [0.9, 0.1]]).log().T.reshape(1, 2, 1, 3)
LABELS = torch.tensor([1, 2, 0]).reshape(1, 1, 3)


def test_plain_cross_entropy_is_what_it_was() -> None:
    assert float(ClassLoss()(LOGITS, LABELS)) == float(sparse_cross_entropy(LOGITS, LABELS))


def test_focal_loss_weighs_by_how_unsure_a_pixel_is() -> None:
    expected = (0.5**2 * math.log(2) + 0.25**2 * math.log(4 / 3)) / 2
    assert float(ClassLoss("focal")(LOGITS, LABELS)) == pytest.approx(expected)
    plain = float(ClassLoss()(LOGITS, LABELS))
    assert float(ClassLoss("focal", gamma=0)(LOGITS, LABELS)) == pytest.approx(plain)


def test_smoothing_spreads_a_share_of_each_label_over_all_classes() -> None:
    first = -(0.95 * math.log(0.5) + 0.05 * math.log(0.5))
    second = -(0.95 * math.log(0.75) + 0.05 * math.log(0.25))
    smooth = ClassLoss(smoothing=0.1)(LOGITS, LABELS)
    assert float(smooth) == pytest.approx((first + second) / 2)


def test_dice_counts_labelled_pixels_only() -> None:
    """Class 1: 2·0.5 / (0.75 + 1); class 2: 2·0.75 / (1.25 + 1)."""
    expected = 1 - (1 / 1.75 + 1.5 / 2.25) / 2
    assert float(dice_loss(LOGITS, LABELS, even_weights(LABELS))) == pytest.approx(expected)
    both = float(ClassLoss("ce+dice")(LOGITS, LABELS))
    assert both == pytest.approx(expected + float(sparse_cross_entropy(LOGITS, LABELS)))


def test_dice_leaves_out_a_class_that_the_batch_does_not_hold() -> None:
    labels = torch.tensor([1, 0, 0]).reshape(1, 1, 3)
    expected = 1 - 2 * 0.5 / (0.5 + 1)
    assert float(dice_loss(LOGITS, labels, even_weights(labels))) == pytest.approx(expected)


@pytest.mark.parametrize("kind", ["ce", "ce+dice", "focal"])
def test_unlabelled_pixels_get_no_gradient_and_nothing_labelled_is_no_loss(kind: Any) -> None:
    loss = ClassLoss(kind, smoothing=0.1)
    logits = LOGITS.clone().requires_grad_()
    loss(logits, LABELS).backward()
    assert logits.grad is not None
    assert not logits.grad[..., 2].any()
    assert logits.grad[..., :2].all()
    nothing = LOGITS.clone().requires_grad_()
    none = loss(nothing, torch.zeros_like(LABELS))
    none.backward()
    assert float(none.detach()) == 0
    assert nothing.grad is not None
    assert not nothing.grad.any()


def test_weights_of_classes_multiply_and_the_sum_stays() -> None:
    weigh = by_class(evenly, lambda: [1.0, 3.0])
    (weights,) = weigh([], [LABELS])
    assert weights.flatten().tolist() == pytest.approx([0.25, 0.75, 0.0])
    loss = float(ClassLoss()(LOGITS, LABELS, weights))
    assert loss == pytest.approx(0.25 * math.log(2) + 0.75 * math.log(4 / 3))
    (none,) = weigh([], [torch.zeros_like(LABELS)])
    assert not none.any()


def test_balanced_weights_make_classes_equal() -> None:
    pixels = np.array([300, 100], np.int64)
    assert (np.array(balanced(pixels)) * pixels / 400).tolist() == pytest.approx([0.5, 0.5])
    assert balanced(np.array([99_999, 1], np.int64))[1] == pytest.approx(50)


def test_weights_are_given_by_name() -> None:
    assert given({"B": 2}, ["A", "B"]) == [1.0, 2.0]
    with pytest.raises(UsageError, match=r"class_weights: 'C' is no class; there are: A, B"):
        given({"C": 2}, ["A", "B"])


def opened(folder: Path, run: Path, *settings: str) -> Session:
    config = TrainConfig.load(overrides=[*TINY, *settings])
    return open_session([open_project(folder)], config, RunFolder(run), False, SILENT)


@pytest.mark.parametrize("loss", ["ce", "ce+dice", "focal"])
def test_the_gradients_of_parts_are_those_of_the_batch(
    folder: Path, tmp_path: Path, loss: str
) -> None:
    """Weights of classes and smoothing included; normalisation as in evaluation."""
    session = opened(
        folder, tmp_path / "run", f"loss={loss}", "class_weights.Dark=3", "label_smoothing=0.1"
    )
    try:
        session.model.eval()
        batch = next(session.stream)
        found = []
        for size in (4, 3, 1):
            value = gradients(session, batch, size)
            weights = session.model.parameters()
            found.append((value, torch.cat([w.grad.flatten() for w in weights])))
        assert found[0][1].abs().max() > 1e-3
        for value, gradient in found[1:]:
            torch.testing.assert_close(value, found[0][0], rtol=1e-5, atol=1e-6)
            torch.testing.assert_close(gradient, found[0][1], rtol=1e-4, atol=1e-6)
    finally:
        session.close()


def test_what_goes_through_twice_leaves_one_trace(folder: Path, tmp_path: Path) -> None:
    """Running statistics and random numbers after a step with Dice are those of a step without."""
    seen = {}
    for loss in ("ce", "ce+dice"):
        session = opened(folder, tmp_path / loss, f"loss={loss}", "at_once=2")
        try:
            gradients(session, next(session.stream), 2)
            norms = [b.clone() for b in session.model.buffers()]
            seen[loss] = norms, torch.get_rng_state()
        finally:
            session.close()
    for ours, plain in zip(seen["ce+dice"][0], seen["ce"][0], strict=True):
        assert torch.equal(ours, plain)
    assert torch.equal(seen["ce+dice"][1], seen["ce"][1])


def test_a_run_with_everything_set_learns_and_its_validation_is_cross_entropy(
    folder: Path, tmp_path: Path
) -> None:
    settings = ("loss=ce+dice", "class_weights=balanced", "label_smoothing=0.05", "at_once=2")
    config = TrainConfig.load(overrides=[*TINY, *settings])
    train_network([open_project(folder)], config, tmp_path / "run")
    rows = rows_of(tmp_path / "run")
    assert float(rows[-1]["loss"]) < float(rows[0]["loss"])


def test_losses_of_classes_are_refused_where_there_are_none(folder: Path, tmp_path: Path) -> None:
    wrong = {"loss=focal": "loss", "class_weights=balanced": "class_weights"}
    for setting, name in wrong.items():
        values = ["preset=fast", "family=scale", "backbone_weights=none", setting]
        config = TrainConfig.load(overrides=values)
        with pytest.raises(UsageError, match=f"{name} is for classes, and this network learns R²"):
            train_network([open_project(folder)], config, tmp_path / "run")


def test_balance_follows_what_the_stream_has_shown(folder: Path, tmp_path: Path) -> None:
    session = opened(folder, tmp_path / "run", "class_weights=balanced")
    try:
        batch = next(session.stream)
        images, labels = session.augment(batch, "cpu", 0)
        target = session.model.targets(labels)[0]
        (first, *_) = session.weigh(images, session.model.targets(labels))
        sums = [float(first[target == label].sum()) for label in (1, 2)]
        assert sums == pytest.approx([0.5, 0.5])
    finally:
        session.close()


def test_the_loop_uses_the_shared_gradients() -> None:
    assert training_loop.gradients is gradients  # type: ignore[attr-defined]

"""Confusion counts on maps small enough to count by hand."""

from __future__ import annotations

import math
import warnings

import numpy as np
import pytest
from sklearn import metrics as skmetrics

from hookpath.confusion_metrics import (
    balanced_accuracy,
    cohen_kappa,
    confusion,
    f1_per_class,
    macro_f1,
    mean_squared_error,
    r_squared,
)


def test_only_labelled_pixels_are_counted() -> None:
    truth = np.array([[0, 1, 1], [2, 2, 0]], dtype=np.uint8)
    guess = np.array([[2, 1, 2], [2, 2, 1]], dtype=np.uint8)
    assert confusion(truth, guess, 2).tolist() == [[1, 1], [0, 2]]


def test_f1_is_that_worked_out_by_hand() -> None:
    counts = np.array([[1, 1], [0, 2]])
    assert f1_per_class(counts).tolist() == pytest.approx([2 / 3, 4 / 5])
    assert macro_f1(counts) == pytest.approx((2 / 3 + 4 / 5) / 2)


def test_a_class_without_truth_is_left_out_of_the_mean_but_costs_the_others() -> None:
    counts = np.array([[3, 1, 0], [0, 0, 0], [0, 0, 4]])
    f1 = f1_per_class(counts)
    assert f1[1] == 0
    assert macro_f1(counts) == pytest.approx((6 / 7 + 1) / 2)


def test_nothing_labelled_gives_nan_not_a_figure() -> None:
    counts = confusion(np.zeros((2, 2), np.uint8), np.ones((2, 2), np.uint8), 3)
    assert counts.sum() == 0
    assert np.isnan(f1_per_class(counts)).all()
    assert math.isnan(macro_f1(counts))


def test_wrong_shapes_and_labels_are_refused() -> None:
    with pytest.raises(ValueError, match="truth is"):
        confusion(np.ones((2, 2)), np.ones((2, 3)), 2)
    with pytest.raises(ValueError, match="outside 1…2"):
        confusion(np.array([3]), np.array([1]), 2)
    with pytest.raises(ValueError, match="prediction"):
        confusion(np.array([1]), np.array([0]), 2)


def drawn_labels(seed: int) -> tuple[np.ndarray, np.ndarray]:
    """300 labels 1…4, two thirds of them predicted right; class 3 is never the truth."""
    rng = np.random.default_rng(seed)
    truth = rng.choice([1, 2, 4], 300, p=[0.6, 0.3, 0.1])
    return truth, np.where(rng.random(300) < 2 / 3, truth, rng.integers(1, 5, 300))


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("weights", [None, "linear", "quadratic"])
def test_kappa_is_that_of_scikit_learn(seed: int, weights: str | None) -> None:
    truth, guess = drawn_labels(seed)
    theirs = skmetrics.cohen_kappa_score(truth, guess, labels=[1, 2, 3, 4], weights=weights)
    ours = cohen_kappa(confusion(truth, guess, 4), weights)  # type: ignore[arg-type]
    assert ours == pytest.approx(theirs, abs=1e-9)


@pytest.mark.parametrize("seed", range(4))
def test_balanced_accuracy_is_that_of_scikit_learn(seed: int) -> None:
    truth, guess = drawn_labels(seed)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # a predicted class that is never true
        theirs = skmetrics.balanced_accuracy_score(truth, guess)
    assert balanced_accuracy(confusion(truth, guess, 4)) == pytest.approx(theirs, abs=1e-9)


def test_what_was_not_predicted_lowers_balanced_accuracy() -> None:
    assert balanced_accuracy([[3, 0, 1], [0, 2, 2]]) == pytest.approx((3 / 4 + 2 / 4) / 2)


def test_agreement_that_cannot_be_measured_is_undefined() -> None:
    assert math.isnan(cohen_kappa([[7, 0], [0, 0]]))
    assert math.isnan(cohen_kappa(np.zeros((2, 2))))
    assert math.isnan(balanced_accuracy(np.zeros((2, 2))))
    assert cohen_kappa([[0, 0], [7, 0]]) == 0


@pytest.mark.parametrize("seed", range(3))
def test_errors_of_numbers_are_those_of_scikit_learn(seed: int) -> None:
    rng = np.random.default_rng(seed)
    truth = rng.uniform(5, 40, 50)
    guess = truth + rng.normal(0, 3, 50)
    assert r_squared(truth, guess) == pytest.approx(skmetrics.r2_score(truth, guess), abs=1e-9)
    theirs = skmetrics.mean_squared_error(truth, guess)
    assert mean_squared_error(truth, guess) == pytest.approx(theirs, abs=1e-9)


def test_no_spread_to_explain_is_no_r_squared() -> None:
    assert math.isnan(r_squared([2, 2], [2, 2]))
    assert math.isnan(r_squared([], []))
    assert math.isnan(mean_squared_error([], []))
    with pytest.raises(ValueError, match="2 true values but 3"):
        r_squared([1, 2], [1, 2, 3])

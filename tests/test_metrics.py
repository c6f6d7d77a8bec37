"""Confusion counts on maps small enough to count by hand."""

from __future__ import annotations

import math

import numpy as np
import pytest

from hookpath.metrics import confusion, f1_per_class, macro_f1


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

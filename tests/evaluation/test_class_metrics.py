"""Metrics from confusion counts: by hand, and the same as scikit-learn's."""

from __future__ import annotations

import math
import warnings

import numpy as np
import pytest

from hookpath.confusion_metrics import macro_f1
from hookpath.evaluation import confusion_matrix, scores
from hookpath.evaluation.class_metrics import METRICS, row_normalised, spread


def test_metrics_of_a_hand_counted_map() -> None:
    truth = np.array([[1, 1, 1, 1], [2, 2, 2, 0]])
    guess = np.array([[1, 1, 1, 2], [2, 2, 1, 1]])
    found = scores(confusion_matrix(truth, guess, 2))
    assert found.counts.tolist() == [[3, 1, 0], [1, 2, 0]]
    assert found.f1.tolist() == pytest.approx([6 / 8, 4 / 6])
    assert found.dice.tolist() == found.f1.tolist()
    assert found.precision.tolist() == pytest.approx([3 / 4, 2 / 3])
    assert found.recall.tolist() == pytest.approx([3 / 4, 2 / 3])
    assert found.iou.tolist() == pytest.approx([3 / 5, 2 / 4])
    assert found.accuracy == pytest.approx(5 / 7)
    assert found.macro("f1") == pytest.approx((6 / 8 + 4 / 6) / 2)
    assert found.support.tolist() == [4, 3]


def test_what_was_not_predicted_is_a_miss_and_nobodys_false_alarm() -> None:
    truth = np.array([1, 1, 1, 1, 2, 2])
    guess = np.array([1, 1, 0, 0, 2, 0])
    found = scores(confusion_matrix(truth, guess, 2))
    assert found.counts.tolist() == [[2, 0, 2], [0, 1, 1]]
    assert found.precision.tolist() == [1.0, 1.0]
    assert found.recall.tolist() == [0.5, 0.5]
    assert found.f1.tolist() == pytest.approx([2 / 3, 2 / 3])
    assert found.iou.tolist() == [0.5, 0.5]
    assert found.accuracy == 0.5


def test_undrawn_pixels_never_count() -> None:
    guess = np.random.default_rng(0).integers(0, 4, (40, 40))
    counts = confusion_matrix(np.zeros((40, 40), np.uint8), guess, 3)
    assert counts.sum() == 0
    assert math.isnan(scores(counts).accuracy)
    assert math.isnan(scores(counts).macro())


def test_a_class_in_neither_is_undefined_and_left_out_of_the_mean() -> None:
    found = scores([[3, 0, 1, 0], [0, 0, 0, 0], [0, 0, 4, 0]])
    assert np.isnan(found.f1[1])
    assert np.isnan(found.iou[1])
    assert found.macro() == pytest.approx((6 / 7 + 8 / 9) / 2)


def test_precision_needs_a_prediction_and_recall_a_truth() -> None:
    missed_and_invented = scores([[0, 5], [0, 0]])
    assert np.isnan(missed_and_invented.precision[0])
    assert missed_and_invented.recall[0] == 0
    assert missed_and_invented.precision[1] == 0
    assert np.isnan(missed_and_invented.recall[1])
    assert missed_and_invented.f1.tolist() == [0.0, 0.0]


@pytest.mark.parametrize("seed", range(6))
def test_metrics_equal_those_of_scikit_learn(seed: int) -> None:
    metrics = pytest.importorskip("sklearn.metrics")
    rng = np.random.default_rng(seed)
    n_classes, size = 5, 4000
    truth = rng.integers(0, n_classes + 1, size)
    guess = np.where(rng.random(size) < 0.6, truth, rng.integers(0, n_classes + 1, size))
    absent = seed % n_classes + 1
    if seed % 2:  # one class that nobody drew, and in half of these nobody predicted either
        truth[truth == absent] = 0
        guess[guess == absent] = absent if seed % 3 else 0
    known = truth != 0
    t, p = truth[known], guess[known]
    labels = list(range(1, n_classes + 1))
    found = scores(confusion_matrix(truth, guess, n_classes))

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        precision, recall, f1, support = metrics.precision_recall_fscore_support(
            t, p, labels=labels, zero_division=np.nan
        )
        iou = metrics.jaccard_score(t, p, labels=labels, average=None, zero_division=0)
    iou = np.where(np.isin(labels, t) | np.isin(labels, p), iou, np.nan)
    for name, theirs in {"precision": precision, "recall": recall, "f1": f1, "iou": iou}.items():
        np.testing.assert_allclose(found.of(name), theirs, rtol=0, atol=1e-9, err_msg=name)
        annotated = theirs[np.isin(labels, t)]
        assert found.macro(name) == pytest.approx(float(np.nanmean(annotated)), abs=1e-9)
    assert found.support.tolist() == support.tolist()
    assert found.accuracy == pytest.approx(metrics.accuracy_score(t, p), abs=1e-9)
    theirs = metrics.confusion_matrix(t, p, labels=[*labels, 0])
    assert found.counts.tolist() == theirs[:n_classes].tolist()
    shares = metrics.confusion_matrix(t, p, labels=[*labels, 0], normalize="true")[:n_classes]
    np.testing.assert_allclose(np.nan_to_num(row_normalised(found.counts)), shares, atol=1e-9)


def test_macro_f1_is_scikit_learns_over_the_drawn_classes_and_that_of_training() -> None:
    metrics = pytest.importorskip("sklearn.metrics")
    truth, guess = np.array([1, 1, 1, 3, 3, 3, 3]), np.array([1, 1, 2, 3, 3, 3, 1])
    theirs = metrics.f1_score(truth, guess, average="macro", labels=[1, 3])
    found = scores(confusion_matrix(truth, guess, 4))
    assert found.macro() == pytest.approx(theirs, abs=1e-9)
    assert found.macro() == pytest.approx(macro_f1(found.counts[:, :4]), abs=1e-12)


def test_one_wrong_pixel_of_a_class_nobody_drew_does_not_halve_the_mean() -> None:
    found = scores([[999, 1], [0, 0]])
    assert found.f1.tolist() == [pytest.approx(2 * 999 / 1999), 0.0]
    assert found.macro() == pytest.approx(2 * 999 / 1999)
    assert np.isnan(found.annotated()[1])


def test_spread_leaves_undefined_slides_out() -> None:
    found = spread([0.5, float("nan"), 0.9])
    assert (found.mean, found.n) == (pytest.approx(0.7), 2)
    assert found.std == pytest.approx(math.sqrt(0.08))
    assert math.isnan(spread([0.5]).std)
    assert math.isnan(spread([]).mean)


def test_json_has_no_nan() -> None:
    found = scores([[1, 0], [0, 0]]).as_dict(("a", "b"))
    assert found["classes"]["b"]["f1"] is None
    assert found["classes"]["a"]["dice"] == 1.0
    assert set(METRICS) <= set(found["macro"])


def test_labels_beyond_the_classes_are_refused() -> None:
    with pytest.raises(ValueError, match="above 2"):
        confusion_matrix(np.array([1]), np.array([3]), 2)
    with pytest.raises(ValueError, match="outside"):
        confusion_matrix(np.array([5]), np.array([1]), 2)
    with pytest.raises(ValueError, match="truth is"):
        confusion_matrix(np.ones((2, 2)), np.ones((2, 3)), 2)
    with pytest.raises(ValueError, match="not \\(C, C\\)"):
        scores(np.zeros((2, 4)))


def test_unknown_truth_classes_get_rows_of_their_own() -> None:
    counts = confusion_matrix(np.array([1, 2, 3, 3]), np.array([1, 1, 2, 0]), 2, n_truth=3)
    assert counts.tolist() == [[1, 0, 0], [1, 0, 0], [0, 1, 1]]


def test_classes_of_no_interest_have_metrics_but_enter_no_mean() -> None:
    found = scores([[3, 1, 0], [2, 2, 0]], [True, False])
    assert found.f1.tolist() == pytest.approx([6 / 9, 4 / 7])
    assert found.macro() == pytest.approx(6 / 9)
    assert found.balanced_accuracy == 3 / 4
    assert found.accuracy == 5 / 8
    assert macro_f1([[3, 1], [2, 2]], [True, False]) == pytest.approx(6 / 9)
    assert math.isnan(macro_f1([[0, 0], [2, 2]], [True, False]))

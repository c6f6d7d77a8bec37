"""Calibration and precision–recall of counted probabilities, against scikit-learn and by hand."""

from __future__ import annotations

import math

import numpy as np
import pytest
from sklearn.calibration import calibration_curve
from sklearn.metrics import average_precision_score, precision_recall_curve

from hookpath.evaluation.scoring.calibration import (
    ap_of_bins,
    ece_of_bins,
    precision_recall,
    reliability,
)
from hookpath.evaluation.scoring.roc import count_probabilities


def counted(truth: np.ndarray, scores: np.ndarray) -> np.ndarray:
    """``(2, 2, 256)`` of class 1 (index 0) with these probabilities × 255."""
    maps = np.stack([scores, 255 - scores], axis=-1).astype(np.uint8)[None]
    return count_probabilities(np.where(truth, 1, 2)[None], maps)


@pytest.fixture
def case() -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(5)
    truth = rng.random(4000) < 0.3
    return truth, np.clip(rng.normal(90 + 70 * truth, 50), 1, 254).astype(np.uint8)


def test_average_precision_is_scikit_learns(case: tuple[np.ndarray, np.ndarray]) -> None:
    truth, scores = case
    theirs = average_precision_score(truth, scores)
    assert ap_of_bins(counted(truth, scores))[0] == pytest.approx(theirs, abs=1e-12)
    thresholds, recall, precision = precision_recall(counted(truth, scores)[0])
    p, r, t = precision_recall_curve(truth, scores / 255)
    assert recall.tolist() == pytest.approx(r[:-1][::-1].tolist())
    assert precision.tolist() == pytest.approx(p[:-1][::-1].tolist())
    assert thresholds.tolist() == pytest.approx(t[::-1].tolist())


def test_reliability_is_scikit_learns(case: tuple[np.ndarray, np.ndarray]) -> None:
    truth, scores = case
    mean, right, pixels = reliability(counted(truth, scores)[0])
    there = pixels > 0
    theirs_right, theirs_mean = calibration_curve(truth, scores / 255, n_bins=10)
    assert mean[there].tolist() == pytest.approx(theirs_mean.tolist())
    assert right[there].tolist() == pytest.approx(theirs_right.tolist())
    assert pixels.sum() == truth.size


def test_calibration_error_by_hand() -> None:
    # Ten pixels at 0.2 of which four are right, ten at 0.8 of which eight are.
    truth = np.array([1] * 4 + [0] * 6 + [1] * 8 + [0] * 2, dtype=bool)
    scores = np.array([51] * 10 + [204] * 10, dtype=np.uint8)
    assert ece_of_bins(counted(truth, scores))[0] == pytest.approx(0.1)
    assert ap_of_bins(counted(truth, scores))[0] == pytest.approx((8 * 0.8 + 4 * 0.6) / 12)


def test_a_class_that_is_not_there_has_no_figure() -> None:
    bins = counted(np.zeros(5, bool), np.full(5, 100, np.uint8))
    assert math.isnan(ece_of_bins(bins)[0])
    assert math.isnan(ap_of_bins(bins)[0])


def test_pixels_that_were_not_predicted_have_no_probability() -> None:
    labels = np.array([[1, 1, 2]])
    maps = np.array([[[200, 55], [0, 0], [10, 245]]], np.uint8)
    assert count_probabilities(labels, maps).sum() == 2 * 2

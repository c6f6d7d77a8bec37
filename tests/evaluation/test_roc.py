"""ROC curves and areas of counted probabilities, against scikit-learn."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt
import pytest
from sklearn import metrics

from hookpath.evaluation.scoring.roc import (
    Bins,
    auc_of_bins,
    count_probabilities,
    roc_of_bins,
)


def scored(seed: int, n: int = 400) -> tuple[np.ndarray, np.ndarray]:
    """Truth, and scores that know something of it."""
    rng = np.random.default_rng(seed)
    truth = rng.random(n) < 0.3
    return truth, np.clip(rng.normal(0.4 + 0.3 * truth, 0.2), 0, 1)


def bins_of(truth: npt.ArrayLike, scores: npt.ArrayLike) -> Bins:
    """Of two classes: how probable the second one is."""
    stepped = np.rint(np.asarray(scores) * 255).astype(np.uint8)
    return count_probabilities(np.where(truth, 2, 1), np.stack([255 - stepped, stepped], axis=-1))


def probability_maps(seed: int, size: int = 40) -> tuple[np.ndarray, np.ndarray]:
    """Labels 0…4 (4: a class that the model does not know), uint8 probabilities of 3 classes."""
    rng = np.random.default_rng(seed)
    truth = rng.integers(0, 5, (size, size))
    logits = rng.normal(0, 1, (size, size, 3)) + 1.2 * (truth[..., None] == np.arange(1, 4))
    shares = np.exp(logits) / np.exp(logits).sum(-1, keepdims=True)
    return truth, np.rint(shares * 255).astype(np.uint8)


@pytest.mark.parametrize("seed", range(4))
def test_one_class_against_all_others_from_uint8_probabilities(seed: int) -> None:
    truth, probabilities = probability_maps(seed)
    bins = count_probabilities(truth, probabilities)
    known = (truth > 0) & (truth < 4)
    for index in range(3):
        own, scores = truth[known] == index + 1, probabilities[known][:, index]
        theirs = metrics.roc_auc_score(own, scores)
        assert auc_of_bins(bins)[index] == pytest.approx(theirs, abs=1e-9)
        ours = roc_of_bins(bins[index])
        fpr, tpr, thresholds = metrics.roc_curve(own, scores / 255, drop_intermediate=False)
        assert ours.fpr == pytest.approx(fpr, abs=1e-9)
        assert ours.tpr == pytest.approx(tpr, abs=1e-9)
        assert ours.thresholds == pytest.approx(thresholds, abs=1e-12)
        assert ours.auc == pytest.approx(theirs, abs=1e-9)


def test_pooled_over_slides_is_the_sum_of_their_bins() -> None:
    maps = [probability_maps(seed) for seed in range(3)]
    pooled = sum(count_probabilities(*m) for m in maps)
    truth = np.concatenate([t.ravel() for t, _ in maps])
    scores = np.concatenate([p.reshape(-1, 3) for _, p in maps])
    known = (truth > 0) & (truth < 4)
    expected = metrics.roc_auc_score(truth[known] == 2, scores[known][:, 1])
    assert auc_of_bins(pooled)[1] == pytest.approx(expected, abs=1e-9)


def test_bins_cost_at_most_what_256_steps_cost() -> None:
    truth, scores = scored(0, 20000)
    exact = metrics.roc_auc_score(truth, scores)
    assert auc_of_bins(bins_of(truth, scores))[1] == pytest.approx(exact, abs=1e-3)


def test_without_the_class_or_without_others_there_is_no_area() -> None:
    probabilities = np.full((1, 3, 2), 128, np.uint8)
    areas = auc_of_bins(count_probabilities([[1, 1, 0]], probabilities))
    assert [math.isnan(a) for a in areas] == [True, True]
    assert math.isnan(roc_of_bins(bins_of([True, True], [0.1, 0.2])[1]).auc)


def test_perfect_useless_and_reversed_scores() -> None:
    truth = [False, False, True, True]
    for scores, area in (([0.1, 0.2, 0.8, 0.9], 1), ([0.5] * 4, 0.5), ([0.9, 0.8, 0.2, 0.1], 0)):
        bins = bins_of(truth, scores)
        assert roc_of_bins(bins[1]).auc == auc_of_bins(bins)[1] == area

"""Intervals by resampled slides: scipy's for means, and as wide as theory says."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import stats

from hookpath.confusion_metrics import macro_f1
from hookpath.evaluation.statistics.bootstrap import (
    FEWEST_SLIDES,
    each,
    mean_interval,
    pooled_intervals,
    resampled_slides,
    resampled_sums,
)


@pytest.mark.parametrize("n", [3, 7, 40])
def test_interval_of_a_mean_is_that_of_scipy(n: int) -> None:
    values = np.random.default_rng(n).beta(8, 2, n)
    theirs = stats.bootstrap(
        (values,), np.mean, n_resamples=500, method="percentile",
        random_state=np.random.default_rng(5),
    ).confidence_interval  # fmt: skip
    ours = mean_interval(values, resamples=500, seed=5)
    assert (ours.low, ours.high) == pytest.approx((theirs.low, theirs.high), abs=1e-9)


def test_interval_of_a_pooled_figure_is_that_of_scipy() -> None:
    counts = np.random.default_rng(1).integers(1, 100, (8, 2, 2))

    def pooled(*columns: np.ndarray) -> float:
        return macro_f1(np.array([c.sum() for c in columns]).reshape(2, 2))

    theirs = stats.bootstrap(
        tuple(counts.reshape(8, 4).T), pooled, paired=True, vectorized=False, n_resamples=300,
        method="percentile", random_state=np.random.default_rng(2),
    ).confidence_interval  # fmt: skip
    (ours,) = pooled_intervals(counts, each(lambda c: [macro_f1(c)]), resamples=300, seed=2)
    assert (ours.low, ours.high) == pytest.approx((theirs.low, theirs.high), abs=1e-9)


def test_the_same_seed_draws_the_same_slides() -> None:
    assert resampled_slides(9, seed=3).tolist() == resampled_slides(9, seed=3).tolist()
    assert resampled_slides(9, seed=3).tolist() != resampled_slides(9, seed=4).tolist()
    values = [0.1, 0.5, 0.9, 0.4]
    assert mean_interval(values) == mean_interval(values)


def test_sums_are_of_the_slides_drawn() -> None:
    counts = np.array([[1, 10], [2, 20], [3, 30]])
    expected = [counts[row].sum(axis=0).tolist() for row in resampled_slides(3, 50, 7)]
    assert resampled_sums(counts, 50, 7).tolist() == expected


def test_a_wide_sample_covers_the_true_mean_about_as_often_as_it_says() -> None:
    rng = np.random.default_rng(0)
    found = [mean_interval(rng.normal(0.7, 0.1, 30), seed=i) for i in range(500)]
    covered = np.mean([i.low <= 0.7 <= i.high for i in found])
    assert 0.90 < covered < 0.98


def test_slides_without_the_figure_do_not_enter() -> None:
    values = [0.2, 0.4, 0.5, 0.9]
    assert mean_interval([0.2, np.nan, 0.4, 0.5, np.nan, 0.9]) == mean_interval(values)


def test_too_few_slides_have_no_interval() -> None:
    few = mean_interval([0.5] * (FEWEST_SLIDES - 1))
    assert math.isnan(few.low)
    assert few.as_dict() == {"low": None, "high": None, "level": 0.95}
    (pooled,) = pooled_intervals(np.ones((2, 2, 2), int), each(lambda c: [macro_f1(c)]))
    assert math.isnan(pooled.high)

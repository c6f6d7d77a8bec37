"""Figures from counts, and intervals from resampled slides."""

from __future__ import annotations

import math

import numpy as np
import pytest
from sklearn.metrics import balanced_accuracy_score, cohen_kappa_score

from hookpath.errors import UsageError
from hookpath.experiments.figures import figure_named, figures_of, interval

COUNTS = np.array([[50, 10, 5, 0], [3, 40, 7, 0], [0, 6, 30, 0]])


def labels_of(counts: np.ndarray) -> tuple[list[int], list[int]]:
    pairs = [(r, c, n) for (r, c), n in np.ndenumerate(counts)]
    truth = [r for r, _, n in pairs for _ in range(n)]
    return truth, [c for _, c, n in pairs for _ in range(n)]


def test_kappa_and_balanced_accuracy_are_scikit_learns() -> None:
    truth, guess = labels_of(COUNTS)
    figures = figures_of("kappa", ["a", "b", "c"])
    assert figures["κ"](COUNTS) == pytest.approx(cohen_kappa_score(truth, guess), abs=1e-9)
    expected = balanced_accuracy_score(truth, guess)
    assert figures["balanced accuracy"](COUNTS) == pytest.approx(expected, abs=1e-9)


def test_f1_has_a_column_for_every_class_and_their_mean() -> None:
    figures = figures_of("f1", ["a", "b", "c"])
    values = [f(COUNTS) for f in figures.values()]
    assert list(figures) == ["a", "b", "c", "macro"]
    assert values[0] == pytest.approx(2 * 50 / (65 + 53))
    assert values[3] == pytest.approx(sum(values[:3]) / 3)


def test_an_unknown_figure_is_named_with_those_there_are() -> None:
    with pytest.raises(UsageError, match=r"no figure 'Fat'.*a, b, macro"):
        figure_named("f1", ["a", "b"], "Fat")


def test_slides_that_agree_leave_no_doubt() -> None:
    def accuracy(pooled: list[np.ndarray]) -> float:
        return float(np.trace(pooled[0]) / pooled[0].sum())

    same = [[np.array([[3, 1], [0, 4]])]] * 5
    assert interval(same, accuracy) == (pytest.approx(7 / 8), pytest.approx(7 / 8))
    mixed = [[np.diag([n, 8 - n])] if n % 2 else [np.array([[0, 4], [4, 0]])] for n in range(6)]
    low, high = interval(mixed, accuracy)
    assert low < 0.5 < high
    assert interval(mixed, accuracy) == (low, high)


def test_networks_are_resampled_together() -> None:
    """Two networks, one always 10 % better: the interval of the difference has no width."""
    slides = []
    for right in (20, 50, 80):
        worse = np.array([[right, 100 - right], [0, 100]])
        better = np.array([[right + 10, 90 - right], [0, 100]])
        slides.append([better, worse])

    def difference(pooled: list[np.ndarray]) -> float:
        return float(np.trace(pooled[0]) / pooled[0].sum() - np.trace(pooled[1]) / pooled[1].sum())

    low, high = interval(slides, difference)
    assert math.isclose(low, 0.05)
    assert math.isclose(high, 0.05)

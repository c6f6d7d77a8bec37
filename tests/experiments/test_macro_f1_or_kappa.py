"""Metrics from counts, and intervals from resampled slides."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.metrics import balanced_accuracy_score, cohen_kappa_score

from hookpath.experiments.macro_f1_or_kappa import metrics_of

COUNTS = np.array([[50, 10, 5, 0], [3, 40, 7, 0], [0, 6, 30, 0]])


def labels_of(counts: np.ndarray) -> tuple[list[int], list[int]]:
    pairs = [(r, c, n) for (r, c), n in np.ndenumerate(counts)]
    truth = [r for r, _, n in pairs for _ in range(n)]
    return truth, [c for _, c, n in pairs for _ in range(n)]


def test_kappa_and_balanced_accuracy_are_scikit_learns() -> None:
    truth, guess = labels_of(COUNTS)
    metrics = metrics_of("kappa", ["a", "b", "c"])
    assert metrics["κ"](COUNTS) == pytest.approx(cohen_kappa_score(truth, guess), abs=1e-9)
    expected = balanced_accuracy_score(truth, guess)
    assert metrics["balanced accuracy"](COUNTS) == pytest.approx(expected, abs=1e-9)


def test_f1_has_a_column_for_every_class_and_their_mean() -> None:
    metrics = metrics_of("f1", ["a", "b", "c"])
    values = [f(COUNTS) for f in metrics.values()]
    assert list(metrics) == ["a", "b", "c", "macro"]
    assert values[0] == pytest.approx(2 * 50 / (65 + 53))
    assert values[3] == pytest.approx(sum(values[:3]) / 3)

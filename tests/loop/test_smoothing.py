"""Class maps without specks, pinholes and ragged edges."""

from __future__ import annotations

import numpy as np
import pytest

from hookpath.loop.proposals import smoothing
from hookpath.loop.proposals.smoothing import smooth_labels, without_specks


def certain(labels: np.ndarray, classes: int = 2) -> np.ndarray:
    """Probabilities 0…255 that make exactly these labels."""
    return np.stack([(labels == c + 1) * 255 for c in range(classes)]).astype(np.uint8)


def smoothed(labels: np.ndarray, sigma: float) -> np.ndarray:
    found = certain(labels)
    return smooth_labels(lambda top, bottom: found[:, top:bottom], *labels.shape, sigma)  # type: ignore[call-arg]


def test_without_smoothing_labels_stay() -> None:
    labels = np.random.default_rng(0).integers(0, 3, (40, 50)).astype(np.uint8)
    assert np.array_equal(smoothed(labels, 0), labels)


def test_specks_vanish_and_straight_borders_stay() -> None:
    labels = np.ones((40, 60), np.uint8)
    labels[:, 30:] = 2
    speckled = labels.copy()
    speckled[10, 10] = 2
    speckled[20, 45] = 1
    assert np.array_equal(smoothed(speckled, 2), labels)


def test_nothing_grows_where_nothing_was_predicted() -> None:
    labels = np.zeros((40, 40), np.uint8)
    labels[10:30, 10:30] = 1
    assert np.array_equal(smoothed(labels, 3), labels)


def test_strips_give_what_the_whole_gives(monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(1)
    found = rng.integers(0, 256, (3, 70, 33)).astype(np.uint8)
    whole = smooth_labels(lambda a, b: found[:, a:b], 70, 33, 2.0)
    monkeypatch.setattr(smoothing, "STRIP_ROWS", 16)
    assert np.array_equal(smooth_labels(lambda a, b: found[:, a:b], 70, 33, 2.0), whole)


def test_small_pieces_become_what_surrounds_them() -> None:
    labels = np.ones((20, 20), np.uint8)
    labels[5:8, 5:8] = 2
    labels[12:16, 12:16] = 2
    expected = labels.copy()
    expected[5:8, 5:8] = 1
    assert np.array_equal(without_specks(labels, 10, 0), expected)


def test_holes_are_filled_and_open_specks_dropped() -> None:
    labels = np.zeros((20, 20), np.uint8)
    labels[2:12, 2:12] = 1
    labels[5:7, 5:7] = 0
    labels[16, 16] = 1
    expected = np.zeros_like(labels)
    expected[2:12, 2:12] = 1
    assert np.array_equal(without_specks(labels, 4, 5), expected)


def test_large_holes_and_gaps_at_the_edge_stay() -> None:
    labels = np.ones((20, 20), np.uint8)
    labels[5:10, 5:10] = 0
    labels[0, 0:3] = 0
    assert np.array_equal(without_specks(labels, 4, 20), labels)


def test_a_map_of_specks_alone_is_empty() -> None:
    assert not without_specks(np.ones((3, 3), np.uint8), 100, 0).any()

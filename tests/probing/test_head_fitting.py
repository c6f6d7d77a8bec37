"""Heads: what they learn, how sure they are, and that every slide is left out in turn."""

from __future__ import annotations

import numpy as np
import torch

from hookpath.models.linear_probe import ProbeHead
from hookpath.probing.feature_heads import LabelledFeatures, best_temperature, fit_head, starting
from hookpath.probing.head_fitting import balanced, fit_table, table_of
from hookpath.probing.labelled_samples import Places

FEATURES = 5


def places(seed: int, n: int = 200, copies: int = 0, apart: float = 2.0) -> Places:
    """Two classes, as many of each, that differ in the first feature."""
    rng = np.random.default_rng(seed)
    labels = np.repeat([1, 2], n // 2).astype(np.uint8)
    vectors = rng.normal(size=(1 + copies, n, FEATURES))
    vectors[:, :, 0] += apart * (labels - 1.5)
    vectors[:, :, 1] *= 100  # no matter: features are standardised
    return Places(vectors.astype(np.float16), labels, rng.uniform(0, 100, (n, 2)))


def folds(*of: Places) -> np.ndarray:
    return np.repeat(np.arange(len(of)), [len(p.labels) for p in of])


def test_every_class_counts_the_same_and_in_it_every_slide() -> None:
    labels = np.array([0] * 6 + [1] * 4)
    slides = np.array([0, 0, 0, 0, 1, 1, 0, 0, 1, 1])
    expected = [1 / 16] * 4 + [1 / 8] * 2 + [1 / 8] * 4
    assert np.allclose(balanced(labels, slides), expected)


def test_a_lone_cell_does_not_count_for_half_of_all() -> None:
    weights = balanced(np.array([0] * 999 + [1]), np.zeros(1000, int))
    assert np.isclose(weights[-1] / weights[0], 20 * 999 / 500, rtol=0.05)


def test_what_differs_is_learned_and_goes_into_the_network() -> None:
    slides = [places(seed, copies=1) for seed in range(3)]
    fitted = fit_table(table_of(slides, folds(*slides), 2), [1e-2], 0, 0)
    assert fitted.held_out is not None
    known = fitted.held_out[1]
    assert known.sum() == 600, "each cell of each slide once, none of the copies"
    head = ProbeHead(FEATURES, 0, 2)
    fitted.put_into(head)
    new = places(9)
    features = torch.from_numpy(new.vectors[0]).float()
    found = head(features.T[None, :, :, None])[0, :, :, 0].T
    assert torch.allclose(found, fitted.scores(features), atol=1e-4)
    # Classes of deviation 1 that lie 2 apart: 84 % can be told apart.
    right = (found.argmax(1).numpy() + 1 == new.labels).mean()
    assert 0.75 < right < 0.93


def test_probabilities_are_what_they_say() -> None:
    """Overlapping classes, many features, few cells: without a temperature, far too sure."""
    slides = [places(seed, n=600, apart=1.0) for seed in range(4)]
    fitted = fit_table(table_of(slides, folds(*slides), 2), [1e-6], 0, 0)
    new = places(11, n=4000, apart=1.0)
    sure = fitted.scores(torch.from_numpy(new.vectors[0]).float()).softmax(1).numpy()
    chosen = sure.max(1)
    right = sure.argmax(1) + 1 == new.labels
    assert abs(chosen.mean() - right.mean()) < 0.03


def test_a_temperature_undoes_a_factor_on_the_scores() -> None:
    torch.manual_seed(0)
    scores = torch.randn(20000, 2)
    labels = torch.multinomial(scores.softmax(1), 1)[:, 0]
    material = LabelledFeatures(scores, labels, torch.full((20000,), 1 / 20000), 2)
    assert 0.9 <= best_temperature(scores, material) <= 1.12
    assert 3.6 <= best_temperature(scores * 4, material) <= 4.5


def test_a_hidden_layer_learns_what_no_line_tells_apart() -> None:
    rng = np.random.default_rng(0)
    x = rng.uniform(-1, 1, (800, 2)).astype(np.float32)
    y = (x[:, 0] * x[:, 1] > 0).astype(np.int64)
    material = LabelledFeatures(
        torch.from_numpy(x), torch.from_numpy(y), torch.full((800,), 1 / 800), 2
    )
    right = {}
    for hidden in (0, 16):
        weights = fit_head(material, 1e-5, starting(material, hidden, seed=0))
        scores = weights.scores(material.features)
        right[hidden] = float((scores.argmax(1) == material.labels).float().mean())
    assert right[0] < 0.7
    assert right[16] > 0.9


def test_a_slide_without_which_a_class_is_unknown_is_not_left_out() -> None:
    one, other = places(0), places(1)
    lone = Places(other.vectors[:, :100], other.labels[:100], other.centres_l0[:100])
    fitted = fit_table(table_of([one, lone], folds(one, lone), 2), [1e-2], 0, 0)
    assert fitted.held_out is not None
    assert fitted.held_out[1].tolist() == [False] * 200 + [True] * 100

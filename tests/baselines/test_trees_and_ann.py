"""The heads as arrays give what scikit-learn gives."""

from __future__ import annotations

import warnings

import numpy as np
import pytest
from sklearn.ensemble import RandomForestClassifier
from sklearn.neural_network import MLPClassifier

from hookpath.baselines.trees_and_ann import Perceptron, Trees


def clouds(classes: int) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(0)
    labels = rng.integers(0, classes, 300)
    features = rng.normal(labels[:, None] * 1.5, 1, (300, 5)).astype(np.float32)
    return features, labels


@pytest.mark.parametrize("classes", [2, 3])
def test_trees(classes: int) -> None:
    features, labels = clouds(classes)
    forest = RandomForestClassifier(7, max_depth=6, random_state=1).fit(features, labels)
    trees = Trees.of(forest)
    assert trees(features) == pytest.approx(forest.predict_proba(features), abs=1e-6)
    # Exactly on a threshold, as a training pixel never is, the left child is taken.
    edge = features[:1].copy()
    root = forest.estimators_[0].tree_
    edge[0, root.feature[0]] = trees.threshold[0]
    assert trees(edge) == pytest.approx(forest.predict_proba(edge), abs=1e-6)


@pytest.mark.parametrize("classes", [2, 3])
def test_perceptron(classes: int) -> None:
    features, labels = clouds(classes)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        network = MLPClassifier((8,), max_iter=20, random_state=1).fit(features, labels)
    found = Perceptron.of(network, classes)(features)
    assert found == pytest.approx(network.predict_proba(features), abs=1e-5)

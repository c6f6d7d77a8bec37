"""Random trees and a small neural network, as plain arrays: data on disk, numpy in use.

Both are fitted by scikit-learn, whose own files are pickles; these are safetensors.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.float32]
Arrays = Mapping[str, npt.NDArray[Any]]


class Head(Protocol):
    """From features to class probabilities."""

    def __call__(self, features: FloatArray) -> FloatArray:
        """``(N, classes)`` float32 probabilities of ``(N, F)`` float32 features."""

    def arrays(self) -> dict[str, npt.NDArray[Any]]:
        """All that it has learned, by name."""


@dataclass(frozen=True)
class Trees:
    """Random trees (Breiman 2001): their leaves' class shares are averaged.

    All trees' nodes lie in one array. A node sends a pixel to `left` where its `feature` is at
    most `threshold`, else to `right`; a leaf sends it to itself. ``roots[t]`` starts tree t,
    `depth` steps end in a leaf.
    """

    roots: npt.NDArray[np.int32]
    feature: npt.NDArray[np.int32]
    threshold: FloatArray
    left: npt.NDArray[np.int32]
    right: npt.NDArray[np.int32]
    shares: FloatArray
    depth: npt.NDArray[np.int32]

    @classmethod
    def of(cls, forest: Any) -> Trees:
        """From a fitted ``sklearn.ensemble.RandomForestClassifier``."""
        trees = [estimator.tree_ for estimator in forest.estimators_]
        starts = np.cumsum([0, *(t.node_count for t in trees)])
        roots = starts[:-1].astype(np.int32)
        leaf = np.concatenate([t.children_left < 0 for t in trees])
        here = np.arange(len(leaf))

        def children(name: str) -> npt.NDArray[np.int32]:
            moved = [getattr(t, name) + start for t, start in zip(trees, roots, strict=True)]
            return np.where(leaf, here, np.concatenate(moved)).astype(np.int32)

        shares = np.concatenate([t.value[:, 0, :] for t in trees])
        return cls(
            roots=roots,
            feature=np.maximum(np.concatenate([t.feature for t in trees]), 0).astype(np.int32),
            threshold=_below(np.concatenate([t.threshold for t in trees])),
            left=children("children_left"),
            right=children("children_right"),
            shares=(shares / shares.sum(axis=1, keepdims=True)).astype(np.float32),
            depth=np.array([max(t.max_depth for t in trees)], np.int32),
        )

    def __call__(self, features: FloatArray) -> FloatArray:
        rows = np.arange(len(features)) * features.shape[1]
        flat = features.ravel()
        total = np.zeros((len(features), self.shares.shape[1]), np.float32)
        for root in self.roots:
            node = np.full(len(features), root, np.int32)
            for _ in range(int(self.depth[0])):
                goes_left = flat[rows + self.feature[node]] <= self.threshold[node]
                node = np.where(goes_left, self.left[node], self.right[node])
            total += self.shares[node]
        return total / np.float32(len(self.roots))

    def arrays(self) -> dict[str, npt.NDArray[Any]]:
        return dict(vars(self))


def _below(thresholds: npt.NDArray[np.float64]) -> FloatArray:
    """The largest float32 not above each threshold: what a float32 is compared with stays so."""
    rounded = thresholds.astype(np.float32)
    lower = np.nextafter(rounded, np.float32(-np.inf))
    found: FloatArray = np.where(rounded > thresholds, lower, rounded)
    return found


@dataclass(frozen=True)
class Perceptron:
    """One hidden layer of rectified units (QuPath's "ANN" is such a network), then softmax."""

    hidden: FloatArray
    hidden_bias: FloatArray
    output: FloatArray
    output_bias: FloatArray

    @classmethod
    def of(cls, network: Any, n_classes: int) -> Perceptron:
        """From a fitted ``sklearn.neural_network.MLPClassifier`` with one hidden layer."""
        (hidden, output), (hidden_bias, output_bias) = network.coefs_, network.intercepts_
        if n_classes == 2 and output.shape[1] == 1:
            # Of two classes scikit-learn keeps the logit of the second; softmax wants both.
            output = np.concatenate([np.zeros_like(output), output], axis=1)
            output_bias = np.concatenate([np.zeros_like(output_bias), output_bias])
        values = (hidden, hidden_bias, output, output_bias)
        return cls(*(v.astype(np.float32) for v in values))

    def __call__(self, features: FloatArray) -> FloatArray:
        hidden = np.maximum(features @ self.hidden + self.hidden_bias, 0)
        logits = hidden @ self.output + self.output_bias
        powers = np.exp(logits - logits.max(axis=1, keepdims=True))
        found: FloatArray = powers / powers.sum(axis=1, keepdims=True)
        return found

    def arrays(self) -> dict[str, npt.NDArray[Any]]:
        return dict(vars(self))


HEADS: dict[str, type[Trees] | type[Perceptron]] = {"trees": Trees, "ann": Perceptron}

"""ROC curves and the area under them, of counted uint8 probabilities.

One class against all others. A pixel is called positive when its score reaches the threshold;
going down through all thresholds, the true positive rate (recall) is drawn against the false
positive rate. The area (AUC) is the share of positive-negative pairs that the scores put in the
right order, equal scores counting half (Fawcett, 2006).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Values = npt.NDArray[np.float64]

#: ``(C, 2, 256)`` int64 of one slide: class, [pixels of other classes, pixels of this class],
#: the class's probability there × 255.
Bins = npt.NDArray[np.int64]

N_BINS = 256


@dataclass(frozen=True)
class Roc:
    """Points from (0, 0) to (1, 1); all ``(n,)`` float64.

    `thresholds` fall; the first is infinite: nothing is called positive.
    """

    fpr: Values
    tpr: Values
    thresholds: Values

    @property
    def auc(self) -> float:
        """Area under the curve; NaN without positives or without negatives."""
        return float((np.diff(self.fpr) * (self.tpr[1:] + self.tpr[:-1]) / 2).sum())


def roc_of_bins(bins: Bins) -> Roc:
    """The curve of one class's counted probabilities.

    Args:
        bins: ``(2, 256)``, one class of `Bins`.
    """
    seen = np.flatnonzero(bins.sum(axis=0))
    falling = np.cumsum(bins[:, seen[::-1]], axis=1, dtype=np.float64)
    totals = np.broadcast_to(falling[:, -1:], falling.shape)
    rates = np.divide(falling, totals, out=np.full(falling.shape, np.nan), where=totals > 0)
    fpr, tpr = np.pad(rates, ((0, 0), (1, 0)))
    return Roc(fpr, tpr, np.concatenate([[np.inf], seen[::-1] / (N_BINS - 1)]))


def auc_of_bins(bins: npt.ArrayLike) -> Values:
    """Areas under many curves at once.

    Args:
        bins: ``(…, 2, 256)``.

    Returns:
        ``(…)`` float64, NaN without positives or without negatives.
    """
    counts = np.asarray(bins, dtype=np.float64)
    negative, positive = counts[..., 0, :], counts[..., 1, :]
    total = positive.sum(axis=-1)
    above = total[..., None] - np.cumsum(positive, axis=-1)
    ordered = (negative * (above + positive / 2)).sum(axis=-1)
    pairs = total * negative.sum(axis=-1)
    areas: Values = np.divide(ordered, pairs, out=np.full(pairs.shape, np.nan), where=pairs > 0)
    return areas


def count_probabilities(truth: npt.ArrayLike, probabilities: npt.NDArray[np.uint8]) -> Bins:
    """Count the labelled pixels of one map that were predicted.

    Of others nobody knows a probability.

    Args:
        truth: ``(h, w)`` labels; 0 and labels above C are not counted.
        probabilities: ``(h, w, C)`` uint8, 255 = certain.
    """
    labels, n_classes = np.asarray(truth), probabilities.shape[-1]
    known = (labels > 0) & (labels <= n_classes) & probabilities.any(axis=-1)
    own, scores = labels[known], probabilities[known]
    counted = np.zeros((n_classes, 2, N_BINS), dtype=np.int64)
    for index in range(n_classes):
        flat = (own == index + 1) * N_BINS + scores[:, index].astype(np.int64)
        counted[index] = np.bincount(flat, minlength=2 * N_BINS).reshape(2, N_BINS)
    return counted

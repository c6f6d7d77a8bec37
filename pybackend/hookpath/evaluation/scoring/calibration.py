"""What counted probabilities are worth: calibration, and precision against recall.

Each class against all others, as for ROC curves (`hookpath.evaluation.scoring.roc`). ECE is the
classwise expected calibration error (Kull et al. 2019, section 2, with bins of equal width): the
mean over steps of probability of |share of pixels that are of the class − their mean probability|,
each step weighing as many pixels as it has. AP is average precision: Σ (Rₙ − Rₙ₋₁) Pₙ down the
thresholds, without interpolation.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from hookpath.evaluation.scoring.roc import N_BINS, Values

#: Steps of probability in which calibration is looked at.
STEPS = 10


def ece_of_bins(bins: npt.ArrayLike) -> Values:
    """Expected calibration errors.

    Args:
        bins: ``(…, 2, 256)`` counted probabilities (see `hookpath.evaluation.scoring.roc.Bins`).

    Returns:
        ``(…)`` float64 from 0 (calibrated) to 1; NaN without positives.
    """
    mean, right, pixels = reliability(bins)
    total = pixels.sum(axis=-1)
    gaps = np.where(pixels > 0, np.abs(right - mean) * pixels, 0.0).sum(axis=-1)
    known = np.asarray(bins)[..., 1, :].sum(axis=-1) > 0
    found: Values = np.divide(gaps, total, out=np.full(total.shape, np.nan), where=known)
    return found


def reliability(bins: npt.ArrayLike) -> tuple[Values, Values, Values]:
    """Mean probability, share that is of the class, and pixels of each step, ``(…, STEPS)``.

    The first two are NaN in steps without pixels.
    """
    counts = np.asarray(bins, dtype=np.float64)
    values = np.arange(N_BINS) / (N_BINS - 1)
    most = N_BINS - 1  # a value on an edge belongs to the step below it
    step = np.maximum((np.arange(N_BINS) * STEPS + most - 1) // most - 1, 0)
    member = np.equal(step[:, None], np.arange(STEPS)).astype(np.float64)
    both = counts.sum(axis=-2)
    pixels = both @ member
    summed, positive = (both * values) @ member, counts[..., 1, :] @ member
    empty = np.full(pixels.shape, np.nan)
    mean = np.divide(summed, pixels, out=empty.copy(), where=pixels > 0)
    right = np.divide(positive, pixels, out=empty, where=pixels > 0)
    return mean, right, pixels


def ap_of_bins(bins: npt.ArrayLike) -> Values:
    """Average precisions, ``(…)`` float64; NaN without positives.

    Args:
        bins: ``(…, 2, 256)``.
    """
    counts = np.asarray(bins, dtype=np.float64)[..., ::-1]
    true = np.cumsum(counts[..., 1, :], axis=-1)
    called = true + np.cumsum(counts[..., 0, :], axis=-1)
    precision = np.divide(true, called, out=np.zeros_like(true), where=called > 0)
    total = true[..., -1]
    gained = (counts[..., 1, :] * precision).sum(axis=-1)
    found: Values = np.divide(gained, total, out=np.full(total.shape, np.nan), where=total > 0)
    return found


def precision_recall(bins: npt.ArrayLike) -> tuple[Values, Values, Values]:
    """Falling thresholds, and recall and precision of all pixels from each on, ``(n,)`` each.

    Args:
        bins: ``(2, 256)`` of one class.
    """
    counts = np.asarray(bins, dtype=np.float64)[:, ::-1]
    seen = counts.sum(axis=0) > 0
    true, false = np.cumsum(counts[1])[seen], np.cumsum(counts[0])[seen]
    thresholds = (np.arange(N_BINS)[::-1] / (N_BINS - 1))[seen]
    total = counts[1].sum()
    recall = true / total if total else np.full(true.shape, np.nan)
    return thresholds, recall, true / (true + false)

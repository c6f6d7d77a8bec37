"""Which slide next: how unsure the model is of it, and how unlike it is to what it learned from.

Pure functions on surveys. Novelty of a patch is its distance in feature space to the nearest patch
of a slide that teaches (the greedy k-centre rule of Sener & Savarese 2018: each slide that is
chosen counts as known for the next).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

from hookpath.loop.acquisition.uncertainty import Survey

Strategy = Literal["both", "uncertainty", "diversity", "random"]
Measure = Literal["entropy", "disagreement"]
Floats = npt.NDArray[np.float64]

#: A slide is as unsure as this share of its patches, the least sure ones.
LEAST_SURE = 1 / 3


@dataclass(frozen=True)
class Worth:
    """One slide's rank; `worth` is 0…1 among those compared."""

    id: str
    worth: float
    uncertainty: float
    novelty: float


def uncertainty_of(survey: Survey, measure: Measure = "entropy") -> float:
    """Mean of the least sure third of the patches: a small unknown area must not drown."""
    values = np.sort(getattr(survey, measure))[::-1]
    return float(values[: max(1, round(len(values) * LEAST_SURE))].mean())


def rank(
    candidates: Mapping[str, Survey],
    known: Sequence[Survey],
    strategy: Strategy = "both",
    measure: Measure = "entropy",
    seed: int = 0,
) -> list[Worth]:
    """Candidates, most worthwhile first.

    Args:
        candidates: by image id.
        known: of the slides that teach; empty: novelty is measured from what is chosen first.
        seed: of the order at random, which also decides between equals.
    """
    ids = list(np.random.default_rng(seed).permutation(sorted(candidates)))
    unsure = {i: uncertainty_of(candidates[i], measure) for i in ids}
    scaled = _scaled([unsure[i] for i in ids])
    features = _standardised([candidates[i].features for i in ids], [s.features for s in known])
    distances = [_nearest(f, features[len(ids) :]) for f in features[: len(ids)]]
    found: list[Worth] = []
    left = list(range(len(ids)))
    while left:
        novelty = np.array([distances[i].mean() if len(distances[i]) else 0.0 for i in left])
        score = _scores(strategy, scaled[left], _scaled(novelty), len(found), len(ids))
        best = int(np.argmax(score))
        chosen = left.pop(best)
        found.append(
            Worth(str(ids[chosen]), float(score[best]), unsure[ids[chosen]], float(novelty[best]))
        )
        for i in left if strategy in ("both", "diversity") else ():
            distances[i] = np.minimum(distances[i], _nearest(features[i], [features[chosen]]))
    return found


def _scores(strategy: Strategy, unsure: Floats, novelty: Floats, done: int, total: int) -> Floats:
    if strategy == "uncertainty":
        return unsure
    if strategy == "diversity":
        return novelty
    if strategy == "random":
        return np.full(len(unsure), 1 - done / total)
    return np.asarray((unsure + novelty) / 2)


def _scaled(values: Sequence[float] | Floats) -> Floats:
    """Between the least (0) and the greatest (1); all alike: 1."""
    array = np.asarray(values, np.float64)
    low, high = array.min(), array.max()
    return np.ones_like(array) if high - low < 1e-12 else (array - low) / (high - low)


def _standardised(
    candidates: Sequence[npt.NDArray[np.float32]], known: Sequence[npt.NDArray[np.float32]]
) -> list[Floats]:
    """Each feature with mean 0 and standard deviation 1 over all patches."""
    groups = [np.asarray(f, np.float64) for f in (*candidates, *known)]
    everything = np.concatenate(groups)
    spread = everything.std(axis=0)
    spread[spread == 0] = 1
    return [(g - everything.mean(axis=0)) / spread for g in groups]


def _nearest(features: Floats, others: Sequence[Floats]) -> Floats:
    """``(P,)`` distance to the nearest of the others; the distance from the mean without any."""
    if not others:
        return np.asarray(np.linalg.norm(features, axis=1))
    from scipy.spatial.distance import cdist

    return np.asarray(cdist(features, np.concatenate(others)).min(axis=1))

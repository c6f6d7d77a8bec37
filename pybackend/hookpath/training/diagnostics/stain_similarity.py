"""Whether slides are stained alike: the mean optical density of the tissue that patches show."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping

import numpy as np
import numpy.typing as npt

from hookpath.sampling import Batch

#: Every so many pixels along each side are looked at.
_EVERY = 4
#: Mean optical density (natural log) above which a pixel is tissue (β of Macenko et al. 2009).
_STAINED = 0.15
#: Degrees between slides that are stained otherwise. On real pairs: breast slides of two stains
#: 12.3; kidney sections of one lab 0.6 and 3.3; two lymph nodes of one set 4.5.
_OTHERWISE = 8.0

Density = npt.NDArray[np.float64]


class Staining:
    """Sums up what is seen of each slide (by its index)."""

    def __init__(self) -> None:
        self._sums: dict[int, Density] = {}

    def watching(self, batches: Iterable[Batch]) -> Iterator[Batch]:
        """The batches as they are, noted on their way."""
        for batch in batches:
            self.note(batch)
            yield batch

    def note(self, batch: Batch) -> None:
        """Take up the finest images of a batch; what has no three colours has no stain."""
        if batch.images[0].shape[1] < 3:
            return
        rgb = batch.images[0][:, :3, ::_EVERY, ::_EVERY].movedim(1, -1).cpu().numpy()
        for index, image in zip(batch.slide_index.tolist(), rgb, strict=True):
            density = -np.log((image.reshape(-1, 3).astype(np.float64) + 1) / 256)
            stained = density[density.mean(axis=1) > _STAINED]
            self._sums[index] = self._sums.get(index, np.zeros(3)) + stained.sum(axis=0)

    @property
    def directions(self) -> dict[int, Density]:
        """Unit vectors of the mean density (R, G, B), by slide; slides without tissue left out."""
        return {i: s / np.linalg.norm(s) for i, s in self._sums.items() if s.any()}


def far_from_all(others: Mapping[int, Density], known: Mapping[int, Density]) -> dict[int, float]:
    """Slides of `others` that are far from every one of `known`: the least angle, in degrees."""
    if not known:
        return {}
    nearest = {i: min(_degrees(d, k) for k in known.values()) for i, d in others.items()}
    return {i: angle for i, angle in nearest.items() if angle > _OTHERWISE}


def _degrees(a: Density, b: Density) -> float:
    return math.degrees(math.acos(min(1.0, float(a @ b))))

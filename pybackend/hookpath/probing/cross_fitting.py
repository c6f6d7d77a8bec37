"""Parts of what is annotated that are left out in turn, to see what the rest says of them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import shapely
from shapely.strtree import STRtree

from hookpath.probing.labelled_samples import Places
from hookpath.sampling import AnnotatedSlide

Folds = npt.NDArray[np.int64]
"""``(N,)`` number of the fold that each cell is in."""

#: Parts that the strokes of a lone slide are dealt into.
_PARTS = 4


def folds_of(sources: Sequence[AnnotatedSlide], places: Sequence[Places]) -> Folds:
    """A fold for every slide; of one slide alone, its strokes are dealt out, class by class."""
    if len(places) == 1:
        return _by_stroke(sources[0], places[0])
    return np.repeat(np.arange(len(places)), [len(p.labels) for p in places])


def _by_stroke(source: AnnotatedSlide, places: Places) -> Folds:
    tree = STRtree([p.geometry for p in source.polygons])
    cells, strokes = tree.query(shapely.points(places.centres_l0), predicate="intersects")
    stroke = np.full(len(places.labels), -1)
    np.maximum.at(stroke, cells, strokes)  # the smaller one, which wins, comes later
    folds = np.zeros(len(stroke), np.int64)
    for label in np.unique(places.labels):
        here = places.labels == label
        _, number = np.unique(stroke[here], return_inverse=True)
        folds[here] = number % _PARTS
    return folds

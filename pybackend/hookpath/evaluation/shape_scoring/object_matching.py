"""Objects: connected areas of a class that were annotated, against those that were predicted.

Both are seen only where the truth is known. An annotated object is found if a predicted one has at
least half of their union in common with it (IoU ≥ 0.5, so no object is found twice). What is
predicted and matches nothing is a false alarm, unless it goes on into area that nobody labelled:
how large it is there, and what is there, is unknown, so it is not judged.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from hookpath.evaluation.shape_scoring.connected_components import (
    Components,
    Flags,
    Ids,
    TileParts,
    parts_of,
)
from hookpath.evaluation.shape_scoring.pixel_pairs import Pairs, Pixels

Labels = npt.NDArray[np.uint8]

#: Columns of `ObjectTally.counts`.
DRAWN, FOUND, FALSE, UNJUDGED = range(4)

#: Objects below this many µm² are left out; `hookpath predict` makes none of them either.
LEAST_UM2 = 100.0


@dataclass
class ObjectTally:
    """Counts the objects of a slide, tile by tile.

    Parts that end within a tile and overlap nothing are counted at once, so memory grows with the
    objects that overlap or cross the tiles' edges.

    Args:
        n_classes: classes of the model.
        least_px: smaller objects are left out, unless they match one that is not.
    """

    n_classes: int
    least_px: float = 0.0
    _counts: Ids = field(init=False)
    _annotated: Components = field(default_factory=Components)
    _predicted: Components = field(default_factory=Components)
    _overlaps: list[Ids] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._counts = np.zeros((self.n_classes, 4), np.int64)

    def add(self, truth: Labels, guess: Labels) -> tuple[Ids, Ids]:
        """Count one tile: ``(h, w)`` labels, 0 = unknown or not predicted.

        Returns:
            ``(h, w)`` numbers of the annotated and of the predicted objects, for `join`.
        """
        annotated = parts_of(truth)
        predicted = parts_of(np.where(truth > 0, guess, 0).astype(np.uint8))
        common = (annotated.ids > 0) & (truth == guess)
        overlaps, pixels = _overlaps(annotated, predicted, common)
        cut = np.zeros(len(predicted.areas), bool)
        for pairs in Pairs.within(Pixels(truth, guess, predicted.ids)):
            cut[_going_on(pairs)] = True
        cut[0] = False
        kept_annotated = _kept(annotated, overlaps[0])
        kept_predicted = _kept(predicted, overlaps[1])
        self._settle(annotated, ~kept_annotated, DRAWN)
        self._settle(predicted, ~kept_predicted & ~cut, FALSE)
        self._settle(predicted, ~kept_predicted & cut, UNJUDGED)
        first = self._annotated.keep(annotated, kept_annotated, np.zeros(len(kept_annotated), bool))
        second = self._predicted.keep(predicted, kept_predicted, cut)
        self._overlaps.append(np.stack([first[overlaps[0]], second[overlaps[1]], pixels]))
        return first[annotated.ids], second[predicted.ids]

    def _settle(self, parts: TileParts, which: Flags, column: int) -> None:
        large = which & (parts.areas > 0) & (parts.areas >= self.least_px)
        self._counts[:, column] += np.bincount(parts.labels[large] - 1, minlength=self.n_classes)

    def join(self, annotated: Pairs, predicted: Pairs) -> None:
        """Join what meets at the edge between two tiles: pairs with the numbers of `add`."""
        a, b = annotated.a, annotated.b
        same = (a.ids > 0) & (b.ids > 0) & (a.truth == b.truth)
        self._annotated.join(a.ids[same], b.ids[same])
        a, b = predicted.a, predicted.b
        same = (a.ids > 0) & (b.ids > 0) & (a.guess == b.guess)
        self._predicted.join(a.ids[same], b.ids[same])
        self._predicted.flag(_going_on(predicted))

    def counts(self) -> Ids:
        """``(C, 4)``: objects that were annotated, of these found, false alarms, not judged."""
        of_annotated, annotated_label, annotated_px, _ = self._annotated.whole()
        of_predicted, label, px, cut = self._predicted.whole()
        found, used = self._matches(of_annotated, annotated_px, of_predicted, px)
        counts = self._counts.copy()
        annotated = annotated_px >= max(1, self.least_px)
        alone = (px >= max(1, self.least_px)) & ~used
        for column, which, labels in (
            (DRAWN, annotated, annotated_label),
            (FOUND, annotated & found, annotated_label),
            (FALSE, alone & ~cut, label),
            (UNJUDGED, alone & cut, label),
        ):
            counts[:, column] += np.bincount(labels[which] - 1, minlength=self.n_classes)
        return counts

    def _matches(
        self, of_annotated: Ids, annotated_px: Ids, of_predicted: Ids, px: Ids
    ) -> tuple[Flags, Flags]:
        """Which annotated and which predicted components have a partner, the best ones first."""
        first, second, pixels = np.concatenate([np.zeros((3, 0), np.int64), *self._overlaps], 1)
        key = of_annotated[first] * len(px) + of_predicted[second]
        pair, where = np.unique(key, return_inverse=True)
        common = np.bincount(where, pixels, len(pair)).astype(np.int64)
        first, second = pair // len(px), pair % len(px)
        union = annotated_px[first] + px[second] - common
        enough = np.flatnonzero(2 * common >= union)
        found, used = np.zeros(len(annotated_px), bool), np.zeros(len(px), bool)
        for i in enough[np.argsort(-common[enough] / union[enough], kind="stable")].tolist():
            if not found[first[i]] and not used[second[i]]:
                found[first[i]] = used[second[i]] = True
        return found, used


def _overlaps(annotated: TileParts, predicted: TileParts, common: Flags) -> tuple[Ids, Ids]:
    """``(2, n)`` numbers of parts that have pixels in `common`, and ``(n,)`` how many."""
    from scipy.sparse import coo_array

    first, second = annotated.ids[common], predicted.ids[common]
    shape = len(annotated.areas), len(predicted.areas)
    # Summing a sparse table's duplicates takes a tenth of the time of sorting the pixels.
    table = coo_array((np.ones(len(first), np.int64), (first, second)), shape=shape).tocsr()
    table.sum_duplicates()
    found = table.tocoo()
    return np.stack([found.row, found.col]).astype(np.int64), found.data


def _kept(parts: TileParts, overlapping: Ids) -> Flags:
    """What cannot be counted yet."""
    kept = parts.open.copy()
    kept[overlapping] = True
    return kept


def _going_on(pairs: Pairs) -> Ids:
    """Numbers of predicted objects that go on, as the same class, where nothing is known."""
    a, b = pairs.a, pairs.b
    same = (a.guess == b.guess) & (a.guess > 0)
    known_a, known_b = a.truth > 0, b.truth > 0
    return np.concatenate([a.ids[same & known_a & ~known_b], b.ids[same & known_b & ~known_a]])

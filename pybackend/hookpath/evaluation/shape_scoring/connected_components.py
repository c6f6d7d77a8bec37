"""Connected areas of a label map that is read tile by tile: numbered, and joined across tiles."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

Ids = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class TileParts:
    """Connected pixels of one class each, within one tile.

    Attributes:
        ids: ``(h, w)``: which part a pixel is of, from 1; 0: none.
        labels, areas: ``(n + 1,)``: class and pixels of every part; the first is nobody's.
        open: ``(n + 1,)``: whether a part reaches the tile's edge and may go on behind it.
    """

    ids: Ids
    labels: Ids
    areas: Ids
    open: Flags


def parts_of(labels: npt.NDArray[np.uint8]) -> TileParts:
    """The parts of a tile: ``(h, w)`` labels, 0 = nothing; pixels connect over their edges."""
    from scipy import ndimage

    ids = np.zeros(labels.shape, np.int64)
    found: list[Ids] = [np.zeros(1, np.int64)]
    count = 0
    for value in np.flatnonzero(np.bincount(labels.ravel(), minlength=1)).tolist():
        if value:
            own, n = ndimage.label(labels == value)
            inside = own > 0
            ids[inside] = own[inside] + count
            found.append(np.full(n, value, np.int64))
            count += n
    areas = np.bincount(ids.ravel(), minlength=count + 1)
    at_edge = np.zeros(count + 1, bool)
    for edge in (ids[0], ids[-1], ids[:, 0], ids[:, -1]):
        at_edge[edge] = True
    areas[0], at_edge[0] = 0, False
    return TileParts(ids, np.concatenate(found), areas, at_edge)


@dataclass
class Components:
    """Parts of many tiles that are kept, and which of them are of one component."""

    count: int = 0
    _labels: list[Ids] = field(default_factory=list)
    _areas: list[Ids] = field(default_factory=list)
    _flags: list[Flags] = field(default_factory=list)
    _joined: list[npt.NDArray[np.int64]] = field(default_factory=list)
    _flagged: list[Ids] = field(default_factory=list)

    def keep(self, parts: TileParts, kept: Flags, flags: Flags) -> Ids:
        """Take the parts of a tile that are `kept`; ``(n + 1,)``: their numbers from 1, else 0."""
        numbers = np.zeros(len(kept), np.int64)
        numbers[kept] = self.count + 1 + np.arange(int(kept.sum()))
        self.count += int(kept.sum())
        self._labels.append(parts.labels[kept])
        self._areas.append(parts.areas[kept])
        self._flags.append(flags[kept])
        return numbers

    def join(self, first: Ids, second: Ids) -> None:
        """These numbers are of the same component, pair by pair."""
        if len(first):
            self._joined.append(np.unique(np.stack([first, second]), axis=1))

    def flag(self, numbers: Ids) -> None:
        """Flag the components of these numbers."""
        self._flagged.append(np.unique(numbers))

    def whole(self) -> tuple[Ids, Ids, Ids, Flags]:
        """All together.

        Returns:
            ``(count + 1,)`` the component of every number, and of each component ``(n,)`` its
            class, pixels and whether one of its parts is flagged. Component 0 is nobody's.
        """
        from scipy.sparse import coo_array
        from scipy.sparse.csgraph import connected_components

        size = self.count + 1
        none = np.zeros((2, 0), np.int64)
        first, second = np.concatenate([none, *self._joined], axis=1)
        graph = coo_array((np.ones(len(first), bool), (first, second)), shape=(size, size))
        n, of = connected_components(graph, directed=False)
        one = np.zeros(1, np.int64)
        labels = np.zeros(n, np.int64)
        labels[of] = np.concatenate([one, *self._labels])
        areas = np.bincount(of, np.concatenate([one, *self._areas]), n).astype(np.int64)
        is_flagged = np.concatenate([one.astype(bool), *self._flags])
        is_flagged[np.concatenate([one[:0], *self._flagged])] = True
        flags = np.zeros(n, bool)
        flags[of[is_flagged]] = True
        return of.astype(np.int64), labels, areas, flags

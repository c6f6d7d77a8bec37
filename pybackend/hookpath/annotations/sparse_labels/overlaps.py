"""Who wins where areas of several classes overlap.

The smaller one. But an area of a class that ends in ``*`` (an artefact, say) also takes what it
covers from larger *and* smaller ones that it crosses; only what lies in it whole was drawn on it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import shapely
from shapely.geometry.base import BaseGeometry
from shapely.strtree import STRtree

from hookpath.annotations.polygon_repair import Area, keep_area

Areas = npt.NDArray[np.object_]
"""Of areas."""
Numbers = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]
Pairs = tuple[Numbers, Numbers]
"""Of areas that meet, by number."""

#: Of an area: less than this share of it that others took is rounding.
_NOTICED = 1e-6
#: An area of which more than this share lies in another lies in it whole: hands are not exact.
WITHIN = 0.95
#: Most areas that are taken from another, or asked whether they meet it, one by one.
_TURNS = 8


def cut_by_crossing(areas: Sequence[Area], cutting: Sequence[bool]) -> list[Area | None]:
    """The areas without what larger areas that are `cutting` and cross them take from them.

    Those that cut are never cut. None: nothing is left.
    """
    if not any(cutting) or all(cutting):
        return list(areas)
    blades = [area for area, cuts in zip(areas, cutting, strict=True) if cuts]
    tree = STRtree(blades)
    found: list[Area | None] = []
    for area, cuts in zip(areas, cutting, strict=True):
        near = [] if cuts else tree.query(area, "intersects").tolist()
        crossing = [blades[i] for i in near if _crosses(blades[i], area)]
        found.append(keep_area(_minus(area, crossing)) if crossing else area)
    return found


def _crosses(blade: Area, area: Area) -> bool:
    """Whether a blade takes part of an area, or is the same (a smaller one lies above anyway)."""
    if blade.area < area.area:
        return False
    is_within = shapely.intersection(blade, area).area > WITHIN * area.area
    return not is_within or bool(area.area > WITHIN * blade.area)


def visible_areas(areas: Sequence[BaseGeometry]) -> Areas:
    """What is seen of each area where those behind it in the sequence lie above it."""
    every = np.array(areas, dtype=object)
    below, above = _meeting(every)
    return _without(every, below, every, above)


@dataclass(frozen=True)
class Shares:
    """What several classes have of one another, in level-0 px².

    Attributes:
        labelled: by label, what is left of it after overlaps.
        covered: by label, what others took from it, and of how many areas.
        overlap: annotated in more than one class.
    """

    labelled: dict[int, float]
    covered: dict[int, tuple[int, float]]
    overlap: float


def shares_of(
    annotated: Sequence[Area], sizes: Sequence[float], seen: Sequence[Area], labels: Sequence[int]
) -> Shares:
    """Measure.

    Args:
        annotated: areas as drawn, those that lie above others behind them.
        sizes: of each, in level-0 px².
        seen: the same after `cut_by_crossing`.
        labels: of each.
    """
    as_drawn, as_seen = np.array(annotated, dtype=object), np.array(seen, dtype=object)
    of = np.asarray(labels, dtype=np.int64)
    was_cut = np.array([s is not d for s, d in zip(seen, annotated, strict=True)], dtype=bool)
    whole = _Measured(as_drawn, np.asarray(sizes, dtype=np.float64))
    uncut = whole.changed(as_seen, was_cut)
    below, above = _meeting(as_seen)
    visible = uncut.without(below, as_seen, above)
    labelled = {label: float(visible.sizes[of == label].sum()) for label in dict.fromkeys(labels)}
    others = of[above] != of[below]
    hit = _losing(whole, uncut, below[others], above[others])
    one, other = _meeting(as_drawn) if was_cut.any() else (below, above)
    own, united = of[one] == of[other], whole
    if not was_cut.any():  # what loses to its own class alone is there as it is seen
        loses = np.isin(np.arange(len(of)), below[others])
        united = _Measured(as_drawn, np.where(loses, whole.sizes, visible.sizes))
        own &= loses[one]
    sizes_united = united.without(one[own], as_drawn, other[own]).sizes
    covered = {
        label: (count, max(0.0, float(sizes_united[of == label].sum()) - labelled[label]))
        for label in labelled
        if (count := int(np.count_nonzero(hit & (of == label))))
    }
    return Shares(labelled, covered, _overlap(as_drawn, was_cut, visible, of, (below, above)))


def _overlap(
    annotated: Areas, was_cut: Bools, visible: _Measured, labels: Numbers, meeting: Pairs
) -> float:
    """How much of what is visible covers another class: what was drawn earlier, or was cut.

    Args:
        meeting: pairs of what is seen.
    """
    if was_cut.any():
        area, other = STRtree(annotated).query(visible.areas, "intersects")
        below = (labels[other] != labels[area]) & ((other < area) | was_cut[other])
    else:
        other, area = meeting
        below = labels[other] != labels[area]
    alone = visible.without(area[below], annotated, other[below])
    return float(visible.sizes.sum() - alone.sizes.sum())


def _losing(whole: _Measured, uncut: _Measured, below: Numbers, above: Numbers) -> Bools:
    """Of each area whether it is noticeably smaller without the others that are paired with it.

    Pair by pair, since one that takes enough is enough: the unions are asked only of the rest.
    What several take of one another counts twice, which the least that is noticed does not mind.
    """
    least = _NOTICED * whole.sizes
    lost = whole.sizes - uncut.sizes
    rest = np.ones(len(below), dtype=bool)
    for pairs in _in_turns(below):
        rest[pairs] = False
        pairs = pairs[lost[below[pairs]] <= least[below[pairs]]]
        common = shapely.intersection(uncut.areas[below[pairs]], uncut.areas[above[pairs]])
        lost[below[pairs]] += shapely.area(common)
    rest &= lost[below] <= least[below]
    left = uncut.without(below[rest], uncut.areas, above[rest]).sizes
    return (lost > least) | (whole.sizes - left > least)


@dataclass(frozen=True)
class _Measured:
    """Areas and their sizes in level-0 px²; of many, most stay as they are and are not asked again.

    Asking a hundred thousand in the order of their sizes goes all through memory.
    """

    areas: Areas
    sizes: npt.NDArray[np.float64]

    def changed(self, areas: Areas, which: Bools) -> _Measured:
        """Other areas, of which only some are others."""
        sizes = self.sizes.copy()
        sizes[which] = shapely.area(areas[which])
        return _Measured(areas, sizes)

    def without(self, which: Numbers, others: Areas, taken: Numbers) -> _Measured:
        """As `_without`."""
        is_less = np.zeros(len(self.areas), dtype=bool)
        is_less[which] = True
        return self.changed(_without(self.areas, which, others, taken), is_less)


def _meeting(areas: Areas) -> Pairs:
    """Which areas meet, each pair once: the number of the earlier one, and of the later one.

    In the order of these numbers: what is taken from an area first decides its last digits.
    """
    # Looked for in the order in which they lie in memory, which is near that on the slide.
    made = np.argsort([id(area) for area in areas])
    every = areas[made]
    pairs = made[STRtree(every).query(every)]  # bounding boxes
    one, other = pairs[:, pairs[0] < pairs[1]]
    asked = areas[np.bincount(one, minlength=len(areas)) > _TURNS]
    shapely.prepare(asked)
    meets = shapely.intersects(areas[one], areas[other])
    shapely.destroy_prepared(asked)
    one, other = one[meets], other[meets]
    in_order = np.lexsort((other, one))
    return one[in_order], other[in_order]


def _without(areas: Areas, which: Numbers, others: Areas, taken: Numbers) -> Areas:
    """The areas, each without the others that are paired with it (`which[i]`, `taken[i]`).

    One after the other, all areas at once. Of those that have many to lose, or are large beside
    what they lose, the union of it at once.
    """
    found = areas.copy()
    by_area = np.argsort(which, kind="stable")
    which, taken = which[by_area], taken[by_area]
    lost = np.bincount(which, shapely.get_num_coordinates(others[taken]), len(areas))
    counts = np.bincount(which, minlength=len(areas))
    small = (counts == 1) | (shapely.get_num_coordinates(areas) <= lost) & (counts <= _TURNS)
    for pairs in _in_turns(which):
        pairs = pairs[small[which[pairs]]]
        found[which[pairs]] = shapely.difference(found[which[pairs]], others[taken[pairs]])
    large = np.unique(which[~small[which]])
    ends = np.searchsorted(which, [large, large + 1])
    for number, begin, end in zip(large, *ends, strict=True):
        found[number] = _minus(areas[number], others[taken[begin:end]])
    return found


def _in_turns(which: Numbers) -> Iterator[Numbers]:
    """The first pairs of all areas, then their second ones, and so on, `_TURNS` times.

    Args:
        which: the area of each pair, in order.
    """
    first = np.searchsorted(which, which)
    turn = np.arange(len(which)) - first
    for number in range(min(_TURNS, turn.max(initial=-1) + 1)):
        yield np.flatnonzero(turn == number)


def _minus(geometry: BaseGeometry, others: Areas | Sequence[BaseGeometry]) -> BaseGeometry:
    left: BaseGeometry = shapely.difference(geometry, shapely.union_all(others))
    return left

"""Who wins where areas of several classes overlap.

The smaller one. But an area of a class that ends in ``*`` (an artefact, say) also takes what it
covers from larger *and* smaller ones that it crosses; only what lies in it whole was drawn on it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import shapely
from shapely.geometry.base import BaseGeometry
from shapely.strtree import STRtree

from hookpath.annotations.valid_areas import Area, keep_area

Areas = npt.NDArray[np.object_]
"""Of areas."""
Numbers = npt.NDArray[np.int64]

#: Of an area: less than this share of it that others took is rounding.
_NOTICED = 1e-6
#: An area of which more than this share lies in another lies in it whole: hands are not exact.
WITHIN = 0.95


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
    area, other = _pairs(every, every)
    above = other > area
    return _without(every, area[above], every, other[above])


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


def shares_of(annotated: Sequence[Area], seen: Sequence[Area], labels: Sequence[int]) -> Shares:
    """Measure.

    Args:
        annotated: areas as drawn, those that lie above others behind them.
        seen: the same after `cut_by_crossing`.
        labels: of each.
    """
    as_drawn, as_seen = np.array(annotated, dtype=object), np.array(seen, dtype=object)
    of = np.asarray(labels, dtype=np.int64)
    area, other = _pairs(as_seen, as_seen)
    above = other > area
    visible = visible_areas(seen)
    labelled = {
        label: float(shapely.area(visible[of == label]).sum()) for label in dict.fromkeys(labels)
    }
    above &= of[other] != of[area]
    left = shapely.area(_without(as_seen, area[above], as_seen, other[above]))
    whole = shapely.area(as_drawn)
    hit = whole - left > _NOTICED * whole
    return Shares(
        labelled, _covered(as_drawn, of, labelled, hit), _overlap(as_drawn, as_seen, visible, of)
    )


def _overlap(annotated: Areas, seen: Areas, visible: Areas, labels: Numbers) -> float:
    """How much of what is visible covers another class: what was drawn earlier, or was cut."""
    area, other = _pairs(seen, annotated)
    was_cut = np.array([s is not d for s, d in zip(seen, annotated, strict=True)], dtype=bool)
    below = (labels[other] != labels[area]) & ((other < area) | was_cut[other])
    alone = _without(visible, area[below], annotated, other[below])
    return float(shapely.area(visible).sum() - shapely.area(alone).sum())


def _covered(
    annotated: Areas, labels: Numbers, labelled: dict[int, float], hit: npt.NDArray[np.bool_]
) -> dict[int, tuple[int, float]]:
    found: dict[int, tuple[int, float]] = {}
    for label in labelled:
        own = labels == label
        if count := int(np.count_nonzero(hit & own)):
            found[label] = count, max(0.0, _area_together(annotated[own]) - labelled[label])
    return found


def _area_together(areas: Areas) -> float:
    """Area of a union. Only areas that meet another one need be united."""
    one, other = _pairs(areas, areas)
    meets = np.zeros(len(areas), dtype=bool)
    meets[one[one != other]] = True
    together = shapely.disjoint_subset_union_all(areas[meets])
    return float(shapely.area(areas[~meets]).sum() + together.area)


def _pairs(areas: Areas, others: Areas) -> tuple[Numbers, Numbers]:
    """Which areas meet which of the others, by number."""
    one, other = STRtree(others).query(areas, "intersects")
    return one, other


def _without(areas: Areas, which: Numbers, others: Areas, taken: Numbers) -> Areas:
    """The areas, each without the others that are paired with it (`which[i]`, `taken[i]`)."""
    found = areas.copy()
    if not len(which):
        return found
    order = np.argsort(which, kind="stable")
    which, taken = which[order], taken[order]
    numbers, first, counts = np.unique(which, return_index=True, return_counts=True)
    single = counts == 1  # most: all at once
    at = numbers[single]
    found[at] = shapely.difference(areas[at], others[taken[first[single]]])
    for number, begin, count in zip(numbers[~single], first[~single], counts[~single], strict=True):
        found[number] = _minus(areas[number], others[taken[begin : begin + count]])
    return found


def _minus(geometry: BaseGeometry, others: Areas | Sequence[BaseGeometry]) -> BaseGeometry:
    left: BaseGeometry = shapely.difference(geometry, shapely.union_all(others))
    return left

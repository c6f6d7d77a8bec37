"""Who wins where areas of several classes overlap.

The smaller one. But an area of a class that ends in ``*`` (an artefact, say) also takes what it
covers from larger *and* smaller ones that it crosses; only what lies in it whole was drawn on it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import shapely
from shapely.geometry.base import BaseGeometry
from shapely.strtree import STRtree

from hookpath.annotations._areas import Area, keep_area

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


@dataclass(frozen=True)
class Shares:
    """What several classes have of one another, in level-0 px².

    Attributes:
        labelled: by label, what is left of it after overlaps.
        covered: by label, what others took from it, and of how many areas.
        overlap: drawn in more than one class.
    """

    labelled: dict[int, float]
    covered: dict[int, tuple[int, float]]
    overlap: float


def shares_of(drawn: Sequence[Area], seen: Sequence[Area], labels: Sequence[int]) -> Shares:
    """Measure.

    Args:
        drawn: areas as drawn, those that lie above others behind them.
        seen: the same after `cut_by_crossing`.
        labels: of each.
    """
    over, under = STRtree(list(seen)), STRtree(list(drawn))
    labelled: dict[int, float] = dict.fromkeys(labels, 0.0)
    hit: dict[int, int] = {}
    overlap = 0.0
    for index, (area, label) in enumerate(zip(seen, labels, strict=True)):
        above = [i for i in over.query(area, "intersects").tolist() if i > index]
        visible = _minus(area, [seen[i] for i in above])
        labelled[label] += visible.area
        others = [i for i in under.query(area, "intersects").tolist() if labels[i] != label]
        below = [drawn[i] for i in others if _is_below(i, index, drawn, seen)]
        overlap += visible.area - _minus(visible, below).area
        left = _minus(area, [seen[i] for i in above if labels[i] != label]).area
        hit[label] = hit.get(label, 0) + (drawn[index].area - left > 1e-6 * drawn[index].area)
    return Shares(labelled, _covered(drawn, labels, labelled, hit), overlap)


def _is_below(other: int, index: int, drawn: Sequence[Area], seen: Sequence[Area]) -> bool:
    """Drawn earlier, or cut."""
    return other < index or seen[other] is not drawn[other]


def _covered(
    drawn: Sequence[Area], labels: Sequence[int], labelled: dict[int, float], hit: dict[int, int]
) -> dict[int, tuple[int, float]]:
    found: dict[int, tuple[int, float]] = {}
    for label, count in hit.items():
        if count:
            own = [area for area, of in zip(drawn, labels, strict=True) if of == label]
            found[label] = count, max(0.0, shapely.union_all(own).area - labelled[label])
    return found


def _minus(geometry: BaseGeometry, others: Sequence[BaseGeometry]) -> BaseGeometry:
    if not others:
        return geometry
    left: BaseGeometry = shapely.difference(geometry, shapely.union_all(list(others)))
    return left

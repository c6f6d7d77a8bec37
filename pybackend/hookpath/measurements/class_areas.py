"""Areas by class inside regions, from the outlines of objects."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt
import shapely
from shapely.geometry.base import BaseGeometry
from shapely.strtree import STRtree

from hookpath.annotations import PathObject, area_of, is_of_interest, is_usable_class
from hookpath.annotations.polygon_repair import keep_area, pieces_of
from hookpath.projects.object_ownership import CONFIRMED_KEY, EDITED_KEY, is_lasting

Kind = Literal["image", "annotation", "core"]


@dataclass(frozen=True)
class Parent:
    """A region that is measured in.

    Attributes:
        id: of its object; "": the whole image.
        kind: the image, an annotation, or a core of a tissue microarray.
        name, class_name: as QuPath shows them ("": none).
        geometry: level-0 px; None: the whole image.
        area_l0: of it.
    """

    id: str
    kind: Kind
    name: str
    class_name: str
    geometry: BaseGeometry | None
    area_l0: float


@dataclass(frozen=True)
class Measured:
    """What lies in a region.

    Attributes:
        areas_mm2: by class, of all measured classes of the image.
        covered_mm2: of all classes together.
    """

    parent: Parent
    parent_mm2: float
    areas_mm2: Mapping[str, float]
    covered_mm2: float

    def percent(self, name: str) -> float:
        """Of what is covered; NaN where nothing is."""
        return 100 * self.areas_mm2[name] / self.covered_mm2 if self.covered_mm2 else float("nan")

    @property
    def covered_percent(self) -> float:
        """Of the region."""
        return 100 * self.covered_mm2 / self.parent_mm2 if self.parent_mm2 else float("nan")


def is_measured(o: PathObject) -> bool:
    """Results of ours, also those that a person changed or confirmed since.

    Classes of no interest (``Ignore*``) and marks of regions are not.
    """
    if o.run is not None and is_lasting(o.run):
        return False
    is_result = o.run is not None or EDITED_KEY in o.metadata or CONFIRMED_KEY in o.metadata
    if not is_result or o.object_type not in ("annotation", "detection") or o.path_class is None:
        return False
    return is_usable_class(o.path_class.name) and is_of_interest(o.path_class.name)


class Outlines:
    """The areas of every class on one image, ready to be cut with regions.

    Areas of one class that overlap count once. Where classes overlap (a person reshaped one), the
    smaller object's class counts, as everywhere in hookpath.

    Args:
        objects: what is measured.
    """

    def __init__(self, objects: Iterable[PathObject]) -> None:
        areas, names = [], []
        for o in objects:
            area, _ = area_of(o.geometry)
            if area is not None and o.path_class is not None:
                areas.append(area)
                names.append(o.path_class.name)
        order = sorted(range(len(areas)), key=lambda i: -areas[i].area)
        seen = _apart([areas[i] for i in order])
        self.classes = tuple(dict.fromkeys(names))
        pieces = [
            (piece, names[i])
            for i, area in zip(order, map(keep_area, seen), strict=True)
            if area is not None
            for piece in pieces_of(area)
        ]
        self._pieces = np.array([piece for piece, _ in pieces], dtype=object)
        self._class = np.array([self.classes.index(name) for _, name in pieces], dtype=np.intp)
        self._tree = STRtree(self._pieces)

    def inside(self, region: BaseGeometry | None) -> dict[str, float]:
        """By class, the area in a region (None: everywhere), in square px of level 0."""
        if region is None:
            sums = self._summed(shapely.area(self._pieces), self._class)
        else:
            shapely.prepare(region)
            hit = self._tree.query(region, predicate="intersects")
            whole = shapely.covers(region, self._pieces[hit])
            within, across = hit[whole], hit[~whole]
            cut = shapely.area(shapely.intersection(self._pieces[across], region))
            sums = self._summed(shapely.area(self._pieces[within]), self._class[within])
            sums += self._summed(cut, self._class[across])
        return dict(zip(self.classes, sums.tolist(), strict=True))

    def _summed(
        self, areas: npt.NDArray[np.float64], of_class: npt.NDArray[np.intp]
    ) -> npt.NDArray[np.float64]:
        return np.bincount(of_class, areas, len(self.classes)).astype(np.float64)


def _apart(areas: Sequence[BaseGeometry]) -> list[BaseGeometry]:
    """Areas, the largest first, each without what smaller ones cover of it."""
    every, seen = np.array(areas, dtype=object), list(areas)
    first, second = STRtree(areas).query(areas, predicate="intersects")
    larger, smaller = first[first < second], second[first < second]
    overlap = ~shapely.touches(every[larger], every[smaller])  # neighbours only touch
    for i, j in zip(larger[overlap], smaller[overlap], strict=True):
        seen[i] = shapely.difference(seen[i], areas[j])
    return seen


def measure(outlines: Outlines, parents: Iterable[Parent], px_mm2: float) -> list[Measured]:
    """What lies in each region.

    Args:
        px_mm2: area of a px of level 0.
    """
    found = []
    for parent in parents:
        areas = {name: area * px_mm2 for name, area in outlines.inside(parent.geometry).items()}
        found.append(Measured(parent, parent.area_l0 * px_mm2, areas, sum(areas.values())))
    return found

"""Objects predicted inside annotated regions: cut to them, and marked with the one they lie in."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

import shapely
from shapely import STRtree
from shapely.geometry import Polygon
from shapely.geometry.base import BaseGeometry

from hookpath.annotations import PathObject
from hookpath.annotations.objects import new_object_id
from hookpath.annotations.vectorization.vectorizer import AREA_UM2
from hookpath.geometry import Calibration

#: Object metadata: id of the annotation that the object was asked for in, if it is exactly one.
REGION_KEY = "hookpath.region"


class Regions:
    """Area annotations to predict in, in level-0 px.

    Args:
        annotated: objects with areas, or areas alone (which nothing is marked with).
    """

    def __init__(self, annotated: Sequence[PathObject | BaseGeometry]) -> None:
        areas = [d.geometry if isinstance(d, PathObject) else d for d in annotated]
        self.areas = tuple(_repaired(area) for area in areas)
        self._ids = [d.id if isinstance(d, PathObject) else None for d in annotated]
        self._tree = STRtree(self.areas)

    def fitted(
        self, objects: Iterable[PathObject], calibration: Calibration, min_area_um2: float
    ) -> list[PathObject]:
        """The objects cut to the regions, pixel edges having crossed their borders.

        What falls apart becomes several objects; pieces below `min_area_um2` are left out.
        ``Area µm^2`` is that of the new outline; the probability stays that of the pixels.
        """
        least_l0 = min_area_um2 / calibration.area_um2(1)
        return [
            part
            for o in objects
            for part in self._parts(o, calibration, least_l0)
        ]  # fmt: skip

    def _parts(
        self, o: PathObject, calibration: Calibration, least_l0: float
    ) -> Iterator[PathObject]:
        near = [int(i) for i in self._tree.query(o.geometry, predicate="intersects")]
        if any(self.areas[i].contains(o.geometry) for i in near):
            yield self._marked(o, near)
            return
        cut = shapely.intersection(o.geometry, shapely.union_all([self.areas[i] for i in near]))
        pieces = [p for p in shapely.get_parts(cut) if isinstance(p, Polygon)]
        for number, piece in enumerate(p for p in pieces if p.area > max(least_l0 * 0.999, 1e-6)):
            measured = {**o.measurements, AREA_UM2: calibration.area_um2(piece.area)}
            new = replace(o, geometry=piece, measurements=measured)
            yield self._marked(new if number == 0 else replace(new, id=new_object_id()), near)

    def _marked(self, o: PathObject, near: Sequence[int]) -> PathObject:
        inside = [i for i in near if shapely.intersection(self.areas[i], o.geometry).area > 0]
        if len(inside) != 1 or self._ids[inside[0]] is None:
            return o
        return replace(o, metadata={**o.metadata, REGION_KEY: str(self._ids[inside[0]])})


def _repaired(area: BaseGeometry) -> BaseGeometry:
    """People draw outlines that cross themselves."""
    return area if area.is_valid else shapely.make_valid(area)

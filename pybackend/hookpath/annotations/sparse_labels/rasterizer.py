"""Sparse polygons → label patches: only what was drawn is known, the rest is ignore."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import shapely
from shapely.geometry import Polygon, box
from shapely.strtree import STRtree

from hookpath.annotations.classes import IGNORE, ClassTable, is_of_interest, is_usable_class
from hookpath.annotations.objects import PathClass, PathObject
from hookpath.annotations.polygon_repair import Area, are_pieces, pieces_of
from hookpath.annotations.sparse_labels.left_out_annotations import LabelReport, LeftOut
from hookpath.annotations.sparse_labels.overlaps import (
    Areas,
    cut_by_crossing,
    shares_of,
    visible_areas,
)
from hookpath.annotations.sparse_labels.usable_annotations import Selection, is_hand_drawn, select
from hookpath.geometry import Region

Bounds = tuple[float, float, float, float]


@dataclass(frozen=True)
class LabelPolygon:
    """One usable area in level-0 px: valid, 2-D, inside the slide where its size is known.

    `object_id` is that of the object that it is of.
    """

    label: int
    geometry: Area
    area_l0: float
    object_id: str = ""


def class_names_in(objects: Iterable[PathObject]) -> list[PathClass]:
    """Usable classes of areas made by hand, in order of first appearance.

    Each has a colour if any of its objects has one.
    """
    found: dict[str, PathClass] = {}
    for obj in objects:
        path_class = obj.path_class
        if path_class is None:
            continue
        known = found.get(path_class.name)
        if known is not None and (known.color is not None or path_class.color is None):
            continue
        if not is_usable_class(path_class.name):
            continue
        if not is_hand_drawn(obj) or shapely.get_dimensions(obj.geometry) < 2:
            continue
        found[path_class.name] = path_class
    return list(found.values())


class LabelSource:
    """The labels that people drew on one slide, at any resolution.

    Areas (polygons with holes, multi-part) of the classes of `classes` count; see `LabelReport`
    for what does not. Where areas overlap, the smaller object wins (the later one if equal), and a
    class that ends in ``*`` takes what it crosses (see ``_overlaps``). Areas of `UNKNOWN_MARK` take
    everything back. With `slide_size` (width, height in level-0 px) what lies off the slide is cut
    away. Picklable.
    """

    def __init__(
        self,
        objects: Iterable[PathObject],
        classes: ClassTable,
        slide_size: tuple[float, float] | None = None,
    ) -> None:
        self.classes = classes
        found = select(objects, classes, slide_size)
        stars = [not is_of_interest(classes.names[label - 1]) for label in found.labels]
        self._seen = cut_by_crossing(found.areas, stars)
        self._selection = found
        #: Usable areas, largest first: drawn in this order, the smaller one wins.
        self.polygons: tuple[LabelPolygon, ...] = tuple(
            LabelPolygon(label, seen, size if seen is area else seen.area, object_id)
            for label, seen, area, size, object_id in zip(
                found.labels, self._seen, found.areas, found.sizes, found.ids, strict=True
            )
            if seen is not None
        )
        self._lookup: _Lookup | None = None
        self._visible: Areas | None = None
        self._report: LabelReport | None = None

    def __getstate__(self) -> dict[str, Any]:
        return self.__dict__ | {"_lookup": None, "_visible": None}

    @property
    def bounds_l0(self) -> Bounds | None:
        """(min x, min y, max x, max y) of all areas; None without any."""
        if not self.polygons:
            return None
        x0, y0, x1, y1 = shapely.total_bounds([p.geometry for p in self.polygons])
        return float(x0), float(y0), float(x1), float(y1)

    @property
    def report(self) -> LabelReport:
        """What is used and what is not; overlaps are measured at the first call."""
        if self._report is None:
            self._report = _report(self._selection, self._seen, self.classes)
        return self._report

    @property
    def visible(self) -> Areas:
        """What is seen of each of `polygons` where smaller ones lie above it; level-0 px."""
        if self._visible is None:
            self._visible = visible_areas([p.geometry for p in self.polygons])
        return self._visible

    def rasterize(self, region: Region) -> npt.NDArray[np.uint8]:
        """(height, width) uint8 labels of a region; 0 (ignore) where nothing was drawn.

        A pixel has a label if its centre lies inside an area, so label grids of any two spacings
        about the same centre are aligned to 0 offset.
        """
        found: npt.NDArray[np.uint8] = self._looked_up().rasterize(region)
        return found

    def rasterize_polygons(self, region: Region) -> npt.NDArray[np.int32]:
        """(height, width) int32: which of `polygons` gives each pixel its label, counted from 1.

        0 where nothing was drawn.
        """
        found: npt.NDArray[np.int32] = self._looked_up().rasterize(region, owners=True)
        return found

    def _looked_up(self) -> _Lookup:
        if self._lookup is None:
            self._lookup = _Lookup(self.polygons)
        return self._lookup


class _Lookup:
    """Areas cut into small pieces in an STRtree, in drawing order."""

    def __init__(self, polygons: tuple[LabelPolygon, ...]) -> None:
        small = are_pieces([p.geometry for p in polygons])
        pieces = [
            (piece, p.label, number)
            for number, (p, is_piece) in enumerate(zip(polygons, small, strict=True), start=1)
            for piece in ([p.geometry] if is_piece else pieces_of(p.geometry))
        ]
        self.geometries = np.array([piece for piece, _, _ in pieces], dtype=object)
        self.labels = np.array([label for _, label, _ in pieces], dtype=np.uint8)
        self.owners = np.array([number for _, _, number in pieces], dtype=np.int32)
        self.tree = STRtree(self.geometries)

    def rasterize(self, region: Region, owners: bool = False) -> npt.NDArray[Any]:
        """Labels, or which polygon they are of."""
        from rasterio.features import rasterize
        from rasterio.transform import Affine

        values = self.owners if owners else self.labels
        found = np.sort(self.tree.query(box(*region.bounds_l0)))
        shapes = list(self._clipped(found, region, values))
        if not shapes:
            return np.full((region.height, region.width), IGNORE, values.dtype)
        annotated: npt.NDArray[Any] = rasterize(
            shapes,
            out_shape=(region.height, region.width),
            fill=IGNORE,
            transform=Affine(*region.affine_l0),
            all_touched=False,
            dtype=values.dtype.name,
        )
        return annotated

    def _clipped(
        self, found: npt.NDArray[np.intp], region: Region, values: npt.NDArray[Any]
    ) -> Iterator[tuple[Any, int]]:
        x0, y0, x1, y1 = region.bounds_l0
        # Two pixels of margin: the cut edges stay outside and draw nothing.
        dx, dy = 2 * region.downsample_x, 2 * region.downsample_y
        clipped = shapely.clip_by_rect(self.geometries[found], x0 - dx, y0 - dy, x1 + dx, y1 + dy)
        are_areas = ~shapely.is_empty(clipped) & (shapely.get_dimensions(clipped) == 2)
        yield from zip(_plain(clipped[are_areas]), values[found[are_areas]].tolist(), strict=True)


def _plain(geometries: npt.NDArray[Any]) -> Iterator[dict[str, Any]]:
    """GeoJSON as rasterio wants it; shapely's own is made coordinate by coordinate (3× slower)."""
    single = (shapely.get_type_id(geometries) == 3) & (
        shapely.get_num_interior_rings(geometries) == 0
    )
    ends = np.cumsum(np.where(single, shapely.get_num_coordinates(geometries), 0)).tolist()
    points, begin = shapely.get_coordinates(geometries[single]).tolist(), 0
    for geometry, is_single, end in zip(geometries, single.tolist(), ends, strict=True):
        if is_single:
            yield {"type": "Polygon", "coordinates": [points[begin:end]]}
        else:
            parts = (part for part in shapely.get_parts(geometry) if isinstance(part, Polygon))
            yield {"type": "MultiPolygon", "coordinates": [_rings(part) for part in parts]}
        begin = end


def _rings(polygon: Polygon) -> list[Any]:
    rings = (polygon.exterior, *polygon.interiors)
    return [shapely.get_coordinates(ring).tolist() for ring in rings]


def _report(found: Selection, seen: list[Area | None], classes: ClassTable) -> LabelReport:
    nothing = Polygon()
    shares = shares_of(found.areas, found.sizes, [s or nothing for s in seen], found.labels)
    names = classes.names
    covered = [
        LeftOut(names[label - 1], count, area_l0, "covered")
        for label, (count, area_l0) in shares.covered.items()
    ]
    return LabelReport(
        area_l0={name: shares.labelled.get(i, 0.0) for i, name in enumerate(names, 1)},
        objects={name: found.labels.count(i) for i, name in enumerate(names, 1)},
        left_out=(*found.left_out, *covered),
        renamed=found.renamed,
        strays=found.strays,
        results=found.results,
        detections=found.detections,
        repaired=found.repaired,
        overlap_l0=shares.overlap,
    )

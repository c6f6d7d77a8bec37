"""Sparse polygons → label patches: only what was drawn is known, the rest is ignore."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt
import shapely
from shapely.geometry import Polygon, box
from shapely.geometry.base import BaseGeometry
from shapely.strtree import STRtree

from hookpath.annotations._areas import Area, area_of, keep_area, pieces_of
from hookpath.annotations.classes import IGNORE, ClassTable, is_usable_class
from hookpath.annotations.objects import PathClass, PathObject
from hookpath.annotations.report import LabelReport
from hookpath.geometry import Region

Bounds = tuple[float, float, float, float]


@dataclass(frozen=True)
class LabelPolygon:
    """One usable area in level-0 px: valid, 2-D, inside the slide where its size is known."""

    label: int
    geometry: Area
    area_l0: float


def is_drawn_by_hand(obj: PathObject) -> bool:
    """True for annotations that no run of ours made: the only ones that teach a model."""
    return obj.object_type == "annotation" and obj.run is None


def class_names_in(objects: Iterable[PathObject]) -> list[PathClass]:
    """Usable classes of hand-drawn areas, in order of first appearance, each with a colour if any
    of its objects has one.
    """
    found: dict[str, PathClass] = {}
    for obj in objects:
        path_class = obj.path_class
        if path_class is None or not is_usable_class(path_class.name):
            continue
        if not is_drawn_by_hand(obj) or shapely.get_dimensions(obj.geometry) < 2:
            continue
        if path_class.name not in found or found[path_class.name].color is None:
            found[path_class.name] = path_class
    return list(found.values())


class LabelSource:
    """The labels that people drew on one slide, at any resolution.

    Areas (polygons with holes, multi-part) of the classes of `classes` count; see `LabelReport`
    for what does not. Where areas overlap, the smaller object wins (the later one if equal).
    With `slide_size` (width, height in level-0 px) what lies off the slide is cut away. Picklable.
    """

    def __init__(
        self,
        objects: Iterable[PathObject],
        classes: ClassTable,
        slide_size: tuple[float, float] | None = None,
    ) -> None:
        self.classes = classes
        used, counts = _select(objects, classes, slide_size)
        #: Usable areas, largest first: drawn in this order, the smaller one wins.
        self.polygons: tuple[LabelPolygon, ...] = tuple(sorted(used, key=lambda p: -p.area_l0))
        self._counts = counts
        self._lookup: _Lookup | None = None
        self._report: LabelReport | None = None

    def __getstate__(self) -> dict[str, Any]:
        return self.__dict__ | {"_lookup": None}

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
            area_l0, overlap_l0 = _areas_by_class(self.polygons, self.classes)
            self._report = replace(self._counts, area_l0=area_l0, overlap_l0=overlap_l0)
        return self._report

    def rasterize(self, region: Region) -> npt.NDArray[np.uint8]:
        """(height, width) uint8 labels of a region; 0 (ignore) where nothing was drawn.

        A pixel has a label if its centre lies inside an area, so label grids of any two spacings
        about the same centre are aligned to 0 offset.
        """
        if self._lookup is None:
            self._lookup = _Lookup(self.polygons)
        return self._lookup.rasterize(region)


class _Lookup:
    """Areas cut into small pieces in an STRtree, in drawing order."""

    def __init__(self, polygons: tuple[LabelPolygon, ...]) -> None:
        pieces = [(piece, p.label) for p in polygons for piece in pieces_of(p.geometry)]
        self.geometries = np.array([piece for piece, _ in pieces], dtype=object)
        self.labels = np.array([label for _, label in pieces], dtype=np.uint8)
        self.tree = STRtree(self.geometries)

    def rasterize(self, region: Region) -> npt.NDArray[np.uint8]:
        from rasterio.features import rasterize
        from rasterio.transform import Affine

        found = np.sort(self.tree.query(box(*region.bounds_l0)))
        shapes = list(self._clipped(found, region))
        if not shapes:
            return np.full((region.height, region.width), IGNORE, np.uint8)
        labels: npt.NDArray[np.uint8] = rasterize(
            shapes,
            out_shape=(region.height, region.width),
            fill=IGNORE,
            transform=Affine(*region.affine_l0),
            all_touched=False,
            dtype="uint8",
        )
        return labels

    def _clipped(self, found: npt.NDArray[np.intp], region: Region) -> Iterator[tuple[Any, int]]:
        x0, y0, x1, y1 = region.bounds_l0
        # Two pixels of margin: the cut edges stay outside and draw nothing.
        dx, dy = 2 * region.downsample_x, 2 * region.downsample_y
        clipped = shapely.clip_by_rect(self.geometries[found], x0 - dx, y0 - dy, x1 + dx, y1 + dy)
        for geometry, label in zip(clipped, self.labels[found], strict=True):
            if not geometry.is_empty and shapely.get_dimensions(geometry) == 2:
                yield _plain(geometry), int(label)


def _plain(geometry: Area) -> dict[str, Any]:
    """GeoJSON as rasterio wants it; shapely's own is made coordinate by coordinate (3× slower)."""
    if isinstance(geometry, Polygon):
        return {"type": "Polygon", "coordinates": _rings(geometry)}
    parts = (part for part in shapely.get_parts(geometry) if isinstance(part, Polygon))
    return {"type": "MultiPolygon", "coordinates": [_rings(part) for part in parts]}


def _rings(polygon: Polygon) -> list[Any]:
    rings = (polygon.exterior, *polygon.interiors)
    return [shapely.get_coordinates(ring).tolist() for ring in rings]


def _select(
    objects: Iterable[PathObject], classes: ClassTable, slide_size: tuple[float, float] | None
) -> tuple[list[LabelPolygon], LabelReport]:
    """Usable areas in the order drawn (later first), and the counts of what is not used."""
    used: list[LabelPolygon] = []
    counts: Counter[str] = Counter()
    per_class: Counter[str] = Counter()
    others: Counter[str] = Counter()
    off_slide_l0 = 0.0
    for obj in objects:
        why_not = _why_not(obj, classes)
        if why_not == "other_classes" and obj.path_class is not None:
            others[obj.path_class.name] += 1
        elif why_not is not None:
            counts[why_not] += 1
        else:
            assert obj.path_class is not None
            area, repaired = area_of(obj.geometry)
            counts["repaired"] += repaired and area is not None
            inside, off_l0 = _on_slide(area, slide_size)
            counts["off_slide"] += off_l0 > 0
            off_slide_l0 += off_l0
            if inside is None:
                counts["dropped"] += area is None
                continue
            per_class[obj.path_class.name] += 1
            used.append(LabelPolygon(classes.label(obj.path_class.name), inside, inside.area))
    report = LabelReport(
        objects={name: per_class[name] for name in classes.names},
        other_classes=dict(others),
        off_slide_l0=off_slide_l0,
    )
    numbers: dict[str, Any] = dict(counts)
    return used, replace(report, **numbers)


def _why_not(obj: PathObject, classes: ClassTable) -> str | None:
    """The count of `LabelReport` that an object belongs to; None: it may be used."""
    if obj.run is not None:
        return "results"
    if obj.object_type != "annotation":
        return "detections"
    dimension = -1 if obj.geometry.is_empty else shapely.get_dimensions(obj.geometry)
    if dimension in (0, 1):
        return ("points", "lines")[dimension]
    if obj.path_class is None:
        return "unclassified"
    if not is_usable_class(obj.path_class.name):
        return "ignored"
    return None if obj.path_class.name in classes else "other_classes"


def _on_slide(
    area: Area | None, slide_size: tuple[float, float] | None
) -> tuple[Area | None, float]:
    """The part of an area on the slide, and how much of it (px²) is not."""
    if area is None or slide_size is None:
        return area, 0.0
    slide = box(0, 0, *slide_size)
    if slide.covers(area):
        return area, 0.0
    inside = keep_area(shapely.intersection(area, slide))
    return inside, area.area - (inside.area if inside is not None else 0.0)


def _areas_by_class(
    polygons: tuple[LabelPolygon, ...], classes: ClassTable
) -> tuple[dict[str, float], float]:
    """Labelled area of each class after overlaps are resolved, and the area of several classes."""
    tree = STRtree([p.geometry for p in polygons])
    labelled = dict.fromkeys(classes.names, 0.0)
    overlap = 0.0
    for index, polygon in enumerate(polygons):
        touching = tree.query(polygon.geometry, "intersects").tolist()
        visible = _minus(polygon.geometry, [polygons[i].geometry for i in touching if i > index])
        below = [
            polygons[i].geometry
            for i in touching
            if i < index and polygons[i].label != polygon.label
        ]
        labelled[classes.names[polygon.label - 1]] += visible.area
        overlap += visible.area - _minus(visible, below).area
    return labelled, overlap


def _minus(geometry: BaseGeometry, others: list[Area]) -> BaseGeometry:
    if not others:
        return geometry
    left: BaseGeometry = shapely.difference(geometry, shapely.union_all(others))
    return left

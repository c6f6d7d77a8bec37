"""Which of the annotations are used as labels, where, and why the others are not."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import shapely
from shapely.geometry import box

from hookpath.annotations.classes import ClassTable, is_unknown_mark, is_usable_class
from hookpath.annotations.objects import UNCONFIRMED_KEY, UNSEEN, PathObject
from hookpath.annotations.polygon_repair import Area, area_of, areas_of, keep_area
from hookpath.annotations.sparse_labels.left_out_annotations import LeftOut, Why

#: Smaller losses, in level-0 px², are rounding.
_NOTHING_L0 = 1e-6


def is_hand_drawn(obj: PathObject) -> bool:
    """True for annotations that no run of ours made: the only ones that teach a model."""
    return obj.object_type == "annotation" and obj.run is None and not is_unconfirmed(obj)


def is_unconfirmed(obj: PathObject) -> bool:
    """True for what is left of a changed result and nobody confirmed."""
    return UNCONFIRMED_KEY in obj.metadata


@dataclass(frozen=True)
class Selection:
    """Usable areas, the largest first (of equal ones the earlier), and what is not used.

    Attributes:
        areas: valid, on the slide, without what is marked as unknown; level-0 px.
        sizes: of each, in level-0 px².
        labels: of each.
        ids: of the objects that they are of.
        left_out: what people drew that is not used, by class and reason.
        renamed: class as it is written → as it is read.
        strays: which of the file's features are none, from 1.
    """

    areas: list[Area]
    sizes: list[float]
    labels: list[int]
    ids: list[str]
    left_out: tuple[LeftOut, ...]
    renamed: Mapping[str, str]
    strays: tuple[int, ...]
    results: int
    detections: int
    repaired: int


@dataclass
class _Tally:
    """What is not used, added up."""

    sums: dict[tuple[str, Why], tuple[int, float]] = field(default_factory=dict)

    def add(self, obj: PathObject, why: Why, area_l0: float = 0.0) -> None:
        key = obj.path_class.name if obj.path_class else "", why
        count, area = self.sums.get(key, (0, 0.0))
        self.sums[key] = count + 1, area + area_l0

    def found(self) -> tuple[LeftOut, ...]:
        return tuple(LeftOut(name, n, a, why) for (name, why), (n, a) in self.sums.items())


def select(
    objects: Iterable[PathObject], classes: ClassTable, slide_size: tuple[float, float] | None
) -> Selection:
    """The areas of the classes of `classes` that people drew.

    Args:
        slide_size: width and height in level-0 px; what lies beyond is cut away. None: unknown.
    """
    every = list(objects)
    strays = tuple(o.extra["stray"] for o in every if "stray" in o.extra)
    annotated = [o for o in every if is_hand_drawn(o) and "stray" not in o.extra]
    unconfirmed = [o for o in every if is_unconfirmed(o)]
    results = sum(o.run is not None for o in every)
    tally, used, repaired = _Tally(), list[tuple[int, Area, str]](), 0
    unknown, slide = _unknown(annotated), None if slide_size is None else box(0, 0, *slide_size)
    shapely.prepare([g for g in (unknown, slide) if g is not None])
    for obj in unconfirmed:
        unseen = obj.metadata[UNCONFIRMED_KEY] == UNSEEN
        tally.add(obj, "unseen" if unseen else "unconfirmed", obj.geometry.area)
    geometries = np.array([*(o.geometry for o in annotated), None], dtype=object)[:-1]
    areas = areas_of([o.geometry for o in annotated])
    whole = _covered_by(slide, [area for area, _ in areas])
    dimensions = np.where(shapely.is_empty(geometries), -1, shapely.get_dimensions(geometries))
    whys, labels = _Whys(classes), {name: classes.label(name) for name in classes.names}
    for obj, (area, was_repaired), on_slide, dimension in zip(
        annotated, areas, whole, dimensions.tolist(), strict=True
    ):
        why = whys[obj.path_class.name if obj.path_class else None, dimension]
        if why is not None:
            tally.add(obj, why, area.area if area else 0.0)
        elif area is None:
            tally.add(obj, "broken")
        else:
            repaired += was_repaired
            left = _known_part(obj, area, None if on_slide else slide, unknown, tally)
            if left is not None and obj.path_class is not None:
                used.append((labels[obj.path_class.name], left, obj.id))
    sizes = shapely.area([area for _, area, _ in used]).tolist()
    order = sorted(range(len(used)), key=lambda i: -sizes[i])
    used = [used[i] for i in order]
    return Selection(
        areas=[area for _, area, _ in used],
        sizes=[sizes[i] for i in order],
        labels=[label for label, _, _ in used],
        ids=[object_id for _, _, object_id in used],
        left_out=tally.found(),
        renamed=_renamed(annotated),
        strays=strays,
        results=results,
        detections=len(every) - len(annotated) - len(unconfirmed) - results - len(strays),
        repaired=repaired,
    )


def _covered_by(slide: Area | None, areas: Sequence[Area | None]) -> list[bool]:
    """Of each area whether it lies on the slide whole; None: all do."""
    if slide is None:
        return [True] * len(areas)
    # A slide is a box; what is no area has no bounds, and lies nowhere.
    x0, y0, x1, y1 = shapely.bounds(np.array([*areas, None], dtype=object))[:-1].T
    left, top, right, bottom = slide.bounds
    inside = (x0 >= left) & (y0 >= top) & (x1 <= right) & (y1 <= bottom)
    return list(inside.tolist())


def _renamed(annotated: Iterable[PathObject]) -> dict[str, str]:
    return {
        o.written_class: o.path_class.name for o in annotated if o.written_class and o.path_class
    }


def _unknown(annotated: Iterable[PathObject]) -> Area | None:
    """All that is marked as unknown, as one area."""
    marks = [o for o in annotated if o.path_class and is_unknown_mark(o.path_class.name)]
    areas = [area for o in marks if (area := area_of(o.geometry)[0]) is not None]
    return keep_area(shapely.union_all(areas)) if areas else None


class _Whys(dict[tuple[str | None, int], Why | None]):
    """Class and dimension (-1: empty) of an object → why it is not used; None: it may be."""

    def __init__(self, classes: ClassTable) -> None:
        super().__init__()
        self._classes = classes

    def __missing__(self, key: tuple[str | None, int]) -> Why | None:
        self[key] = self._why(*key)
        return self[key]

    def _why(self, name: str | None, dimension: int) -> Why | None:
        if dimension in (0, 1):
            return "point" if dimension == 0 else "line"
        if name is None:
            return "unclassified"
        if not is_usable_class(name):
            return "region"
        return None if name in self._classes else "other_class"


def _known_part(
    obj: PathObject, area: Area, slide: Area | None, unknown: Area | None, tally: _Tally
) -> Area | None:
    """The part of an area on the slide that is not taken back; `slide`: where it may lie off it."""
    inside = area
    if slide is not None:
        kept = keep_area(shapely.intersection(area, slide))
        tally.add(obj, "off_slide", area.area - (kept.area if kept else 0.0))
        if kept is None:
            return None
        inside = kept
    if unknown is None or not unknown.intersects(inside):
        return inside
    left = keep_area(shapely.difference(inside, unknown))
    lost = inside.area - (left.area if left else 0.0)
    if lost > _NOTHING_L0:
        tally.add(obj, "unknown", lost)
    return left

"""What annotations show on a slide, as areas that do not overlap: one class at every point."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

import shapely
from shapely.geometry.base import BaseGeometry

from hookpath.annotations import (
    Area,
    PathClass,
    PathObject,
    area_of,
    cut_by_crossing,
    is_of_interest,
    is_unknown_mark,
    is_usable_class,
    keep_area,
    says_something,
)
from hookpath.annotations.sparse_labels.overlaps import visible_areas
from hookpath.projects import EDITED_KEY


@dataclass(frozen=True)
class Piece:
    """The part of an annotation that is seen, in level-0 px.

    Attributes:
        object_id: of the annotation that it is of.
        by_hand: a person drew, changed or locked the annotation.
        locked: as in QuPath.
        edited: it began as a result of ours.
    """

    geometry: Area
    path_class: PathClass
    object_id: str
    by_hand: bool
    locked: bool = False
    edited: bool = False

    def within(self, area: BaseGeometry) -> Piece | None:
        """The part inside `area`, if any."""
        return self._cut(shapely.intersection(self.geometry, area))

    def without(self, area: BaseGeometry) -> Piece | None:
        """The part outside `area`, if any."""
        return self._cut(shapely.difference(self.geometry, area))

    def _cut(self, geometry: BaseGeometry) -> Piece | None:
        kept = keep_area(geometry)
        return None if kept is None else replace(self, geometry=kept)


def seen_pieces(objects: Iterable[PathObject]) -> list[Piece]:
    """What is seen of every area annotation with a usable class.

    A person's work lies above proposals, whatever the sizes; among each of the two overlaps are
    as in `hookpath.annotations.LabelSource`. What a person marked as unknown hides everything and
    is no piece itself.
    """
    layers = sorted(_cut(_areas(objects)), key=_height)  # of equal ones the later lies above
    seen = visible_areas([p.geometry for p in layers])
    found: list[Piece] = []
    for piece, geometry in zip(reversed(layers), reversed(seen), strict=True):
        kept = keep_area(geometry) if is_usable_class(piece.path_class.name) else None
        if kept is not None:
            found.append(replace(piece, geometry=kept))
    return found


def _height(piece: Piece) -> tuple[bool, bool, float]:
    """Ascending from the bottom."""
    return is_unknown_mark(piece.path_class.name), piece.by_hand, -piece.geometry.area


def _cut(pieces: Iterable[Piece]) -> Iterator[Piece]:
    """A person's areas of classes that end in ``*`` take what they cross of their other ones."""
    every = list(pieces)
    yield from (p for p in every if not p.by_hand)
    annotated = [p for p in every if p.by_hand]
    stars = [not is_of_interest(p.path_class.name) for p in annotated]
    for piece, left in zip(
        annotated, cut_by_crossing([p.geometry for p in annotated], stars), strict=True
    ):
        if left is not None:
            yield replace(piece, geometry=left)


def _areas(objects: Iterable[PathObject]) -> Iterator[Piece]:
    for o in objects:
        if o.object_type != "annotation" or o.path_class is None:
            continue
        by_hand = o.run is None
        counts = says_something if by_hand else is_usable_class
        if not counts(o.path_class.name):
            continue
        area, _ = area_of(o.geometry)
        if area is not None:
            edited = EDITED_KEY in o.metadata
            yield Piece(area, o.path_class, o.id, by_hand, o.locked, edited)


def person_s_areas(objects: Iterable[PathObject]) -> list[PathObject]:
    """A person's area annotations with a class, but no regions (confirmed, to check, QuPath's).

    What they have something to say about, be it that it is unknown.
    """
    return [
        o
        for o in objects
        if o.run is None
        and o.object_type == "annotation"
        and o.geometry.area > 0
        and o.path_class is not None
        and says_something(o.path_class.name)
    ]


def union_of(geometries: Iterable[BaseGeometry]) -> BaseGeometry:
    """All of them as one; empty where there are none."""
    return shapely.union_all(list(geometries))

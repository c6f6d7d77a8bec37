"""What a person drew or confirmed: the one rule of what teaches, measures or is learned live.

Area counts for one of three reasons, and for no other:

``drawn``
    A person drew it before anything was proposed on the image.
``confirmed``
    A person said "what is shown here is right": in an area of class `CONFIRMED_CLASS`, or of one
    object by locking it in QuPath; or it was accepted in the annotation loop.
``touched``
    A person drew something there that no proposal had said there. Of a proposal that a person
    reshaped, that is the area added; the rest of it is still the machine's word. The same holds for
    objects that QuPath made out of proposals (merged, split, copied).

So a stroke at the edge of a proposal teaches the stroke. Of a result that no loop remembers
(``hookpath predict``) nobody knows what was added: changed, it counts where it is confirmed.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

import shapely
from shapely.geometry.base import BaseGeometry

from hookpath.annotations import PathObject, area_of, is_usable_class, keep_area
from hookpath.annotations.objects import CHANGED, RUN_TAG, UNCONFIRMED_KEY, UNSEEN
from hookpath.projects.loop_proposals import Proposed, proposed_on
from hookpath.projects.object_ownership import APPEARANCE_KEY, CONFIRMED_KEY, EDITED_KEY, UNSEEN_KEY
from hookpath.projects.project_protocol import ImageEntry

CONFIRMED_CLASS = "Region: confirmed*"
"""Class of the areas in which all that is shown is right (QuPath measures none with *)."""

Reason = Literal["drawn", "confirmed", "touched"]

#: A person's outline and a proposal's agree within this (px): QuPath rounds and smooths vertices.
SLACK_PX = 1.0

_NOTHING: BaseGeometry = shapely.Polygon()


@dataclass(frozen=True)
class ProposedArea:
    """What was ever proposed on an image.

    Attributes:
        drawn_ids: objects that a person drew before the first proposal; None: there was none.
        ids: of the proposals.
        areas: by class, level-0 px, wider by `SLACK_PX`.
    """

    drawn_ids: frozenset[str] | None = None
    ids: frozenset[str] = frozenset()
    areas: Mapping[str, BaseGeometry] = field(default_factory=dict)

    @classmethod
    def of(cls, proposals: Iterable[PathObject], drawn_ids: Iterable[str] | None) -> ProposedArea:
        """From the proposals themselves."""
        every = list(proposals)
        areas: dict[str, list[BaseGeometry]] = {}
        for o in every:
            area, _ = area_of(o.geometry)
            if o.path_class is not None and area is not None:
                areas.setdefault(o.path_class.name, []).append(area)
        wide = {
            name: shapely.union_all(found).buffer(SLACK_PX, join_style="mitre")
            for name, found in areas.items()
        }
        ids = None if drawn_ids is None else frozenset(drawn_ids)
        return cls(ids, frozenset(o.id for o in every), wide)

    def why(self, object_id: str, *, locked: bool, edited: bool) -> Reason | None:
        """Why a person's object may teach; None: what was changed about it is not known.

        Args:
            edited: it began as a result of ours.
        """
        if object_id in self.drawn_ids if self.drawn_ids is not None else not edited:
            return "drawn"
        if locked:
            return "confirmed"
        return None if edited and object_id not in self.ids else "touched"

    def without(self, geometry: BaseGeometry, class_name: str) -> BaseGeometry:
        """The part of an area of a class that no proposal said."""
        return geometry.difference(self.areas.get(class_name, _NOTHING))


def confirmed_by_hand(objects: Iterable[PathObject]) -> list[PathObject]:
    """Areas of class `CONFIRMED_CLASS` that a person drew (ours only show what was accepted)."""
    return [
        o
        for o in objects
        if o.run is None and o.path_class is not None and o.path_class.name == CONFIRMED_CLASS
    ]


def teaching_objects(
    entry: ImageEntry, objects: Sequence[PathObject] | None = None
) -> list[PathObject]:
    """The objects of an image by the rule above (see `teaching_parts`).

    Args:
        objects: of the image, where they have been read already.

    Raises:
        ProjectError, AnnotationError: they cannot be read.
    """
    every = entry.objects() if objects is None else objects
    if not every:  # the loop need not be asked
        return []
    return teaching_parts(every, proposed_area_on(proposed_on(entry)))


def proposed_area_on(proposed: Proposed | None) -> ProposedArea:
    """What a loop remembers of an image; None: there is no loop, or it never proposed there."""
    if proposed is None:
        return ProposedArea()
    return ProposedArea.of(proposed.objects(), proposed.drawn_ids)


def teaching_parts(objects: Sequence[PathObject], said: ProposedArea) -> list[PathObject]:
    """The objects, cut to what a person drew or confirmed.

    What is a person's whole stays as it is, and so do results and detections. Of an annotation
    that counts in part there are two: what counts, and the rest with `UNCONFIRMED_KEY`. A result
    inside a confirmed area is there twice: as it is, and as the person's, or, if the person's file
    does not have it (`UNSEEN_KEY`), with `UNCONFIRMED_KEY`, so that it is reported.
    """
    area = _union(confirmed_by_hand(objects))
    found: list[PathObject] = []
    for o in objects:
        found += _parts(o, said, area) if _is_annotation(o) else [o]
    if not area.is_empty:
        found += _shown(objects, area)
    return found


def _is_annotation(o: PathObject) -> bool:
    return (
        o.object_type == "annotation"
        and o.run is None
        and o.path_class is not None
        and is_usable_class(o.path_class.name)
    )


def _parts(o: PathObject, said: ProposedArea, confirmed: BaseGeometry) -> list[PathObject]:
    edited = EDITED_KEY in o.metadata
    why = said.why(o.id, locked=o.locked or CONFIRMED_KEY in o.metadata, edited=edited)
    if why in ("drawn", "confirmed"):
        return [o]
    name = o.path_class.name if o.path_class else ""
    if why == "touched" and (name not in said.areas or not said.areas[name].intersects(o.geometry)):
        return [o]
    whole, _ = area_of(o.geometry)
    if whole is None:
        return [o]
    new = said.without(whole, name) if why == "touched" else _NOTHING
    counts = keep_area(shapely.union(new, whole.intersection(confirmed)))
    rest = whole if counts is None else keep_area(whole.difference(counts))
    kept = [] if counts is None else [dataclasses.replace(o, geometry=counts)]
    return kept if rest is None else [*kept, _unconfirmed(o, rest)]


def _unconfirmed(o: PathObject, rest: BaseGeometry) -> PathObject:
    return dataclasses.replace(o, geometry=rest, metadata={**o.metadata, UNCONFIRMED_KEY: CHANGED})


def _shown(objects: Sequence[PathObject], confirmed: BaseGeometry) -> list[PathObject]:
    """What results show in the confirmed area, where no annotation of a person lies above them."""
    above = _union([o for o in objects if _is_annotation(o)])
    free = confirmed.difference(above)
    found = []
    for o in objects:
        shows = o.run is not None and o.path_class and is_usable_class(o.path_class.name)
        if o.object_type != "annotation" or not shows or not o.geometry.intersects(free):
            continue
        area, _ = area_of(o.geometry)
        part = None if area is None else keep_area(area.intersection(free))
        if part is not None:
            own = {k: v for k, v in o.metadata.items() if k not in (RUN_TAG, APPEARANCE_KEY)}
            own |= {UNCONFIRMED_KEY: UNSEEN} if UNSEEN_KEY in own else {}
            found.append(dataclasses.replace(o, geometry=part, metadata=own))
    return found


def _union(objects: Iterable[PathObject]) -> BaseGeometry:
    areas = (area_of(o.geometry)[0] for o in objects)
    return shapely.union_all([area for area in areas if area is not None])

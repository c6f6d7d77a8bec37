"""What counts as ground truth on a slide, and why.

The rules that keep a model from learning its own mistakes.

Which area teaches, and why, is the rule of `hookpath.projects.confirmed_annotations`, the same that
plain training goes by; here it is the reason of each fact. Besides, a whole slide, or any area that
is named, can be confirmed.

So a proposal that nobody touched, locked or confirmed is never a label, and what a person drew
*over* a proposal of the same class counts once it is confirmed: where two say the same, nobody
knows who looked. The truth is kept as it was when it was accepted, in areas that do not overlap.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import cast, get_args

import shapely
from shapely.geometry.base import BaseGeometry

from hookpath.annotations import PathClass, PathObject, is_unknown_mark, keep_area, read_geojson
from hookpath.loop.ground_truth.disjoint_areas import Piece, seen_pieces, union_of
from hookpath.loop.state.loop_folder import write_objects
from hookpath.projects import EDITED_KEY
from hookpath.projects.confirmed_annotations import (
    CONFIRMED_CLASS,
    SLACK_PX,
    ProposedArea,
    Reason,
    confirmed_by_hand,
)

__all__ = [
    "CHECK_CLASS",
    "CONFIRMED_CLASS",
    "SLACK_PX",
    "Evidence",
    "Fact",
    "Reason",
    "Truth",
    "accepted",
    "confirmed_by_hand",
    "drawn_ids",
    "drawn_truth",
]

CHECK_CLASS = "Region: check*"
"""Class of the areas that are worth a look."""

_REASON_KEY = "hookpath.loop.because"
_NOTHING: BaseGeometry = shapely.Polygon()


@dataclass(frozen=True)
class Fact:
    """An area of one class that a person drew or confirmed, in level-0 px."""

    geometry: BaseGeometry
    path_class: PathClass
    because: Reason


@dataclass(frozen=True)
class Truth:
    """Facts about a slide that do not overlap, and the area that was confirmed (level-0 px)."""

    facts: tuple[Fact, ...] = ()
    confirmed: BaseGeometry = field(default_factory=shapely.Polygon)

    def objects(self) -> list[PathObject]:
        """The facts as annotations of a person: what a model may learn from."""
        return [PathObject(f.geometry, path_class=f.path_class) for f in self.facts]

    def area_l0(self) -> dict[str, float]:
        """Labelled area by class, px²."""
        found: dict[str, float] = {}
        for fact in self.facts:
            name = fact.path_class.name
            found[name] = found.get(name, 0.0) + fact.geometry.area
        return found

    def save(self, path: Path) -> None:
        """Write it as GeoJSON, the reasons in the objects' metadata."""
        facts = [
            PathObject(f.geometry, path_class=f.path_class, metadata={_REASON_KEY: f.because})
            for f in self.facts
        ]
        area = keep_area(self.confirmed)
        region = [PathObject(area, path_class=PathClass(CONFIRMED_CLASS))] if area else []
        write_objects(path, [*facts, *region])

    @classmethod
    def load(cls, path: Path) -> Truth:
        """What `save` wrote; nothing where there is no file."""
        facts: list[Fact] = []
        confirmed = _NOTHING
        for o in read_geojson(path) if path.is_file() else []:
            because = o.metadata.get(_REASON_KEY)
            if o.path_class is None:
                continue
            if because in get_args(Reason):
                facts.append(Fact(o.geometry, o.path_class, cast(Reason, because)))
            elif o.path_class.name == CONFIRMED_CLASS:
                confirmed = o.geometry
        return cls(tuple(facts), confirmed)


@dataclass(frozen=True)
class Evidence:
    """What accepting a slide goes by.

    Attributes:
        objects: all that the project holds now.
        drawn_ids: objects that a person drew before the first proposal.
        said: all that was ever proposed on the slide.
        area: what is confirmed now, in level-0 px; may be empty.
        rest: class of what no annotation covers within `area`; None: unknown.
    """

    objects: Sequence[PathObject]
    drawn_ids: frozenset[str]
    said: Sequence[PathObject]
    area: BaseGeometry
    rest: PathClass | None = None


def drawn_ids(objects: Iterable[PathObject]) -> tuple[str, ...]:
    """Objects that are a person's from the outset, not results that a person edited."""
    own = (o.id for o in objects if o.run is None and EDITED_KEY not in o.metadata)
    return tuple(sorted(own))


def drawn_truth(objects: Iterable[PathObject], annotated: frozenset[str] | None = None) -> Truth:
    """The facts that are known before anything was accepted: what a person drew at the start.

    Args:
        objects: of the project.
        annotated: their ids; None: nothing was ever proposed, so all of a person's work counts.
    """
    return Truth(
        tuple(
            Fact(p.geometry, p.path_class, "drawn")
            for p in seen_pieces(objects)
            if p.by_hand and not p.edited and (annotated is None or p.object_id in annotated)
        )
    )


def accepted(before: Truth, found: Evidence) -> Truth:
    """The truth after accepting.

    What was confirmed earlier stays, outside of what is confirmed or touched now; what was
    touched or drawn is judged anew by what the project shows.
    """
    pieces = seen_pieces(found.objects)
    new = [*_confirmed(pieces, found), *_by_hand(pieces, found)]
    taken = union_of([found.area, *(f.geometry for f in new)])
    kept = [
        Fact(area, f.path_class, f.because)
        for f in before.facts
        if f.because == "confirmed" and (area := keep_area(f.geometry.difference(taken)))
    ]
    confirmed = keep_area(union_of([before.confirmed, found.area])) or _NOTHING
    return Truth((*kept, *new), confirmed)


def _confirmed(pieces: Sequence[Piece], found: Evidence) -> list[Fact]:
    """Everything that is shown in the confirmed area, and the rest of it."""
    if found.area.is_empty:
        return []
    inside = [p for piece in pieces if (p := piece.within(found.area))]
    facts = [Fact(p.geometry, p.path_class, "confirmed") for p in inside]
    if found.rest is not None:
        unknown = [o.geometry for o in _unknown(found.objects)]
        hidden = union_of([*(p.geometry for p in inside), *unknown])
        left = keep_area(found.area.difference(hidden))
        facts += [Fact(left, found.rest, "confirmed")] if left else []
    return facts


def _by_hand(pieces: Sequence[Piece], found: Evidence) -> list[Fact]:
    """Drawn, locked and touched area outside of the confirmed one."""
    said = ProposedArea.of(found.said, found.drawn_ids)
    facts: list[Fact] = []
    for piece in pieces:
        outside = piece.without(found.area) if piece.by_hand else None
        if outside is None:
            continue
        because = said.why(piece.object_id, locked=piece.locked, edited=piece.edited)
        if because == "touched":
            outside = outside.without(said.areas.get(piece.path_class.name, _NOTHING))
        if outside is not None and because is not None:
            facts.append(Fact(outside.geometry, piece.path_class, because))
    return facts


def _unknown(objects: Iterable[PathObject]) -> list[PathObject]:
    """Areas that a person took out of everything."""
    return [
        o for o in objects
        if o.run is None and o.path_class and is_unknown_mark(o.path_class.name)
        and o.geometry.area > 0
    ]  # fmt: skip

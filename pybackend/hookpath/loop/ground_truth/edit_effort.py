"""How far a person's correction is from what was proposed, and what the proposal spared them.

Everything is measured in the confirmed area, exactly, on outlines: what nobody confirmed says
nothing about a proposal.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import shapely
from shapely.geometry.base import BaseGeometry

from hookpath.annotations import PathObject, is_region_mark, keep_area
from hookpath.geometry import Calibration
from hookpath.loop.ground_truth.disjoint_areas import seen_pieces, union_of

#: An outline that moved by less than this (µm) was not drawn anew.
DRAWN_BEYOND_UM = 2.0


@dataclass(frozen=True)
class Correction:
    """Proposal against correction on one image.

    Attributes:
        dice: by class; None where neither has it.
        proposed_mm2: by class, in the compared area.
        corrected_mm2: by class, in the compared area.
        overlap_mm2: by class; Dice of several images is made of the sums.
        compared_mm2: size of the compared area.
        changed_mm2: area whose class changed, to and from nothing included.
        outline_mm: length of all outlines as corrected.
        drawn_mm: of it, what lies off the proposal's outlines: what had to be drawn.
        added: objects of a person that were not proposed.
        removed: proposed objects that are gone.
        reshaped: proposed objects with another outline.
        reclassified: proposed objects with another class.
        kept: proposed objects left as they were.
    """

    dice: Mapping[str, float | None]
    proposed_mm2: Mapping[str, float]
    corrected_mm2: Mapping[str, float]
    overlap_mm2: Mapping[str, float]
    compared_mm2: float
    changed_mm2: float
    outline_mm: float
    drawn_mm: float
    added: int
    removed: int
    reshaped: int
    reclassified: int
    kept: int

    @property
    def saved(self) -> float | None:
        """Share of the outlines that did not have to be drawn; None without outlines."""
        return 1 - self.drawn_mm / self.outline_mm if self.outline_mm else None

    @property
    def left_as_it_was(self) -> bool:
        """Nobody changed anything."""
        return not (self.added or self.removed or self.reshaped or self.reclassified)


def measure(
    proposed: Sequence[PathObject],
    objects: Sequence[PathObject],
    area: BaseGeometry,
    calibration: Calibration,
    drawn_ids: frozenset[str] = frozenset(),
) -> Correction:
    """Compare.

    Args:
        proposed: as they were written into the project.
        objects: all that the project holds now.
        area: to compare in, level-0 px; empty: only the objects are counted.
        drawn_ids: objects that were there before: neither proposed nor added.
    """
    before = _areas(proposed, area, frozenset())
    after = _areas(objects, area, drawn_ids)
    mm2 = calibration.area_um2(1.0) * 1e-6
    overlap = {
        name: before[name].intersection(after[name]).area * mm2
        for name in before.keys() & after.keys()
    }
    names = sorted(before.keys() | after.keys())
    was = {n: before[n].area * mm2 if n in before else 0.0 for n in names}
    now = {n: after[n].area * mm2 if n in after else 0.0 for n in names}
    outline, annotated = _outlines(before, after, area, calibration)
    return Correction(
        dice={n: dice(overlap.get(n, 0.0), was[n], now[n]) for n in names},
        proposed_mm2=was,
        corrected_mm2=now,
        overlap_mm2={n: overlap.get(n, 0.0) for n in names},
        compared_mm2=area.area * mm2,
        changed_mm2=_changed(before, after) * mm2,
        outline_mm=outline,
        drawn_mm=annotated,
        **_count(proposed, objects, area, drawn_ids),
    )


def dice(overlap: float, a: float, b: float) -> float | None:
    """2·overlap / (a + b); None where both are empty."""
    return 2 * overlap / (a + b) if a + b > 0 else None


def _areas(
    objects: Iterable[PathObject], area: BaseGeometry, without: frozenset[str]
) -> dict[str, BaseGeometry]:
    """What is seen of each class in the compared area."""
    found: dict[str, list[BaseGeometry]] = {}
    for piece in seen_pieces(objects):
        inside = piece.within(area) if piece.object_id not in without else None
        if inside is not None:
            found.setdefault(piece.path_class.name, []).append(inside.geometry)
    return {name: union_of(parts) for name, parts in found.items()}


def _changed(before: Mapping[str, BaseGeometry], after: Mapping[str, BaseGeometry]) -> float:
    same = union_of(before[n].intersection(after[n]) for n in before.keys() & after.keys())
    return float(union_of([*before.values(), *after.values()]).area - same.area)


def _outlines(
    before: Mapping[str, BaseGeometry],
    after: Mapping[str, BaseGeometry],
    area: BaseGeometry,
    calibration: Calibration,
) -> tuple[float, float]:
    """Length in mm of all outlines inside the area, and of those that were not there before.

    What lies on the compared area's own edge is a cut, not an outline.
    """
    slack = DRAWN_BEYOND_UM / calibration.mpp
    total = annotated = 0.0
    edge = shapely.boundary(area).buffer(slack) if not area.is_empty else area
    for name, shape in after.items():
        lines = shape.boundary.difference(edge)
        total += lines.length
        old = before.get(name)
        annotated += (lines if old is None else lines.difference(old.boundary.buffer(slack))).length
    return total * calibration.mpp / 1000, annotated * calibration.mpp / 1000


def _count(
    proposed: Sequence[PathObject],
    objects: Sequence[PathObject],
    area: BaseGeometry,
    drawn_ids: frozenset[str],
) -> dict[str, int]:
    """Objects by what became of them; only those that the area touches, where there is one."""
    now = {o.id: o for o in objects}
    judged = [o for o in proposed if area.is_empty or o.geometry.intersects(area)]
    alive = [(o, now[o.id]) for o in judged if o.id in now]
    renamed = sum(_class(a) != _class(b) for a, b in alive)
    reshaped = sum(_class(a) == _class(b) and not _same(a.geometry, b.geometry) for a, b in alive)
    ids = {o.id for o in proposed} | drawn_ids
    added = sum(
        o.run is None
        and o.id not in ids
        and bool(keep_area(o.geometry))
        and not is_region_mark(_class(o))
        and (area.is_empty or o.geometry.intersects(area))
        for o in objects
        if o.object_type == "annotation"
    )
    return {
        "added": added,
        "removed": len(judged) - len(alive),
        "reshaped": reshaped,
        "reclassified": renamed,
        "kept": len(alive) - renamed - reshaped,
    }


def _class(o: PathObject) -> str:
    return o.path_class.name if o.path_class else ""


def _same(a: BaseGeometry, b: BaseGeometry) -> bool:
    """The same outline, but for what rounding to QuPath's 32-bit vertices does."""
    change = shapely.symmetric_difference(shapely.make_valid(a), shapely.make_valid(b)).area
    return bool(change <= 0.05 * (a.length + 1))


@dataclass
class Sums:
    """Metrics over several images."""

    images: int = 0
    untouched: int = 0
    proposed_mm2: dict[str, float] = field(default_factory=dict)
    corrected_mm2: dict[str, float] = field(default_factory=dict)
    overlap_mm2: dict[str, float] = field(default_factory=dict)
    compared_mm2: float = 0.0
    changed_mm2: float = 0.0
    outline_mm: float = 0.0
    drawn_mm: float = 0.0
    added: int = 0
    removed: int = 0
    reshaped: int = 0
    reclassified: int = 0
    kept: int = 0

    def add(self, values: Mapping[str, object]) -> None:
        """Add one image's metrics, as `hookpath.loop.steps.status` keeps them."""
        self.images += 1
        self.untouched += bool(values.get("left_as_it_was"))
        for name in ("proposed_mm2", "corrected_mm2", "overlap_mm2"):
            table, more = getattr(self, name), values.get(name)
            for key, value in more.items() if isinstance(more, Mapping) else ():
                table[key] = table.get(key, 0.0) + float(value)
        for name in ("compared_mm2", "changed_mm2", "outline_mm", "drawn_mm"):
            setattr(self, name, getattr(self, name) + float(str(values.get(name, 0.0))))
        for name in ("added", "removed", "reshaped", "reclassified", "kept"):
            setattr(self, name, getattr(self, name) + int(str(values.get(name, 0))))

    def as_dict(self) -> dict[str, object]:
        """Plain values, with Dice of the sums and the share of outlines saved."""
        by_class = {
            n: dice(self.overlap_mm2.get(n, 0.0), self.proposed_mm2[n], self.corrected_mm2[n])
            for n in self.proposed_mm2
        }
        saved = 1 - self.drawn_mm / self.outline_mm if self.outline_mm else None
        return {**vars(self), "dice": by_class, "saved": saved}

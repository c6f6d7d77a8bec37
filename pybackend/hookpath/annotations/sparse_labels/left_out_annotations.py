"""Which annotations are used as labels, and which are not and why."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Any, Literal, TypeVar

from hookpath.annotations.class_names import shown

Why = Literal[
    "point", "line", "unclassified", "region", "unknown", "other_class", "broken", "off_slide",
    "covered", "unconfirmed", "unseen", "no_plane",
]  # fmt: skip

#: More are only counted.
_MOST_STRAYS = 3

Number = TypeVar("Number", int, float)

#: Why something teaches nothing, as a person reads it behind class, number and area.
REASONS: Mapping[Why, str] = MappingProxyType(
    {
        "point": "not used: points have no area; draw areas, or use --line-width",
        "line": "not used: lines have no area; draw areas, or use --line-width",
        "unclassified": "not used: no class",
        "region": "not used as a class: it marks a region",
        "unknown": "not used: marked as unknown",
        "other_class": "not used: the class is not among those to be learned",
        "broken": "not used: no area, broken coordinates, or it crosses itself too often",
        "off_slide": "not used: beyond the slide",
        "covered": "not used: under another class, which wins (the smaller area, or a class "
        "that ends in *)",
        "unconfirmed": "not used: a changed prediction that nobody confirmed; lock what is right, "
        "or draw an area of class 'Region: confirmed*' around it",
        "unseen": "not used: predicted in a confirmed area, but not in the file of the drawing, so "
        "nobody can have confirmed it there; open both files in QuPath and export all objects",
        "no_plane": "not used: on a z-plane or time point that the image does not have",
    }
)

MEANT = frozenset[Why](("region", "unknown", "covered"))
"""Reasons that are as somebody meant it: worth a line, no warning."""


@dataclass(frozen=True)
class LeftOut:
    """Objects of one class, or parts of them, that teach nothing.

    Attributes:
        class_name: "": no class.
        count: objects concerned.
        area_l0: what is not used of them, in level-0 px²; 0 for points, lines and what is broken.
        why: the reason.
    """

    class_name: str
    count: int
    area_l0: float
    why: Why

    def line(self, px_mm2: float | None) -> str:
        """``Tumor: 2 annotations, 0.0310 mm², not used: …``; px² where `px_mm2` is unknown."""
        objects = "1 annotation" if self.count == 1 else f"{self.count} annotations"
        area = f", {area_text(self.area_l0, px_mm2)}" if self.area_l0 else ""
        return f"{self.class_name or 'without a class'}: {objects}{area}, {REASONS[self.why]}"

    def as_dict(self, px_mm2: float | None) -> dict[str, Any]:
        """For programs: ``class``, ``count``, ``mm2`` (None: unknown), ``why``."""
        mm2 = None if px_mm2 is None else self.area_l0 * px_mm2
        return {"class": self.class_name, "count": self.count, "mm2": mm2, "why": self.why}


def area_text(area_l0: float, px_mm2: float | None) -> str:
    """An area as a person reads it, in mm² where the size of a pixel is known."""
    if px_mm2 is None:
        return f"{area_l0:.0f} px²"
    mm2 = area_l0 * px_mm2
    return f"{mm2:.4f} mm²" if mm2 >= 0.00005 else f"{mm2 * 1e6:.0f} µm²"


@dataclass(frozen=True)
class LabelReport:
    """Counts of objects and areas in level-0 px² of one slide's annotations.

    `area_l0` is what rasterising yields: overlaps counted once, for the class that wins.
    """

    area_l0: Mapping[str, float] = field(default_factory=dict)  #: per class of the table
    objects: Mapping[str, int] = field(default_factory=dict)  #: usable areas, per class
    left_out: tuple[LeftOut, ...] = ()  #: what people drew that teaches nothing
    renamed: Mapping[str, str] = field(default_factory=dict)  #: class as written → as it is read
    strays: tuple[int, ...] = ()  #: which of the file's features are none (``null``), from 1
    results: int = 0  #: objects that earlier runs of ours made
    detections: int = 0  #: detections, cells, tiles…: not annotations
    repaired: int = 0  #: self-intersecting areas, repaired and used
    overlap_l0: float = 0.0  #: area annotated in more than one class

    def count(self, why: Why) -> int:
        """Objects that are not used, or not whole, for this reason."""
        return sum(found.count for found in self.left_out if found.why == why)

    def problems(self, px_mm2: float | None = None) -> tuple[str, ...]:
        """One line for each thing that the person who drew should know.

        Args:
            px_mm2: area of a level-0 px in mm²; None: unknown.
        """
        lines = (*self.notes, *(found.line(px_mm2) for found in self.left_out))
        if self.detections and not any(self.objects.values()):
            return (*lines, f"{self.detections} detection(s) are no annotations: not used")
        return lines

    @property
    def notes(self) -> tuple[str, ...]:
        """One line for each thing that is used, but not as it is in its file, or is no object."""
        return tuple(self._notes())

    def _notes(self) -> Iterator[str]:
        for written, name in self.renamed.items():
            yield f"class {shown(written, name)} is read as {name!r}"
        for number in self.strays[:_MOST_STRAYS]:
            yield f"feature {number} of the GeoJSON is none, and left out"
        if (more := len(self.strays) - _MOST_STRAYS) > 0:
            yield f"and {more} more that are none"
        if self.repaired:
            yield f"{self.repaired} self-intersecting annotation(s) were repaired"


def merged(reports: Sequence[LabelReport]) -> LabelReport:
    """What is annotated on the planes of one image, together."""
    if len(reports) == 1:
        return reports[0]
    lost: dict[tuple[str, Why], LeftOut] = {}
    for found in (one for report in reports for one in report.left_out):
        key = found.class_name, found.why
        before = lost.get(key, replace(found, count=0, area_l0=0.0))
        count, area = before.count + found.count, before.area_l0 + found.area_l0
        lost[key] = replace(found, count=count, area_l0=area)
    return LabelReport(
        area_l0=_summed(report.area_l0 for report in reports),
        objects=_summed(report.objects for report in reports),
        left_out=tuple(lost.values()),
        strays=tuple(number for report in reports for number in report.strays),
        renamed={k: v for report in reports for k, v in report.renamed.items()},
        results=sum(report.results for report in reports),
        detections=sum(report.detections for report in reports),
        repaired=sum(report.repaired for report in reports),
        overlap_l0=sum(report.overlap_l0 for report in reports),
    )


def _summed(several: Iterable[Mapping[str, Number]]) -> dict[str, Number]:
    total: dict[str, Number] = {}
    for one in several:
        for name, value in one.items():
            total[name] = total[name] + value if name in total else value
    return total

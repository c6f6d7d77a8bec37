"""What of the drawn objects is used as labels, and what is not and why."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class LabelReport:
    """Counts of objects and areas in level-0 px² of one slide's annotations.

    `area_l0` is what rasterising yields: overlaps counted once, for the class that wins.
    """

    area_l0: Mapping[str, float] = field(default_factory=dict)  #: per class of the table
    objects: Mapping[str, int] = field(default_factory=dict)  #: usable areas, per class
    points: int = 0  #: annotations that are points
    lines: int = 0  #: annotations that are lines
    unclassified: int = 0  #: areas without a class
    ignored: int = 0  #: areas of ``Ignore*`` and ``Region*`` classes
    other_classes: Mapping[str, int] = field(default_factory=dict)  #: classes not in the table
    results: int = 0  #: objects that earlier runs of ours made
    detections: int = 0  #: detections, cells, tiles…: not annotations
    repaired: int = 0  #: self-intersecting areas, repaired and used
    dropped: int = 0  #: empty, without area, or broken coordinates
    overlap_l0: float = 0.0  #: area drawn in more than one class
    off_slide: int = 0  #: areas that reach beyond the slide (if its size was given)
    off_slide_l0: float = 0.0  #: their area out there, which is not used

    @property
    def problems(self) -> tuple[str, ...]:
        """One line for each thing that the person who drew should know."""
        total = sum(self.area_l0.values())
        lines = (
            (self.points, f"{self.points} point annotation(s) are not used: draw areas"),
            (self.lines, f"{self.lines} line annotation(s) are not used: draw areas"),
            (self.unclassified, f"{self.unclassified} annotation(s) have no class: not used"),
            (self.repaired, f"{self.repaired} self-intersecting annotation(s) were repaired"),
            (self.dropped, f"{self.dropped} annotation(s) without area or broken: not used"),
            (
                self.overlap_l0 >= 0.5,
                f"annotations of different classes overlap on {self.overlap_l0:.0f} px² "
                f"({_percent(self.overlap_l0, total)} of the labelled area): the smaller one wins",
            ),
            (
                self.off_slide,
                f"{self.off_slide} annotation(s) reach beyond the slide by "
                f"{self.off_slide_l0:.0f} px²: that part is not used",
            ),
        )
        return tuple(line for count, line in lines if count)


def _percent(part: float, whole: float) -> str:
    return f"{100 * part / whole:.1f} %" if whole else "100 %"

"""What people drew that teaches nothing, over all images: reported as lines and as events."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from hookpath.annotations import MEANT, LabelReport, LeftOut
from hookpath.events import Reporter

#: Code of warnings about annotated areas that are not learned from.
CODE = "not_learned"
_MOST_NAMES = 3


@dataclass(frozen=True)
class ReportOfImage:
    """One image's labels; `px_mm2` is the area of a level-0 px (None: unknown)."""

    image: str
    labels: LabelReport
    px_mm2: float | None


def report_left_out(reporter: Reporter, reports: Sequence[ReportOfImage]) -> None:
    """One line for each class and reason, over all images, and a result with the numbers.

    What is as its author meant it (``Region*``, areas marked as unknown, overlaps) is information;
    the rest are warnings with `CODE`.
    """
    for line in _notes(reports):
        reporter.info(line)
    for lost, line in _lines(reports):
        if lost.why in MEANT:
            reporter.info(line)
        else:
            reporter.warn(line, CODE)
    images = [
        {"image": r.image, "left_out": [lost.as_dict(r.px_mm2) for lost in r.labels.left_out]}
        for r in reports
        if r.labels.left_out
    ]
    if images:
        reporter.result("left_out", {"images": images})


def _notes(reports: Iterable[ReportOfImage]) -> Iterator[str]:
    """What is used otherwise than it was drawn, each thing once."""
    images: dict[str, list[str]] = {}
    for report in reports:
        for line in report.labels.notes:
            images.setdefault(line, []).append(report.image)
    yield from (f"{_named(names)}: {line}" for line, names in images.items())


def _lines(reports: Sequence[ReportOfImage]) -> Iterator[tuple[LeftOut, str]]:
    """Each class and reason once, summed over the images, and the line that says so."""
    kinds = dict.fromkeys(
        (lost.class_name, lost.why) for r in reports for lost in r.labels.left_out
    )
    for name, why in kinds:
        found = [
            (r, lost)
            for r in reports
            for lost in r.labels.left_out
            if (lost.class_name, lost.why) == (name, why)
        ]
        known = all(r.px_mm2 is not None for r, _ in found)
        area = sum(lost.area_l0 * (r.px_mm2 if known and r.px_mm2 else 1.0) for r, lost in found)
        total = LeftOut(name, sum(lost.count for _, lost in found), area, why)
        where = _named([r.image for r, _ in found])
        yield total, f"{where}: {total.line(1.0 if known else None)}"


def _named(images: Sequence[str]) -> str:
    """``a.tif, b.tif, c.tif and 7 more images``."""
    shown, more = ", ".join(images[:_MOST_NAMES]), len(images) - _MOST_NAMES
    return f"{shown} and {more} more image{'s' * (more > 1)}" if more > 0 else shown

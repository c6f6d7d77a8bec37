"""What many images amount to: areas by class, slides without annotations, slides that are gone."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from hookpath.projects.path_remapping import common_folder, recorded_path
from hookpath.projects.project_summary import ImageSummary


@dataclass(frozen=True)
class Totals:
    """Images of one or more projects, summed up.

    Attributes:
        annotated: images on which something of a class is annotated.
        unusable: images that cannot be read, missing ones among them.
        mm2: annotated area by class; NaN where µm/px of an image is unknown.
        slides: images on which each class is annotated.
        splits: images by split ("": nobody decided).
    """

    images: int
    annotated: int
    unusable: int
    missing: int
    mm2: Mapping[str, float] = field(default_factory=dict)
    slides: Mapping[str, int] = field(default_factory=dict)
    splits: Mapping[str, int] = field(default_factory=dict)

    @classmethod
    def of(cls, images: Sequence[ImageSummary]) -> Totals:
        """Sum up; a class's area on an image without µm/px makes its sum unknown."""
        mm2: dict[str, float] = {}
        slides: Counter[str] = Counter()
        for name, area in (item for image in images for item in image.annotated_mm2.items()):
            mm2[name] = mm2.get(name, 0.0) + area
            slides[name] += 1
        return cls(
            images=len(images),
            annotated=sum(bool(i.annotated_mm2) for i in images),
            unusable=sum(bool(i.problem) for i in images),
            missing=sum(bool(i.missing) for i in images),
            mm2=mm2,
            slides=dict(slides),
            splits=dict(Counter(i.split or "" for i in images)),
        )

    def as_dict(self) -> dict[str, Any]:
        """For a program: plain values, unknown areas as None."""
        areas = {name: None if math.isnan(a) else a for name, a in self.mm2.items()}
        return {**asdict(self), "mm2": areas}


def by_project(images: Sequence[ImageSummary]) -> dict[str, Totals]:
    """The totals of each project of a pool."""
    names = dict.fromkeys(i.project for i in images)
    return {name: Totals.of([i for i in images if i.project == name]) for name in names}


def missing_lines(images: Sequence[ImageSummary]) -> list[str]:
    """One line for each project with slides that are not where it says."""
    projects = dict.fromkeys(i.project for i in images)
    lines = (_missing(name, [i for i in images if i.project == name]) for name in projects)
    return [line for line in lines if line]


def _missing(project: str, images: Sequence[ImageSummary]) -> str:
    gone = [recorded_path(i.missing) for i in images if i.missing]
    if not gone:
        return ""
    folder = common_folder(gone)
    where = f"in {folder}" if folder is not None else "where the project has them"
    old = str(folder) if folder is not None else "OLD"
    slides = "slide is" if len(gone) == 1 else "slides are"
    return (
        f"{project}{': ' if project else ''}{len(gone)} of {len(images)} {slides} not {where}; put "
        f"them back, or say where that folder is now: --remap {old}=NEW"
    )

"""What is in a project, at a glance and without changing anything."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from math import nan
from typing import Any

from hookpath.annotations import (
    ClassTable,
    LabelReport,
    LabelRules,
    LabelSource,
    LeftOut,
    PathObject,
    class_names_in,
)
from hookpath.annotations.object_planes import FIRST, Plane, plane_of, planes_of
from hookpath.annotations.sparse_labels.left_out_annotations import merged
from hookpath.context_managers import collector_paused
from hookpath.errors import HookpathError, MissingSlideError
from hookpath.geometry import Calibration
from hookpath.projects.confirmed_annotations import teaching_objects
from hookpath.projects.image_planes import PlaneEntry
from hookpath.projects.object_ownership import count_edited
from hookpath.projects.pooled_projects import PooledEntry
from hookpath.projects.project_protocol import SPLIT_KEY, ImageEntry, Project
from hookpath.projects.rest_of_tissue_class import Rest


@dataclass(frozen=True)
class ImageSummary:
    """One image: what it is, what is annotated on it, and what is wrong.

    Attributes:
        width: in level-0 px; 0 where the slide cannot be opened.
        height: in level-0 px.
        spacing_um: µm/px of level 0; None: unknown.
        reader: the library that gives the pixels ("": the slide cannot be opened).
        split: ``train``, ``val`` or ``test``; None: nobody decided.
        annotated_mm2: area that a person drew, by class, overlaps counted once, and the undrawn
            tissue where that is of a class; where µm/px is unknown the classes have NaN.
        written: classes of drawn areas, before any rule changed them.
        rest: the class of the undrawn tissue; None: it is unknown.
        results: objects that earlier runs of ours wrote.
        edited: such results that a person changed; they count where somebody confirmed them
            (`hookpath.projects.confirmed_annotations`).
        left_out: what was drawn and is no label: ``class``, ``count``, ``mm2``, ``why``.
        channels: names of its channels; empty: RGB, or the slide cannot be opened.
        dtype: type of its samples ("": the slide cannot be opened).
        planes: along z and in time.
        notes: what the person should know of the file and of what was drawn.
        project: what its project is called, where several are looked at.
        missing: where the slide should be by its project, if it is not there ("": it is).
        problem: why the image cannot be used ("": it can).
        code: what a program may make of the problem (`HookpathError.code`).
    """

    name: str
    id: str
    width: int = 0
    height: int = 0
    spacing_um: float | None = None
    reader: str = ""
    split: str | None = None
    annotated_mm2: Mapping[str, float] = field(default_factory=dict)
    written: tuple[str, ...] = ()
    rest: str | None = None
    results: int = 0
    edited: int = 0
    left_out: tuple[Mapping[str, Any], ...] = ()
    notes: tuple[str, ...] = ()
    problem: str = ""
    code: str = ""
    project: str = ""
    missing: str = ""
    channels: tuple[str, ...] = ()
    dtype: str = ""
    planes: tuple[int, int] = (1, 1)


def summarise(
    project: Project, rest: Rest | None = None, rules: LabelRules | None = None
) -> list[ImageSummary]:
    """One summary for each image, also for those that cannot be opened.

    Args:
        rest: what undrawn tissue is; None: unknown, unless an image's metadata says so.
        rules: how annotations become labels; None: as they are.
    """
    found = []
    for entry in project.images:
        with collector_paused():  # an image may have a hundred thousand objects
            found.append(_summary(entry, rest or Rest(), rules or LabelRules()))
    return found


def mm2_by_class(images: Iterable[ImageEntry]) -> dict[str, dict[str, float]]:
    """Image name → class → annotated area in mm², as `summarise` has it."""
    rest, rules = Rest(), LabelRules()
    return {e.name: dict(_summary(e, rest, rules).annotated_mm2) for e in images}


def _summary(entry: ImageEntry, rest: Rest, rules: LabelRules) -> ImageSummary:
    image = entry.read()
    width = height = 0
    edited = 0
    calibration: Calibration | None = None
    of_file: tuple[str, ...] = ()
    written: dict[str, None] = {}
    problem = code = reader = missing = dtype = ""
    channels: tuple[str, ...] = ()
    planes = (1, 1)
    try:
        found = image.description
        (width, height), of_file, reader = found.size_l0, found.notes, found.reader
        dtype, planes = found.dtype, found.planes
        channels = () if found.is_rgb else tuple(c.name for c in found.channels)
        calibration = found.known_calibration()
    except HookpathError as error:
        problem, code = str(error), error.code
        missing = error.recorded if isinstance(error, MissingSlideError) else ""
    try:
        annotated = _Annotated(entry, image.objects, planes if reader else None)
        edited = count_edited(image.objects)
        size = (width, height) if width else None
        report, undrawn = annotated.report(rest, rules, calibration, size, written)
    except HookpathError as error:
        report, undrawn = LabelReport(), None
        problem, code = problem or str(error), code or error.code
    # A class that was drawn but whose area is unknown must still be seen.
    px_mm2 = calibration.area_um2(1.0) * 1e-6 if calibration else None
    return ImageSummary(
        name=entry.name,
        id=entry.id,
        width=width,
        height=height,
        spacing_um=calibration.mpp if calibration else None,
        reader=reader,
        split=image.metadata.get(SPLIT_KEY),
        annotated_mm2={name: area * (px_mm2 or nan) for name, area in report.area_l0.items()},
        written=tuple(written),
        rest=undrawn,
        results=report.results,
        edited=edited,
        left_out=tuple(found.as_dict(px_mm2) for found in report.left_out),
        notes=(*of_file, *report.problems(px_mm2)),
        problem=problem,
        code=code,
        project=entry.project if isinstance(entry, PooledEntry) else "",
        missing=missing,
        channels=channels,
        dtype=dtype,
        planes=planes,
    )


@dataclass(frozen=True)
class _Annotated:
    """Objects of an image, plane by plane: each is an image of its own to whoever learns.

    Attributes:
        planes: how many there are; None: unknown.
    """

    entry: ImageEntry
    objects: Sequence[PathObject]
    planes: Plane | None

    def report(
        self,
        rest: Rest,
        rules: LabelRules,
        calibration: Calibration | None,
        size: tuple[int, int] | None,
        written: dict[str, None],
    ) -> tuple[LabelReport, str | None]:
        """What becomes labels, and the class of undrawn tissue (None: it is unknown).

        Args:
            written: gets the names of classes before the rules change them.
        """
        found, undrawn = [], None
        planes = planes_of(self.objects) or [FIRST]
        for plane in planes:
            one = len(planes) == 1
            here = [o for o in self.objects if one or plane_of(o) == plane]
            drawn = teaching_objects(self.entry, here)
            written |= dict.fromkeys(c.name for c in class_names_in(drawn))
            objects = rules.applied(drawn, lambda: calibration)
            if not self._has(plane):
                found.append(_nowhere(objects))
                continue
            view = self.entry if plane == FIRST else PlaneEntry(self.entry, plane)
            undrawn = undrawn or rest.class_of(view, objects)
            # Without µm/px nobody can tell tissue.
            known = rest.completed(view, objects) if calibration else objects
            found.append(_labels(known, size))
        return merged(found), undrawn

    def _has(self, plane: Plane) -> bool:
        return self.planes is None or all(
            at < count for at, count in zip(plane, self.planes, strict=True)
        )


def _nowhere(objects: Sequence[PathObject]) -> LabelReport:
    """Of objects on a plane that is not there."""
    seen = _labels(objects, None)
    annotated = {name: seen.area_l0.get(name, 0.0) for name, count in seen.objects.items() if count}
    lost = (LeftOut(name, seen.objects[name], area, "no_plane") for name, area in annotated.items())
    return LabelReport(left_out=tuple(lost), results=seen.results)


def _labels(objects: Sequence[PathObject], slide_size: tuple[int, int] | None) -> LabelReport:
    if not objects:  # most images of a large project
        return LabelReport()
    classes = ClassTable.of(class_names_in(objects))
    return LabelSource(objects, classes, slide_size=slide_size).report

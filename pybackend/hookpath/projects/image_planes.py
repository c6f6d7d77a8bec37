"""An image of several z-planes or time points, plane by plane: each is an image of its own.

What is annotated counts on the plane it is annotated on; what is predicted goes onto the plane that
was predicted, and earlier results on the others stay.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

from hookpath.annotations import PathObject, is_hand_drawn
from hookpath.annotations.object_planes import FIRST, Plane, on_plane, plane_of, planes_of
from hookpath.errors import HookpathError, UsageError
from hookpath.projects.image_snapshot import ImageSnapshot, described, snapshot_of
from hookpath.projects.object_ownership import is_replaceable, staying
from hookpath.projects.project_protocol import ImageEntry, Project, WriteReport
from hookpath.projects.project_wrappers import EntryView, ProjectView
from hookpath.slides import SlideDescription, SlideRef
from hookpath.slides.slide_base import default_plane

ALL = "all"


class PlaneEntry(EntryView):
    """One plane of an image of a project.

    Args:
        entry: the image.
        plane: z and t; None: the one that QuPath shows first, under the image's own name and id.
        keeps: what other runs wrote on the other planes stays where this one is written to.
    """

    def __init__(self, entry: ImageEntry, plane: Plane | None, *, keeps: bool = False) -> None:
        super().__init__(entry)
        self._plane, self._keeps = plane, keeps
        self._described: SlideDescription | None = None

    @property
    def plane(self) -> Plane:
        """The plane: z and t."""
        return default_plane(planes_in(self.entry)) if self._plane is None else self._plane

    @property
    def id(self) -> str:
        """The image's with the plane behind it."""
        if self._plane is None:
            return self.entry.id
        return f"{self.entry.id}@z{self._plane[0]}t{self._plane[1]}"

    @property
    def name(self) -> str:
        """The image's with the plane behind it."""
        if self._plane is None:
            return self.entry.name
        return f"{self.entry.name} (z {self._plane[0]}, t {self._plane[1]})"

    @property
    def slide(self) -> SlideRef:
        """The plane (see `ImageEntry.slide`)."""
        return replace(self.entry.slide, plane=self._plane)

    @property
    def description(self) -> SlideDescription:
        """Of the plane (see `ImageEntry.description`)."""
        if self._described is None:
            self._described = described(self.slide)
        return self._described

    def read(self) -> ImageSnapshot:
        """See `ImageEntry.read`."""
        whole = self.entry.read()
        return snapshot_of(self, lambda: self._mine(whole.objects), lambda: whole.stamp)

    def objects(self) -> list[PathObject]:
        """The objects on this plane."""
        return self._mine(self.entry.objects())

    def write(
        self,
        objects: Sequence[PathObject],
        run: str,
        read: ImageSnapshot | None = None,
        beside: bool = False,
    ) -> WriteReport:
        """See `ImageEntry.write`; what the same run wrote on other planes stays."""
        plane, gone = self.plane, run if beside else None
        there = [
            staying(o)
            for o in self.entry.objects()
            if plane_of(o) != plane and is_replaceable(o, gone) and (self._keeps or o.run == run)
        ]
        mine = [on_plane(o, plane) for o in objects]
        report = self.entry.write([*there, *mine], run, read, beside)
        return replace(
            report, added=report.added - len(there), removed=max(0, report.removed - len(there))
        )

    def _mine(self, objects: Iterable[PathObject]) -> list[PathObject]:
        every = list(objects)
        return [o for o in every if plane_of(o) == self.plane] if every else []


@dataclass(frozen=True)
class PlaneChoice:
    """Which planes: indices from 0 along z and in time; None: the one that QuPath shows first.

    `ALL`: every one.
    """

    z: tuple[int, ...] | str | None = None
    t: tuple[int, ...] | str | None = None

    def of(self, planes: Plane) -> list[Plane]:
        """The chosen planes of an image that has so many, in order of time, then z.

        One that it does not have is among them: opening it says so.
        """
        first = default_plane(planes)
        zs, ts = (
            _indices(wanted, count, usual)
            for wanted, count, usual in zip((self.z, self.t), planes, first, strict=True)
        )
        return [(z, t) for t in ts for z in zs]


def parse_indices(text: str, option: str) -> tuple[int, ...] | str:
    """``0,2-4`` → (0, 2, 3, 4); ``all`` → `ALL`.

    Raises:
        UsageError: it is neither.
    """
    if text.strip().lower() == ALL:
        return ALL
    found: list[int] = []
    try:
        for part in text.split(","):
            first, sign, last = part.strip().partition("-")
            start, end = int(first), int(last if sign else first)
            if start < 0 or end < start or end - start > 100_000:
                raise ValueError
            found += range(start, end + 1)
    except ValueError:
        raise UsageError(
            f"{option} {text}: write planes as QuPath counts them, from 0, as in 3 or 0,2-4, "
            f"or {ALL}"
        ) from None
    return tuple(dict.fromkeys(found))


def chosen_planes(entry: ImageEntry, choice: PlaneChoice) -> list[ImageEntry]:
    """The chosen planes of an image, each an image of its own; an image of one plane is itself.

    What cannot be opened is itself, too: the code that opens it next says why. So is a plane.
    """
    if isinstance(entry, PlaneEntry):
        return [entry]
    planes = planes_in(entry)
    chosen = choice.of(planes)
    if planes == (1, 1) and chosen == [FIRST]:
        return [entry]
    return [PlaneEntry(entry, plane) for plane in chosen]


#: Files that may hold more than one plane and that our own readers open.
_STACKS = (".tif", ".tiff", ".czi", ".vsi", ".zarr")


def planes_in(entry: ImageEntry) -> Plane:
    """How many planes an image has; opened only where nothing else tells."""
    recorded = _recorded(entry)
    if recorded is not None:
        return recorded
    if not may_be_stack(entry):
        return 1, 1
    try:
        return entry.description.planes
    except HookpathError:
        return 1, 1


class PlaneProject(ProjectView):
    """A project whose stacks are seen plane by plane; closing it is the project's own affair.

    Without a choice each stack is the plane that QuPath shows first, under its own name.
    """

    def __init__(self, project: Project, choice: PlaneChoice) -> None:
        super().__init__(project)
        self._choice = choice

    @property
    def images(self) -> Sequence[ImageEntry]:
        """Images, and chosen planes of stacks."""
        return self._views

    @cached_property
    def _views(self) -> tuple[ImageEntry, ...]:
        if self._choice == PlaneChoice():  # opens none: there may be thousands
            return tuple(
                PlaneEntry(entry, None, keeps=True) if may_be_stack(entry) else entry
                for entry in self._project.images
            )
        return tuple(
            PlaneEntry(view.entry, view.plane, keeps=True) if isinstance(view, PlaneEntry) else view
            for entry in self._project.images
            for view in chosen_planes(entry, self._choice)
        )


def may_be_stack(entry: ImageEntry) -> bool:
    """Whether an image may have several planes; opens nothing."""
    recorded = _recorded(entry)
    if recorded is not None:
        return recorded != (1, 1)
    try:
        ref = entry.slide
    except HookpathError:
        return False
    return bool(ref.server) or ref.path.suffix.lower() in _STACKS


def _recorded(entry: ImageEntry) -> Plane | None:
    """How many planes the project says that an image has; None: it does not say."""
    whole: object = entry
    while (inner := getattr(whole, "entry", None)) is not None:  # pooled, or a plane
        whole = inner
    found: Plane | None = getattr(whole, "recorded_planes", None)
    return found


def annotated_planes(entry: ImageEntry, objects: Iterable[PathObject]) -> list[ImageEntry]:
    """The planes of an image that a person drew on; the image itself where that is the only one.

    Args:
        objects: of the image.
    """
    annotated = planes_of(o for o in objects if is_hand_drawn(o))
    if not annotated or (annotated == [FIRST] and planes_in(entry) == (1, 1)):
        return [entry]
    return [PlaneEntry(entry, plane) for plane in annotated]


def annotated_views(entry: ImageEntry, objects: Iterable[PathObject]) -> list[ImageEntry]:
    """`annotated_planes`, the image unopened; itself if only its first plane is annotated."""
    annotated = planes_of(o for o in objects if is_hand_drawn(o))
    several = [PlaneEntry(entry, plane) for plane in annotated]
    return [entry] if annotated in ([], [FIRST]) else [*several]


def _indices(wanted: tuple[int, ...] | str | None, count: int, usual: int) -> Sequence[int]:
    if wanted is None:
        return (usual,)
    return range(count) if isinstance(wanted, str) else wanted

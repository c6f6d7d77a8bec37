"""Images and projects that stand before other ones: what is not said otherwise is the other's."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from pathlib import Path

from hookpath.annotations.objects import PathClass, PathObject
from hookpath.projects.image_snapshot import ImageSnapshot
from hookpath.projects.project_changes import Changes
from hookpath.projects.project_protocol import ImageEntry, Project, WriteReport
from hookpath.projects.store_base_class import ImagesById
from hookpath.slides import SlideDescription, SlideRef


class EntryView:
    """What an `ImageEntry` that stands before another one has in common with it.

    Attributes:
        entry: the other.
    """

    def __init__(self, entry: ImageEntry) -> None:
        self.entry = entry

    @property
    def id(self) -> str:
        """The other's."""
        return self.entry.id

    @property
    def name(self) -> str:
        """The other's."""
        return self.entry.name

    @property
    def slide(self) -> SlideRef:
        """The other's."""
        return self.entry.slide

    @property
    def description(self) -> SlideDescription:
        """The other's."""
        return self.entry.description

    @property
    def metadata(self) -> Mapping[str, str]:
        """The other's."""
        return self.entry.metadata

    def set_metadata(self, values: Mapping[str, str | None]) -> None:
        """The other's."""
        self.entry.set_metadata(values)

    def objects(self) -> list[PathObject]:
        """The other's."""
        return self.entry.objects()

    def write(
        self,
        objects: Sequence[PathObject],
        run: str,
        read: ImageSnapshot | None = None,
        beside: bool = False,
    ) -> WriteReport:
        """Into the other (see `ImageEntry.write`)."""
        return self.entry.write(objects, run, read, beside)

    def remove_results(self, run: str | None = None) -> WriteReport:
        """The other's (see `ImageEntry.remove_results`)."""
        return self.entry.remove_results(run)


class ProjectView(ImagesById[ImageEntry]):
    """Stands before another project: what is not said otherwise is the other's."""

    def __init__(self, project: Project) -> None:
        self._project = project

    @property
    def source(self) -> Path:
        """The other's."""
        return self._project.source

    @property
    def name(self) -> str:
        """The other's."""
        return self._project.name

    @property
    def classes(self) -> Sequence[PathClass]:
        """The other's."""
        return self._project.classes

    def changes(self) -> AbstractContextManager[Changes]:
        """A block of changes in the other (see `Project.changes`)."""
        return self._project.changes()

    def close(self) -> None:
        """Nothing is held; the other stays open."""

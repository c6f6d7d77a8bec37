"""Images that stand before other ones: what is not said otherwise is the other's."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from hookpath.annotations.objects import PathObject
from hookpath.projects.base import ImageEntry, WriteReport
from hookpath.projects.snapshot import ImageSnapshot
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

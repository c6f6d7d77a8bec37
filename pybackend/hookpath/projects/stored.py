"""What the stores have in common: their images by id, and the block in which they are changed."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from contextlib import AbstractContextManager
from functools import cached_property
from pathlib import Path

from hookpath.errors import UsageError
from hookpath.projects._backups import Backups
from hookpath.projects.base import ImageEntry
from hookpath.projects.changes import Changes, Ledger, Metadata
from hookpath.projects.snapshot import ImageSnapshot


class StoredProject(ABC):
    """A project whose images lie in files of ours to read and change."""

    @property
    @abstractmethod
    def source(self) -> Path:
        """What the project was opened from."""

    @property
    @abstractmethod
    def images(self) -> Sequence[ImageEntry]:
        """Every image."""

    @abstractmethod
    def _put_metadata(self, changed: Metadata, backups: Backups) -> None:
        """Write metadata of images into what they share; nothing changed: nothing is written."""

    def __repr__(self) -> str:
        count = len(self.images)
        name = self.source.resolve().name
        return f"{type(self).__name__}({name!r}, {count} image{'s' * (count != 1)})"

    def areas(self) -> dict[str, dict[str, float]]:
        """Image name → class → drawn area in mm² (NaN where µm/px is unknown)."""
        from hookpath.projects.summary import drawn_mm2

        return drawn_mm2(self.images)

    def read(self, image_id: str) -> ImageSnapshot:
        """All there is to know of an image (see `Project.read`)."""
        return self.image(image_id).read()

    def image(self, image_id: str) -> ImageEntry:
        """The image of an id.

        Raises:
            UsageError: there is none.
        """
        found = self._by_id.get(image_id)
        if found is None:
            raise UsageError(f"{self.source}: no image with the id {image_id}")
        return found

    def changes(self) -> AbstractContextManager[Changes]:
        """A block of changes (see `Project.changes`)."""
        return self.ledger.changes()

    @cached_property
    def ledger(self) -> Ledger:
        """Where the images note their changes."""
        return Ledger(self._put_metadata, self.image)

    @cached_property
    def _by_id(self) -> dict[str, ImageEntry]:
        return {entry.id: entry for entry in self.images}

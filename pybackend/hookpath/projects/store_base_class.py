"""What projects have in common: their images by id; in stores, the block in which they change."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from contextlib import AbstractContextManager
from functools import cached_property
from pathlib import Path
from typing import Generic, TypeVar

from hookpath.errors import UsageError
from hookpath.projects.backups import Backups
from hookpath.projects.image_snapshot import ImageSnapshot
from hookpath.projects.project_changes import Changes, Ledger, Metadata
from hookpath.projects.project_protocol import ImageEntry

E = TypeVar("E", bound=ImageEntry)


class ImagesById(ABC, Generic[E]):
    """Images, found by their ids."""

    @property
    @abstractmethod
    def source(self) -> Path:
        """What the project was opened from."""

    @property
    @abstractmethod
    def images(self) -> Sequence[E]:
        """Every image."""

    def __repr__(self) -> str:
        count = len(self.images)
        return f"{type(self).__name__}({self._shown!r}, {count} image{'s' * (count != 1)})"

    @property
    def _shown(self) -> str:
        """What the project is called where it is shown in short."""
        return self.source.resolve().name

    def areas(self) -> dict[str, dict[str, float]]:
        """Image name → class → annotated area in mm² (NaN where µm/px is unknown)."""
        from hookpath.projects.project_summary import mm2_by_class

        return mm2_by_class(self.images)

    def read(self, image_id: str) -> ImageSnapshot:
        """All there is to know of an image (see `Project.read`)."""
        return self.image(image_id).read()

    def image(self, image_id: str) -> E:
        """The image of an id.

        Raises:
            UsageError: there is none.
        """
        found = self._by_id.get(image_id)
        if found is None:
            raise UsageError(f"{self.source}: no image with the id {image_id}")
        return found

    @cached_property
    def _by_id(self) -> dict[str, E]:
        return {entry.id: entry for entry in self.images}


class StoredProject(ImagesById[ImageEntry]):
    """A project whose images lie in files of ours to read and change."""

    @abstractmethod
    def _put_metadata(self, changed: Metadata, backups: Backups) -> None:
        """Write metadata of images into what they share; nothing changed: nothing is written."""

    def changes(self) -> AbstractContextManager[Changes]:
        """A block of changes (see `Project.changes`)."""
        return self.ledger.changes()

    @cached_property
    def ledger(self) -> Ledger:
        """Where the images note their changes."""
        return Ledger(self._put_metadata, self.image)

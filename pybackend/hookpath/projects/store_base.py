"""What the stores have in common: their images by id, and the block in which they are changed."""

from __future__ import annotations

from abc import abstractmethod
from contextlib import AbstractContextManager
from functools import cached_property

from hookpath.projects.backups import Backups
from hookpath.projects.base import ImageEntry
from hookpath.projects.image_lookup import ImagesById
from hookpath.projects.project_changes import Changes, Ledger, Metadata


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

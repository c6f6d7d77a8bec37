"""What one command changes in a project: collected, and written once.

Objects go into a file of each image's own and are written as they come: a command that is stopped
keeps what it has done. What all images share (the list of images with their metadata) is written
when the block ends, also where it ends with an error. Every file is backed up once, before its
first change.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any

from hookpath.errors import HookpathError
from hookpath.projects.backups import Backups

if TYPE_CHECKING:
    from hookpath.annotations.objects import PathObject
    from hookpath.projects.image_snapshot import ImageSnapshot
    from hookpath.projects.project_protocol import ImageEntry, WriteReport

Metadata = Mapping[str, Mapping[str, "str | None"]]
"""Image id → values to set (None: to remove)."""


def merged(before: Mapping[str, str], values: Mapping[str, str | None]) -> dict[str, str]:
    """With values set (None: removed)."""
    return {k: v for k, v in {**before, **values}.items() if v is not None}


def metadata_of(record: Mapping[str, Any]) -> dict[str, str]:
    """Metadata of an image's record in a project's file."""
    found = record.get("metadata")
    return {str(k): str(v) for k, v in found.items()} if isinstance(found, dict) else {}


def take_over(record: dict[str, Any], values: Mapping[str, str | None]) -> bool:
    """Change the metadata of an image's record; whether anything changed."""
    before = metadata_of(record)
    kept = merged(before, values)
    if kept != before:
        record["metadata"] = kept
    return kept != before


Put = Callable[[Metadata, Backups], None]
"""Writes metadata of images into what they share; all at once."""


class Changes:
    """The changes of one command; made by `Project.changes`.

    Args:
        entry_of: gives the image of an id.
    """

    def __init__(self, entry_of: Callable[[str], ImageEntry]) -> None:
        self._entry_of = entry_of
        self.metadata: dict[str, dict[str, str | None]] = {}
        self.backups = Backups()

    def set_metadata(self, image_id: str, values: Mapping[str, str | None]) -> None:
        """Set (None: remove) metadata values of an image."""
        self._entry_of(image_id).set_metadata(values)

    def write(
        self, image: ImageSnapshot | str, objects: Sequence[PathObject], run: str
    ) -> WriteReport:
        """Replace what earlier runs of ours wrote (see `ImageEntry.write`).

        Args:
            image: its id, or what was read of it: nothing is written if that has changed since.

        Raises:
            WriteRefusedError: the image's file changed.
        """
        if isinstance(image, str):
            return self._entry_of(image).write(objects, run)
        return self._entry_of(image.id).write(objects, run, image)

    def remove_results(self, image_id: str, run: str | None = None) -> WriteReport:
        """Remove the objects of one run of ours (None: of all)."""
        return self._entry_of(image_id).remove_results(run)


class Ledger:
    """The metadata of a project's images in memory, and the block in which they are changed.

    Args:
        put: writes changed metadata.
        entry_of: gives the image of an id.
    """

    def __init__(self, put: Put, entry_of: Callable[[str], ImageEntry]) -> None:
        self._put, self._entry_of = put, entry_of
        self._open: Changes | None = None

    @contextmanager
    def changes(self) -> Iterator[Changes]:
        """A block of changes; inside another one of the same project it is that one.

        Raises:
            ProjectError: what was collected cannot be written.
        """
        if self._open is not None:
            yield self._open
            return
        self._open = made = Changes(self._entry_of)
        try:
            yield made
        except BaseException:
            self._open = None
            with suppress(HookpathError):  # what ended the block says more
                self._write(made)
            raise
        self._open = None
        self._write(made)

    def _write(self, made: Changes) -> None:
        if made.metadata:
            self._put(made.metadata, made.backups)

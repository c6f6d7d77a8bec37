"""An image is a value: what there is to know of it, read once."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from types import MappingProxyType
from typing import Protocol, TypeVar

from hookpath.annotations.objects import PathObject
from hookpath.errors import HookpathError
from hookpath.geometry import Calibration
from hookpath.projects.project_changes import Ledger, merged
from hookpath.slides import SlideDescription, SlideIdentity, SlideRef

#: Where a project's annotation loop is unless said otherwise, below the project's folder.
LOOP_PLACE = Path("hookpath") / "loop"

T = TypeVar("T")

Found = tuple[SlideRef, SlideDescription | None]
"""A slide that was found; None: it was not opened for that."""


@dataclass(frozen=True)
class ImageSnapshot:
    """One image of a project as it was when it was read. It reads nothing again.

    What could not be read is kept as the error that says why, and raised when asked for: an image
    whose slide is missing still has its annotations.

    Attributes:
        metadata: as QuPath shows it.
        stamp: of the file that the objects were read from (None: they were not): a write goes by
            it. Its kind is the store's own affair.
    """

    id: str
    name: str
    metadata: Mapping[str, str]
    stamp: object
    _slide: SlideRef | HookpathError
    _description: SlideDescription | HookpathError
    _objects: tuple[PathObject, ...] | HookpathError

    @property
    def slide(self) -> SlideRef:
        """How to open the slide.

        Raises:
            ProjectError: the file is missing, or of a kind that cannot be read.
        """
        return _or_raise(self._slide)

    @property
    def description(self) -> SlideDescription:
        """Size, µm/px, crop and reader of the slide.

        Raises:
            ProjectError: see `slide`.
            SlideError: it cannot be opened.
        """
        return _or_raise(self._description)

    @property
    def identity(self) -> SlideIdentity:
        """Which slide it is; raises as `description`."""
        return self.description.identity

    @property
    def calibration(self) -> Calibration | None:
        """µm/px in use; None: unknown. Raises as `description`."""
        return self.description.calibration

    @property
    def crop(self) -> tuple[int, int, int, int]:
        """x, y, width and height in the file's level-0 px; raises as `description`."""
        return (*self.description.corner, *self.description.size_l0)

    @property
    def objects(self) -> Sequence[PathObject]:
        """All objects, also those of earlier runs of ours.

        Raises:
            ProjectError, AnnotationError: they cannot be read.
        """
        return _or_raise(self._objects)


class StoredImage(ABC):
    """What the images of every store have in common: the slide is found and looked at once."""

    _stamp: object = None

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger

    @property
    @abstractmethod
    def id(self) -> str:
        """Stable within the project."""

    @property
    def loop_folder(self) -> Path | None:
        """Where the project's annotation loop would be; None: nowhere."""
        return None

    @property
    @abstractmethod
    def name(self) -> str:
        """As people see it."""

    @abstractmethod
    def _stored_metadata(self) -> dict[str, str]:
        """Metadata as they are on disk; asked for once."""

    @property
    def metadata(self) -> Mapping[str, str]:
        """Image metadata: as it was on disk when first asked for, with what was set since."""
        return MappingProxyType(self._metadata)

    def set_metadata(self, values: Mapping[str, str | None]) -> None:
        """Set (None: remove) values; written when the block of changes ends."""
        with self._ledger.changes() as changes:
            changes.metadata.setdefault(self.id, {}).update(values)
            self._metadata = merged(self._metadata, values)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.name!r})"

    def assume(self, values: Mapping[str, str | None]) -> None:
        """Take metadata to be so (None: not set) while this object lives; nothing is written."""
        self._metadata = merged(self._metadata, values)

    @abstractmethod
    def objects(self) -> list[PathObject]:
        """All objects, as they are on disk now; sets `_stamp`."""

    @abstractmethod
    def _find_slide(self) -> Found:
        """The slide's file, and its description where it was opened; raises `ProjectError`."""

    @property
    def slide(self) -> SlideRef:
        """How to open the slide, with the µm/px in use (see `GivenSpacing`)."""
        return _or_raise(self._found)[0]

    @property
    def description(self) -> SlideDescription:
        """What there is to say of the slide without its pixels; it is opened once."""
        return _or_raise(self._described)

    def read(self) -> ImageSnapshot:
        """All there is to know, read now."""
        return snapshot_of(self, self.objects, lambda: self._stamp)

    @cached_property
    def _metadata(self) -> dict[str, str]:
        return self._stored_metadata()

    @cached_property
    def _found(self) -> Found | HookpathError:
        return _or_error(self._find_slide)

    @cached_property
    def _described(self) -> SlideDescription | HookpathError:
        return _or_error(self._describe)

    def _describe(self) -> SlideDescription:
        slide, description = _or_raise(self._found)
        return description or described(slide)


class Readable(Protocol):
    """As much of an image as a snapshot is made of, besides its objects."""

    @property
    def id(self) -> str: ...
    @property
    def name(self) -> str: ...
    @property
    def metadata(self) -> Mapping[str, str]: ...
    @property
    def slide(self) -> SlideRef: ...
    @property
    def description(self) -> SlideDescription: ...


def snapshot_of(
    entry: Readable,
    objects: Callable[[], Sequence[PathObject]],
    stamp: Callable[[], object] = lambda: None,
) -> ImageSnapshot:
    """Read an image; `stamp` is asked once the objects were read."""
    found = _or_error(lambda: tuple(objects()))
    return ImageSnapshot(
        id=entry.id,
        name=entry.name,
        metadata=MappingProxyType(dict(entry.metadata)),
        stamp=None if isinstance(found, HookpathError) else stamp(),
        _slide=_or_error(lambda: entry.slide),
        _description=_or_error(lambda: entry.description),
        _objects=found,
    )


def described(slide: SlideRef) -> SlideDescription:
    """Open a slide for a moment.

    Raises:
        SlideError: it cannot be opened.
    """
    with slide.open() as opened:
        return opened.describe()


def _or_error(read: Callable[[], T]) -> T | HookpathError:
    try:
        return read()
    except HookpathError as error:
        return error


def _or_raise(found: T | HookpathError) -> T:
    if isinstance(found, HookpathError):
        raise found.with_traceback(None)
    return found

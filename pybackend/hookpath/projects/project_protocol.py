"""What a project is: where slides and annotations come from, and where predictions go."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, runtime_checkable

from hookpath.annotations.objects import PathClass, PathObject
from hookpath.projects.image_snapshot import ImageSnapshot
from hookpath.projects.project_changes import Changes
from hookpath.slides import SlideDescription, SlideRef

SPLIT_KEY = "hookpath.split"
"""Image metadata key (QuPath shows it) with the value ``train``, ``val`` or ``test``."""


@dataclass(frozen=True)
class Problem:
    """Something wrong with one image of a project; the run goes on with the rest.

    Attributes:
        image: its name.
        message: one line.
        code: what a program may act on (`HookpathError.code`).
        image_id: its id in the project ("": unknown).
    """

    image: str
    message: str
    code: str = "failed"
    image_id: str = ""

    @property
    def line(self) -> str:
        """One line that names the image, once."""
        named = self.message.startswith(f"{self.image}: ")
        return self.message if named else f"{self.image}: {self.message}"


@dataclass(frozen=True)
class WriteReport:
    """What a write did: objects added, earlier objects of ours removed, and the backup made.

    Attributes:
        note: what the person should know of it ("": nothing).
    """

    added: int
    removed: int
    backup: Path | None
    note: str = ""


@runtime_checkable
class ImageEntry(Protocol):
    """One image of a project: where to read it, and where its changes go.

    Slide and metadata are as they were when they were first asked for; the objects are read anew
    each time. Geometry everywhere is in level-0 px after QuPath's bounds crop; the store has taken
    the offset away already.
    """

    @property
    def id(self) -> str:
        """Stable within the project."""

    @property
    def name(self) -> str:
        """As QuPath shows it (for a folder: the file name)."""

    @property
    def slide(self) -> SlideRef:
        """How to open the slide, with the project's own calibration if it has one.

        Raises:
            ProjectError: the file is missing, or the server is one that we cannot read
                without a QuPath; names the image.
        """

    @property
    def description(self) -> SlideDescription:
        """Size, µm/px, crop and reader of the slide, which is opened once for that.

        Raises:
            ProjectError: see `slide`.
            SlideError: it cannot be opened.
        """

    @property
    def metadata(self) -> Mapping[str, str]:
        """Image metadata as QuPath shows it."""

    def set_metadata(self, values: Mapping[str, str | None]) -> None:
        """Set (None: remove) metadata values; inside `Project.changes` written at its end."""

    def read(self) -> ImageSnapshot:
        """All there is to know of the image now, as a value. Never writes."""

    def objects(self) -> list[PathObject]:
        """All objects, also those of earlier runs of ours (see `PathObject.run`). Never writes."""

    def write(
        self,
        objects: Sequence[PathObject],
        run: str,
        read: ImageSnapshot | None = None,
        beside: bool = False,
    ) -> WriteReport:
        """Replace what earlier runs of ours wrote by `objects`, tagged with `run`.

        Human work (objects without `RUN_TAG`) is never touched; the data file is backed up first;
        atomic and idempotent.

        Args:
            read: what `objects` follow from; None: what this entry read last.
            beside: results of other runs stay; only those of `run` are replaced.

        Raises:
            WriteRefusedError: the file changed since it was read.
        """

    def remove_results(self, run: str | None = None) -> WriteReport:
        """Remove the objects of one run of ours (None: of all)."""


@runtime_checkable
class Project(Protocol):
    """A set of images with annotations."""

    @property
    def source(self) -> Path:
        """The ``project.qpproj`` or the folder."""

    @property
    def name(self) -> str:
        """Short name for messages."""

    @property
    def images(self) -> Sequence[ImageEntry]:
        """Every image, also those whose slide cannot be opened."""

    @property
    def classes(self) -> Sequence[PathClass]:
        """The project's class list with colours (may be empty; images may use others)."""

    def read(self, image_id: str) -> ImageSnapshot:
        """All there is to know of an image now, as a value. Never writes.

        Raises:
            UsageError: there is no such image.
        """

    def changes(self) -> AbstractContextManager[Changes]:
        """Collect changes: one write and one backup of what all images share, when it ends.

        Blocks may be nested; the outermost writes. Objects are written as they come (each image
        has a file of its own).

        Raises:
            ProjectError: what was collected cannot be written.
        """

    def close(self) -> None:
        """Release whatever is held."""

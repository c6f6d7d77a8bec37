"""What a project is: where slides and annotations come from, and where predictions go."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, runtime_checkable

from hookpath.annotations.objects import PathClass, PathObject
from hookpath.slides.base import SlideRef

#: Image metadata key (QuPath shows it) with the value ``train``, ``val`` or ``test``.
SPLIT_KEY = "hookpath.split"


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
    """What a write did: objects added, earlier objects of ours removed, and the backup made."""

    added: int
    removed: int
    backup: Path | None


@runtime_checkable
class ImageEntry(Protocol):
    """One image of a project.

    Geometry everywhere is in level-0 px after QuPath's bounds crop; the store has taken the
    offset away already.
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
                (rotated, cropped, multi-channel, z-stack); names the image.
        """

    @property
    def metadata(self) -> Mapping[str, str]:
        """Image metadata as QuPath shows it."""

    def set_metadata(self, values: Mapping[str, str | None]) -> None:
        """Set (None: remove) metadata values, atomically."""

    def objects(self) -> list[PathObject]:
        """All objects, also those of earlier runs of ours (see `PathObject.run`). Never writes."""

    def write(self, objects: Sequence[PathObject], run: str) -> WriteReport:
        """Replace what earlier runs of ours wrote by `objects`, tagged with `run`.

        Human work (objects without `RUN_TAG`) is never touched; the data file is backed up first;
        atomic and idempotent.

        Raises:
            WriteRefusedError: the file changed since it was read by this entry.
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

    def close(self) -> None:
        """Release whatever is held."""

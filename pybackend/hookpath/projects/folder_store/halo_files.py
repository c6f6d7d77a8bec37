"""HALO's file of annotations beside a slide.

Read where no GeoJSON has a person's work, never written.
"""

from __future__ import annotations

from pathlib import Path

from hookpath.annotations.objects import PathObject
from hookpath.errors import AnnotationError

#: Ending of its name.
HALO_SUFFIX = ".annotations"


def is_halo(path: Path) -> bool:
    """Whether the file's name is that of one."""
    return path.name.lower().endswith(HALO_SUFFIX)


def notes_of_halo(file: Path) -> list[str]:
    """What is left out of it; nothing where it is damaged, which reading its objects says."""
    from hookpath.markup import read_imagescope

    try:
        return [f"{file.name}: {note}" for note in read_imagescope(file).notes]
    except AnnotationError:
        return []


def objects_of_halo(file: Path, corner: tuple[int, int]) -> list[PathObject]:
    """What it holds, in QuPath's frame, which begins at `corner` of the file; ids are always alike.

    Raises:
        AnnotationError: it is damaged.
    """
    from hookpath.markup import read_imagescope, with_ids
    from hookpath.markup.rings_and_boxes import moved

    x, y = corner
    return with_ids(moved(read_imagescope(file).objects, -x, -y), file)

"""HALO's file of annotations beside a slide: read where no GeoJSON has a person's work, never
written.
"""

from __future__ import annotations

from pathlib import Path

from hookpath.annotations.objects import PathObject
from hookpath.slides.base import SlideRef

#: Ending of its name.
HALO_SUFFIX = ".annotations"


def is_halo(path: Path) -> bool:
    """Whether the file's name is that of one."""
    return path.name.lower().endswith(HALO_SUFFIX)


def objects_of_halo(file: Path, slide: SlideRef) -> list[PathObject]:
    """What it holds, in QuPath's frame; the same ids each time.

    Raises:
        AnnotationError: it is damaged.
        SlideError: the slide, which says where that frame begins, cannot be opened.
    """
    from hookpath.markup import read_imagescope, with_ids
    from hookpath.markup.shapes import moved

    with slide.open() as opened:
        x, y = opened.corner_in_file
    return with_ids(moved(read_imagescope(file).objects, -x, -y), file)

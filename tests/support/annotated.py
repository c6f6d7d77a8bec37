"""Tiny annotated slides for the tests."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import shapely
from shapely.geometry.base import BaseGeometry

from hookpath.annotations import ClassTable, LabelSource, PathClass, PathObject
from hookpath.geometry import BranchSpec
from hookpath.sampling import AnnotatedSlide
from hookpath.slides import SlideRef
from support.slides import position_image, write_pyramid

CLASSES = ClassTable.of([PathClass("Tumor", (200, 0, 0)), PathClass("Stroma", (0, 200, 0))])

#: Target at 1 µm/px and context at 4 µm/px; odd margins as valid convolutions leave them.
BRANCHES = (BranchSpec(1.0, 48, 16), BranchSpec(4.0, 48, 16))

Drawn = Iterable[tuple[str, BaseGeometry]]


def label_source(drawn: Drawn, classes: ClassTable = CLASSES) -> LabelSource:
    """Labels from (class name, geometry in level-0 px) pairs."""
    return LabelSource([PathObject(g, path_class=PathClass(name)) for name, g in drawn], classes)


def annotated_slide(path: Path, drawn: Drawn, size: int = 512, mpp: float = 1.0) -> AnnotatedSlide:
    """A position-coded slide of `size` px with these polygons."""
    write_pyramid(path, position_image(size, size), mpp=mpp, levels=3)
    return AnnotatedSlide(path.stem, path.name, SlideRef(path), label_source(drawn))


def two_slides(folder: Path) -> list[AnnotatedSlide]:
    """Much stroma, little tumour, over two slides."""
    return [
        annotated_slide(
            folder / "a.tif",
            [("Stroma", shapely.box(20, 20, 300, 300)), ("Tumor", shapely.box(340, 340, 360, 360))],
        ),
        annotated_slide(
            folder / "b.tif",
            [("Stroma", shapely.box(200, 10, 500, 200)), ("Tumor", shapely.box(30, 400, 50, 430))],
        ),
    ]

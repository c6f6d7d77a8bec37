"""Tiny annotated slides for the tests."""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import shapely
from shapely.geometry.base import BaseGeometry

from hookpath.annotations import ClassTable, LabelSource, PathClass, PathObject
from hookpath.geometry import BranchSpec, Region
from hookpath.sampling import AnnotatedSlide
from hookpath.slides import Slide, SlideRef
from support.slides import position_image, write_pyramid

CLASSES = ClassTable.of([PathClass("Tumor", (200, 0, 0)), PathClass("Stroma", (0, 200, 0))])

#: Target at 1 µm/px and context at 4 µm/px; odd margins as valid convolutions leave them.
BRANCHES = (BranchSpec(1.0, 48, 16), BranchSpec(4.0, 48, 16))

Drawn = Iterable[tuple[str, BaseGeometry]]


def label_source(annotated: Drawn, classes: ClassTable = CLASSES) -> LabelSource:
    """Labels from (class name, geometry in level-0 px) pairs."""
    return LabelSource(
        [PathObject(g, path_class=PathClass(name)) for name, g in annotated], classes
    )


def annotated_slide(
    path: Path, annotated: Drawn, size: int = 512, mpp: float = 1.0
) -> AnnotatedSlide:
    """A position-coded slide of `size` px with these polygons."""
    write_pyramid(path, position_image(size, size), mpp=mpp, levels=3)
    return AnnotatedSlide(path.stem, path.name, SlideRef(path), label_source(annotated))


def coloured_slide(path: Path, size: int = 512) -> AnnotatedSlide:
    """Every pixel is annotated, and its colour tells its class: tumour discs red, stroma green."""
    centres = [(x, y) for x in range(60, size, 130) for y in range(50, size, 110)]
    discs = shapely.union_all([shapely.Point(c).buffer(35) for c in centres])
    labels = label_source([("Stroma", shapely.box(0, 0, size, size)), ("Tumor", discs)])
    shown = labels.rasterize(Region(0, 0, size, size, 1, 1))
    colours = np.array([(0, 0, 0), (210, 30, 60), (30, 190, 60)], np.uint8)
    write_pyramid(path, colours[shown], mpp=1.0, levels=3)
    return AnnotatedSlide(path.stem, path.name, SlideRef(path), labels)


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


@dataclass(frozen=True)
class DeadlySlide(SlideRef):
    """A slide whose opening ends the process by a signal, as a broken decoder can."""

    signal_number: int = 0

    def open(self) -> Slide:
        """Never returns."""
        os.kill(os.getpid(), self.signal_number)
        raise AssertionError("the signal did not end this process")

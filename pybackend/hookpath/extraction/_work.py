"""What runs in the worker processes. Imports no torch."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from hookpath.annotations import ClassTable, LabelSource, PathObject
from hookpath.extraction.config import ExtractConfig
from hookpath.extraction.patches import Patch, nearest, plan_patches
from hookpath.projects.rest import with_rest
from hookpath.slides import Slide, SlideIdentity, SlideRef, TissueRule, tissue_mask
from hookpath.slides.base import RGBArray

#: zlib's default 6 takes more than three times as long, for 7 % on H&E.
PNG_OPTIONS = {"compress_level": 2}

#: The slide that this process has open: chunks of one slide come one after the other.
_OPEN: dict[SlideRef, Slide] = {}


@dataclass(frozen=True)
class Drawn:
    """What is drawn on a slide; `classes` are the labels that count, `rest` that of undrawn tissue
    (None: that is unknown, or does not count). `values` are of the labels in masks, which must mean
    the same on all slides.
    """

    objects: Sequence[PathObject]
    classes: ClassTable
    rest: str | None = None
    values: tuple[int, ...] = ()

    def labels(self) -> LabelSource:
        """Without the rest."""
        return LabelSource(self.objects, self.classes)

    def labels_on(self, slide: Slide, rule: TissueRule) -> LabelSource:
        """With the rest, which takes looking for tissue.

        Raises:
            SlideError: the slide cannot be read.
            MissingSpacingError: µm/px is unknown.
        """
        if self.rest is None:
            return self.labels()
        return LabelSource(with_rest(slide, self.objects, self.rest, rule), self.classes)


@dataclass(frozen=True)
class Planned:
    """Patches of a slide, and the µm/px of its level 0; `best`: how near patches came where none is
    wanted.
    """

    patches: list[Patch]
    mpp: float
    best: str = ""


@dataclass(frozen=True)
class Cut:
    """How many patches were written, and their bytes."""

    patches: int
    bytes: int


def identify(slide: SlideRef) -> SlideIdentity:
    """Which slide it is; in a worker, since some damage ends the process that opens a file.

    Raises:
        SlideError: it cannot be opened.
    """
    return _opened(slide).identity


def plan(slide: SlideRef, drawn: Drawn, config: ExtractConfig) -> Planned:
    """Find the patches of a slide.

    Raises:
        SlideError: it cannot be read.
        MissingSpacingError: µm/px is unknown.
    """
    from rasterio import Env

    opened = _opened(slide)
    labels = drawn.labels_on(opened, config.tissue)
    tissue = tissue_mask(opened, rule=config.tissue) if config.where == "tissue" else None
    # Rasterio would otherwise set GDAL up for each patch, which takes as long as the patch.
    with Env.from_defaults():
        patches = plan_patches(opened, labels, tissue, config)
        best = "" if patches else nearest(opened, labels, tissue, config)
    return Planned(patches, opened.calibration.mpp, best)


def cut(
    slide: SlideRef,
    patches: Sequence[Patch],
    folder: Path,
    config: ExtractConfig,
    drawn: Drawn | None = None,
) -> Cut:
    """Write the images of some patches into a folder that has those of their magnifications.

    Args:
        drawn: for masks; None: none are written.

    Raises:
        SlideError: the slide is damaged there.
        OSError: an image cannot be written.
    """
    opened = _opened(slide)
    labels = None if drawn is None else drawn.labels_on(opened, config.tissue)
    written = 0
    for patch in patches:
        data = _encoded(opened.read(patch.region), config)
        (folder / patch.file_name(suffix_of(config))).write_bytes(data)
        written += len(data)
        if labels is not None and drawn is not None:
            values = np.array([0, *drawn.values], np.uint8)[labels.rasterize(patch.region)]
            write_mask(folder / patch.mask_name, values)
    return Cut(len(patches), written)


def write_mask(path: Path, values: npt.NDArray[np.uint8]) -> None:
    """A grey PNG of ``(h, w)`` uint8 values."""
    from PIL import Image

    data = io.BytesIO()
    Image.fromarray(values).save(data, "png", **PNG_OPTIONS)
    path.write_bytes(data.getvalue())


def _encoded(pixels: RGBArray, config: ExtractConfig) -> bytes:
    """In memory: Pillow's own writing does not say that a disk is full."""
    from PIL import Image

    data = io.BytesIO()
    options = {"quality": config.quality} if config.image_format == "jpeg" else PNG_OPTIONS
    Image.fromarray(pixels).save(data, config.image_format, **options)
    return data.getvalue()


def suffix_of(config: ExtractConfig) -> str:
    """Ending of the images' names."""
    return "jpg" if config.image_format == "jpeg" else "png"


def _opened(slide: SlideRef) -> Slide:
    if slide not in _OPEN:
        release()
        _OPEN[slide] = slide.open()
    return _OPEN[slide]


def release() -> None:
    """Close what is open."""
    while _OPEN:
        _OPEN.popitem()[1].close()

"""What runs in the worker processes. Imports no torch."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from hookpath.annotations import ClassTable, LabelSource, PathObject
from hookpath.errors import ChannelError
from hookpath.extraction.extraction_config import ExtractConfig
from hookpath.extraction.patch_selection import Patch, nearest, plan_patches
from hookpath.projects.rest_of_tissue_class import with_rest
from hookpath.slides import Slide, SlideIdentity, SlideRef, TissueRule, tissue_mask
from hookpath.slides.channels import Pixels, positions
from hookpath.slides.selected_channels import described
from hookpath.slides.slide_base import RGBArray

#: zlib's default 6 takes more than three times as long, for 7 % on H&E.
PNG_OPTIONS = {"compress_level": 2}

#: The slide that this process has open: chunks of one slide come one after the other.
_OPEN: dict[SlideRef, Slide] = {}


@dataclass(frozen=True)
class Drawn:
    """What is annotated on a slide.

    `classes` are the labels that count, `rest` that of undrawn tissue (None: that is unknown, or
    does not count). `values` are of the labels in masks, which must mean the same on all slides.
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
    """Patches of a slide, and the µm/px of its level 0.

    `best`: how near patches came where none is wanted.
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


def plan(slide: SlideRef, annotated: Drawn, config: ExtractConfig) -> Planned:
    """Find the patches of a slide.

    Raises:
        SlideError: it cannot be read.
        MissingSpacingError: µm/px is unknown.
    """
    from rasterio import Env

    opened = _opened(slide)
    labels = annotated.labels_on(opened, config.tissue)
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
    annotated: Drawn | None = None,
) -> Cut:
    """Write the images of some patches into a folder that has those of their magnifications.

    Args:
        annotated: for masks; None: none are written.

    Raises:
        SlideError: the slide is damaged there.
        ChannelError: it lacks a channel, or is no RGB and the format holds nothing else.
        OSError: an image cannot be written.
    """
    opened = _opened(slide)
    labels = None if annotated is None else annotated.labels_on(opened, config.tissue)
    at = _channels(opened, config)
    names = [opened.channels[i].name for i in at]
    written = 0
    for patch in patches:
        pixels = opened.read(patch.region)
        if config.image_format == "tiff":
            data = _tiff(pixels[..., at], names, opened.is_rgb and not config.channels)
        else:
            data = _encoded(pixels, config)
        (folder / patch.file_name(suffix_of(config))).write_bytes(data)
        written += len(data)
        if labels is not None and annotated is not None:
            values = np.array([0, *annotated.values], np.uint8)[labels.rasterize(patch.region)]
            write_mask(folder / patch.mask_name, values)
    return Cut(len(patches), written)


def write_mask(path: Path, values: npt.NDArray[np.uint8]) -> None:
    """A grey PNG of ``(h, w)`` uint8 values."""
    from PIL import Image

    data = io.BytesIO()
    Image.fromarray(values).save(data, "png", **PNG_OPTIONS)
    path.write_bytes(data.getvalue())


def _channels(slide: Slide, config: ExtractConfig) -> list[int]:
    """Which of the slide's channels go into the images.

    Raises:
        ChannelError: it lacks one, or is no RGB and the format holds nothing else.
    """
    if not slide.is_rgb and config.image_format != "tiff":
        raise ChannelError(
            f"{slide.path.name}: is no 8-bit RGB image ({described(slide)}), which "
            f"{config.image_format.upper()} does not hold; extract TIFFs (--format tiff)"
        )
    if not config.channels:
        return list(range(len(slide.channels)))
    return positions(config.channels, slide.channels, slide.path.name)


def _tiff(pixels: Pixels, names: Sequence[str], rgb: bool) -> bytes:
    """RGB as such; else an OME-TIFF with a page for each channel, named."""
    import tifffile

    data = io.BytesIO()
    if rgb:
        tifffile.imwrite(data, pixels, photometric="rgb", compression="zlib", metadata=None)
    else:
        planes = np.ascontiguousarray(np.moveaxis(pixels, -1, 0))
        metadata = {"axes": "CYX", "Channel": {"Name": list(names)}}
        tifffile.imwrite(
            data, planes, ome=True, photometric="minisblack", compression="zlib", metadata=metadata
        )
    return data.getvalue()


def _encoded(pixels: RGBArray, config: ExtractConfig) -> bytes:
    """In memory: Pillow's own writing does not say that a disk is full."""
    from PIL import Image

    data = io.BytesIO()
    options = {"quality": config.quality} if config.image_format == "jpeg" else PNG_OPTIONS
    Image.fromarray(pixels).save(data, config.image_format, **options)
    return data.getvalue()


def suffix_of(config: ExtractConfig) -> str:
    """Ending of the images' names."""
    return {"jpeg": "jpg", "tiff": "tif"}.get(config.image_format, "png")


def _opened(slide: SlideRef) -> Slide:
    if slide not in _OPEN:
        release()
        _OPEN[slide] = slide.open()
    return _OPEN[slide]


def release() -> None:
    """Close what is open."""
    while _OPEN:
        _OPEN.popitem()[1].close()

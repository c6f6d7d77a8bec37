"""Label images of any size, rows at a time."""

from __future__ import annotations

from abc import abstractmethod
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from hookpath.context_managers import Closing
from hookpath.errors import AnnotationError, SlideError
from hookpath.limits import HELD_PIXELS
from hookpath.slides import MapReader, open_map
from hookpath.untrusted_files import reason, refuse_special

Values = npt.NDArray[Any]

_ORIENTATION = 274
_TIFF_MAGIC = (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")


class LabelImage(Closing):
    """One value a pixel."""

    width: int
    height: int

    @abstractmethod
    def rows(self, y: int, count: int) -> Values:
        """(count, width) of an integer type."""

    def close(self) -> None:
        """Release the file."""


class _Held(LabelImage):
    def __init__(self, values: Values) -> None:
        self._values = values
        self.height, self.width = values.shape

    def rows(self, y: int, count: int) -> Values:
        return self._values[y : y + count]


class _Tiled(LabelImage):
    def __init__(self, path: Path, reader: MapReader) -> None:
        self._path, self._reader = path, reader
        self.width, self.height = reader.width, reader.height

    def rows(self, y: int, count: int) -> Values:
        try:
            rows = self._reader.read(0, y, self.width, count)
        except SlideError as error:
            raise AnnotationError(f"{self._path}: damaged at row {y} or below ({error})") from error
        return rows.astype(np.uint8) if rows.dtype.kind == "b" else rows

    def close(self) -> None:
        self._reader.close()


def open_label_image(path: Path) -> LabelImage:
    """Open a mask. Tiled TIFFs are read by parts, everything else is held in memory.

    Raises:
        AnnotationError: not readable, or colours instead of labels; names the file.
    """
    try:
        refuse_special(path)
        with path.open("rb") as file:
            is_tiff = file.read(4) in _TIFF_MAGIC
        image = _open_tiff(path) if is_tiff else _Held(_integers(path, _pillow(path)))
    except AnnotationError:
        raise
    except Exception as error:  # Pillow's and tifffile's errors have no common base
        raise AnnotationError(f"{path}: no readable mask ({reason(error)})") from error
    return image


def _open_tiff(path: Path) -> LabelImage:
    import tifffile

    with tifffile.TiffFile(path) as tiff:
        page: Any = tiff.pages[0]
        if page.samplesperpixel != 1:
            raise _colours(path, page.samplesperpixel)
        _refuse_turned(path, page.tags.valueof(_ORIENTATION, 1))
        if not page.is_tiled:
            _refuse_large(path, page.imagewidth, page.imagelength)
            return _Held(_integers(path, page.asarray()))
    reader = open_map(path)
    if reader.channels == 1 and reader.dtype.kind in "bui":
        return _Tiled(path, reader)
    reader.close()
    raise AnnotationError(f"{path}: {reader.channels} channels of {reader.dtype} are no labels")


def _pillow(path: Path) -> Values:
    from PIL import Image

    # Pillow's own limit guards web servers; it is asked for the size first.
    limit, Image.MAX_IMAGE_PIXELS = Image.MAX_IMAGE_PIXELS, None
    try:
        with Image.open(path) as image:
            if len(image.getbands()) != 1:
                raise _colours(path, len(image.getbands()))
            _refuse_large(path, image.width, image.height)
            _refuse_turned(path, image.getexif().get(_ORIENTATION, 1))  # which may read it all
            return np.asarray(image)
    finally:
        Image.MAX_IMAGE_PIXELS = limit


def _refuse_turned(path: Path, orientation: int) -> None:
    if orientation not in (0, 1):
        raise AnnotationError(
            f"{path}: is stored turned or mirrored (Orientation tag {orientation}), which programs "
            "treat differently; save it upright, without the tag"
        )


def _refuse_large(path: Path, width: int, height: int) -> None:
    if width * height > HELD_PIXELS:
        raise AnnotationError(
            f"{path}: {width} × {height} px are too many to hold at once (at most "
            f"{HELD_PIXELS / 1e6:,.0f} million); save the mask as a tiled TIFF, or smaller"
        )


def _integers(path: Path, values: Values) -> Values:
    if values.ndim != 2 or values.dtype.kind not in "bui":
        raise AnnotationError(f"{path}: pixels of {values.dtype} are no labels")
    return values.astype(np.uint8) if values.dtype.kind == "b" else values


def _colours(path: Path, samples: int) -> AnnotationError:
    return AnnotationError(
        f"{path}: {samples} values a pixel are colours, not labels; export the mask with one "
        "class value a pixel"
    )

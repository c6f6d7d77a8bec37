"""Slides of formats that OpenSlide does not know, read by fastslide: CZI, VSI, iSyntax, OME-Zarr.

fastslide (Apache-2.0; optional, ``pip install 'hookpath[formats]'``) needs no Java and gives the
tiles of each stored level.
"""

from __future__ import annotations

import importlib.util
import math
from pathlib import Path
from typing import Any

import numpy as np

from hookpath.errors import SlideError
from hookpath.geometry import Calibration
from hookpath.slides.channels import Pixels, with_names
from hookpath.slides.metadata_spacing import is_plausible
from hookpath.slides.qupath_frame import whole_levels
from hookpath.slides.readers.block_cache import Blocks, window_of_blocks
from hookpath.slides.slide_base import Plane, Slide, plane_text
from hookpath.slides.tiff.channel_stacks import plane_of

FORMATS = {
    ".czi": "ZEISS CZI",
    ".vsi": "Olympus VSI",
    ".isyntax": "Philips iSyntax",
    ".i2syntax": "Philips iSyntax",
}
"""By the end of the file's name."""

#: How an iSyntax file begins.
_ISYNTAX = b"<DataObject"
_BLOCK = 512
_COLOURS = 3
_RGB = ["Red", "Green", "Blue"]


class FastSlide(Slide):
    """An image that fastslide reads; may be shared by threads."""

    def __init__(
        self, path: Path, image: Any, calibration: Calibration | None, plane: Plane | None
    ) -> None:
        super().__init__(calibration)
        import fastslide

        self.path, self._image, self._blocks = path, image, Blocks()
        self.reader = f"fastslide {fastslide.__version__} ({image.format})"
        self.planes = int(image.z_count), int(image.t_count)
        self.plane = plane_of(path, self.planes, plane)
        if self.planes != (1, 1):
            self.transformed = plane_text(self.plane)
        if int(image.num_images) > 1:
            self.notes = (f"holds {image.num_images} images; the first is read",)
        self.file_calibration = _calibration_of(image)
        sizes = [(int(w), int(h)) for w, h in image.level_dimensions]
        self._used, self.levels = whole_levels(sizes, [float(d) for d in image.level_downsamples])
        self._take_channels()

    def _take_channels(self) -> None:
        """As they are stored, where they are not the usual 8-bit colour."""
        kind, found = np.dtype(str(self._image.dtype)), self._image.channel_metadata
        names = [str(channel["name"]) for channel in found]
        if kind == np.uint8 and (len(names) == 1 or names in (["RGB"], _RGB)):
            return
        if kind == np.uint16 and names == _RGB:
            self.dtype, self.ground = kind, np.iinfo(kind).max
            return
        colours = [channel["color"] for channel in found]
        shown = [None if not any(c) else (int(c[0]), int(c[1]), int(c[2])) for c in colours]
        self.channels = with_names(names, shown)
        self.dtype, self.ground = kind, 0

    def read_level(self, level: int, x_lv: int, y_lv: int, width: int, height: int) -> Pixels:
        """See `Slide.read_level`."""
        return window_of_blocks(
            self,
            (x_lv, y_lv),
            (width, height),
            (self.levels[level].width, self.levels[level].height),
            (_BLOCK, _BLOCK),
            lambda column, row: self._block(level, column, row),
        )

    def _block(self, level: int, column: int, row: int) -> Pixels:
        return self._blocks.get((level, column, row), lambda: self._read(level, column, row))

    def _read(self, level: int, column: int, row: int) -> Pixels:
        x, y = column * _BLOCK, row * _BLOCK
        size = min(_BLOCK, self.levels[level].width - x), min(_BLOCK, self.levels[level].height - y)
        try:
            found = self._image.read_region((x, y), self._used[level], size, *self.plane)
        except (RuntimeError, ValueError, IndexError, MemoryError) as error:
            raise SlideError(
                f"{self.path}: damaged at {x}, {y} of level {level} ({_reason(error)}); copy it "
                "again from its source"
            ) from error
        samples = np.asarray(found.to_interleaved().numpy())
        samples = samples.reshape(size[1], size[0], -1)
        if self.is_rgb and samples.shape[2] != _COLOURS:
            samples = np.repeat(samples[..., :1], _COLOURS, axis=2)
        return np.ascontiguousarray(samples.astype(self.dtype, copy=False))

    def close(self) -> None:
        """See `Slide.close`."""
        self._image.close()


def has_fastslide() -> bool:
    """Whether it is installed."""
    return importlib.util.find_spec("fastslide") is not None


def missing_reader(path: Path) -> bool:
    """Whether fastslide would open such files, and is not installed."""
    return path.suffix.lower() in FORMATS and not has_fastslide()


def open_with_fastslide(
    path: Path, calibration: Calibration | None, plane: Plane | None
) -> FastSlide:
    """Open a file of one of `FORMATS`.

    Raises:
        SlideError: fastslide is not installed, or refuses the file.
    """
    name = FORMATS[path.suffix.lower()]
    if not has_fastslide():
        raise SlideError(
            f"{path}: reading {name} needs fastslide: pip install 'hookpath[formats]'; or open it "
            "in a QuPath project and let QuPath read it, or export it as OME-TIFF"
        )
    import fastslide

    try:
        image = fastslide.FastSlide.from_file_path(path)
    except (RuntimeError, ValueError, OSError, MemoryError) as error:
        raise SlideError(
            f"{path}: fastslide refuses it ({_reason(error)}); copy all its files again from their "
            "source, or export it as OME-TIFF"
        ) from error
    try:
        return FastSlide(path, image, calibration, plane)
    except BaseException:
        image.close()
        raise


def looks_readable(path: Path) -> bool:
    """Whether a file is one of `FORMATS` that fastslide, where it is installed, should open.

    Decided by what else is there: a ``.vsi`` is but the index of ``_<name>_/stack<number>/``.
    """
    suffix = path.suffix.lower()
    if suffix not in FORMATS or not has_fastslide():
        return False
    if suffix == ".vsi":
        return any((path.parent / f"_{path.stem}_").glob("*/*.ets"))
    if suffix == ".isyntax":
        try:
            with path.open("rb") as file:
                return file.read(len(_ISYNTAX)) == _ISYNTAX
        except OSError:
            return False
    return True


def _calibration_of(image: Any) -> Calibration | None:
    x, y = (float(v) for v in image.mpp)
    known = all(math.isfinite(v) and v > 0 for v in (x, y))
    return is_plausible(x, y).calibration if known else None


def _reason(error: BaseException) -> str:
    """The first line, without the places in its source."""
    text = str(error).strip().splitlines()
    return text[0] if text else type(error).__name__

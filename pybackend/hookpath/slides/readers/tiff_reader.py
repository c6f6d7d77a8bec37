"""TIFFs of no scanner's own kind (plain, ImageJ's, OME-TIFF), read tile by tile."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from hookpath.errors import SlideError
from hookpath.geometry import Calibration
from hookpath.slides.channels import Pixels, brightest
from hookpath.slides.pyramid_levels import level_factors
from hookpath.slides.qupath_frame import Frame
from hookpath.slides.readers.block_cache import Blocks, SomeChannels, window_of_blocks
from hookpath.slides.slide_base import Plane, RGBArray, Slide, plane_text
from hookpath.slides.tiff.image_series import TiffImage, slide_image
from hookpath.slides.tiff.page_list import quiet_tifffile
from hookpath.slides.tiff.resolution_tags import tags_disagree
from hookpath.slides.tiff.tiff_page import Bytes, StoredPage, damage_reported

#: Blocks looked at to tell whether an alpha sample is 0 everywhere.
ALPHA_BLOCKS = 64

_Planes = tuple[StoredPage, ...]


class TiffSlide(Slide):
    """A slide in a TIFF; may be shared by threads."""

    reader = "tifffile"

    def __init__(
        self, path: Path, image: TiffImage, file: Bytes, calibration: Calibration | None
    ) -> None:
        super().__init__(calibration)
        self.path = path
        self._file = file
        self.file_calibration, self.spacing_note = image.spacing.calibration, image.spacing.note
        self.notes = (image.note,) if image.note else ()
        stack = image.stack
        if stack is not None:
            self.channels = stack.channels
            if not stack.is_rgb:
                self.dtype = image.levels[0][0].dtype.newbyteorder("=")
            self.planes, self.plane = stack.planes, stack.plane
            self.ground = brightest(self.dtype) if stack.bright else 0
            if stack.planes != (1, 1):
                self.transformed = plane_text(stack.plane)
        self._as_stored = stack is not None and not stack.is_rgb
        stored = [
            tuple(StoredPage(page, file, self._as_stored) for page in planes)
            for planes in image.levels
        ]
        sizes = [(planes[0].width, planes[0].height) for planes in stored]
        ratios = [(sizes[0][0] / w + sizes[0][1] / h) / 2 for w, h in sizes]
        tiled = image.levels[0][0].is_tiled
        factors = level_factors(sizes, ratios, [p[0].block if tiled else None for p in stored])
        used = [
            i
            for i, pair in enumerate(factors)
            if pair is not None
            and not tags_disagree(image.levels[0][0], image.levels[i][0], pair[0])
        ]
        frame = Frame(0, 0, *sizes[0])
        self._stored = [stored[i] for i in used]
        self.levels = tuple(frame.level(sizes[0], sizes[i], factors[i] or (1, 1)) for i in used)
        self._blocks = Blocks()
        #: The same of some channels only, by their positions.
        self._some: dict[tuple[int, ...], Blocks] = {}
        self._opaque = not self._as_stored and _alpha_is_empty(self._stored[-1])
        self._block(0, 0, 0)  # what cannot be decoded says so now

    def read_level(self, level: int, x_lv: int, y_lv: int, width: int, height: int) -> Pixels:
        """See `Slide.read_level`."""
        page = self._stored[level][0]
        return window_of_blocks(
            self,
            (x_lv, y_lv),
            (width, height),
            (page.width, page.height),
            page.block,
            lambda column, row: self._block(level, column, row),
        )

    def read_channels(
        self, at: tuple[int, ...], level: int, x_lv: int, y_lv: int, width: int, height: int
    ) -> Pixels:
        """Only the pages of these channels are decoded, where each has one of its own."""
        pages = self._stored[level]
        if len(pages) != len(self.channels):
            return np.asarray(super().read_channels(at, level, x_lv, y_lv, width, height))
        wanted = tuple(pages[i] for i in at)
        blocks = self._some.setdefault(at, Blocks())

        def decoded(column: int, row: int) -> Pixels | None:
            with damage_reported(self.path, level, column, row):
                return _samples(wanted, column, row, self.ground, self.dtype)

        return window_of_blocks(
            SomeChannels(tuple(self.channels[i] for i in at), self.dtype, self.ground),
            (x_lv, y_lv),
            (width, height),
            (pages[0].width, pages[0].height),
            pages[0].block,
            lambda column, row: blocks.get((level, column, row), lambda: decoded(column, row)),
        )

    def _block(self, level: int, column: int, row: int) -> Pixels | None:
        """The samples or colours of one tile or strip; None: nothing is stored there."""

        def decoded() -> Pixels | None:
            with damage_reported(self.path, level, column, row):
                if self._as_stored:
                    return _samples(self._stored[level], column, row, self.ground, self.dtype)
                return _rgb(self._stored[level], column, row, self._opaque)

        return self._blocks.get((level, column, row), decoded)

    def close(self) -> None:
        """See `Slide.close`."""
        self._file.close()


def _samples(
    planes: _Planes, column: int, row: int, ground: float, dtype: np.dtype[np.generic]
) -> Pixels | None:
    """Samples of all channels; one without a tile there is `ground`."""
    found = [page.samples(column, row) for page in planes]
    first = next((samples for samples in found if samples is not None), None)
    if first is None:
        return None
    empty = np.full(first.shape, ground, dtype)
    whole = [empty if samples is None else samples for samples in found]
    return np.concatenate(whole, axis=2).astype(dtype, copy=False)


def _rgb(planes: _Planes, column: int, row: int, opaque: bool) -> RGBArray | None:
    found = []
    for page in planes:
        samples = page.samples(column, row)
        if samples is None:
            return None
        found.append(page.colours.rgb(samples, opaque))
    if len(found) == 1:
        return found[0]
    return np.stack([grey[..., 0] for grey in found], axis=-1)


def _alpha_is_empty(planes: _Planes) -> bool:
    """Whether the alpha of the smallest level is 0 wherever one looks: then nobody meant it."""
    page = planes[0]
    if not page.colours.has_alpha:
        return False
    total = page.columns * page.rows
    for index in _spread(total, ALPHA_BLOCKS):
        row, column = divmod(index, page.columns)
        samples = page.samples(column, row)
        if samples is not None and samples[..., -1].any():
            return False
    return True


def _spread(total: int, most: int) -> Sequence[int]:
    """At most `most` of `total` indices, evenly."""
    count = min(total, most)
    return [index * total // count for index in range(count)]


def open_tiff(path: Path, calibration: Calibration | None, plane: Plane | None = None) -> TiffSlide:
    """Open a TIFF.

    Args:
        plane: of a stack; None: the one that QuPath shows first.

    Raises:
        SlideError: damaged, or of a kind that is not read; the message says what it is.
    """
    import tifffile

    with quiet_tifffile():
        try:
            # Hamamatsu's own TIFF is OpenSlide's: here .ndpi is but a name.
            with tifffile.TiffFile(path, is_ndpi=False) as tiff:
                image = slide_image(tiff, path, plane)
                return _opened(path, image, calibration)
        except SlideError:
            raise
        except Exception as error:  # tifffile raises whatever the damage leads to
            reason = " ".join(str(error).split()) or type(error).__name__
            raise SlideError(
                f"{path}: is not a readable TIFF ({reason}); copy it again from its source"
            ) from error


def _opened(path: Path, image: TiffImage, calibration: Calibration | None) -> TiffSlide:
    file = Bytes(path)
    try:
        return TiffSlide(path, image, file, calibration)
    except BaseException:
        file.close()
        raise

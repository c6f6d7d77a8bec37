"""Slides in OME-Zarr, chunk by chunk, by the zarr package (`pip install hookpath[formats]`).

Opening one from a stranger runs nothing: only codecs that do nothing but compress are used.
"""

from __future__ import annotations

import importlib.util
import math
from pathlib import Path
from typing import Any

import numpy as np

from hookpath.errors import SlideError
from hookpath.geometry import Calibration
from hookpath.limits import SIDE_PX
from hookpath.slides.channels import RGB_CHANNELS, Pixels, brightest
from hookpath.slides.ngff_metadata import NgffImage, NgffLevel, codecs_of, ngff_image
from hookpath.slides.pyramid_levels import level_factors
from hookpath.slides.qupath_frame import Frame
from hookpath.slides.readers.block_cache import Blocks, SomeChannels, block_side, window_of_blocks
from hookpath.slides.slide_base import Level, Plane, Slide, plane_text
from hookpath.slides.tiff.channel_stacks import plane_of

#: Codecs of versions 2 and 3 that are known to be harmless; zarr's "pickle" would run a program.
_CODECS = frozenset({
    "blosc", "zlib", "gzip", "zstd", "lz4", "lzma", "bz2", "shuffle", "bitshuffle", "delta",
    "fixedscaleoffset", "crc32", "crc32c", "adler32", "fletcher32", "bytes", "transpose", "endian",
    "sharding_indexed",
})  # fmt: skip
_TYPES = frozenset({"uint8", "uint16", "uint32", "int16", "int32", "float32", "float64"})
#: One chunk is decoded whole.
_CHUNK_BYTES = 2**30
#: Of what a level's scale says, and what its size does.
_TOLERANCE = 0.01


class ZarrSlide(Slide):
    """An image in OME-Zarr; may be shared by threads."""

    def __init__(
        self, path: Path, image: NgffImage, calibration: Calibration | None, plane: Plane | None
    ) -> None:
        super().__init__(calibration)
        import zarr

        self.path, self._axes = path, image.axes
        self.reader = f"zarr {zarr.__version__}"
        arrays = [_array(path, level.path, len(image.axes)) for level in image.levels]
        self.planes = self._length(arrays[0], "z"), self._length(arrays[0], "t")
        self.plane = plane_of(path, self.planes, plane)
        if self.planes != (1, 1):
            self.transformed = plane_text(self.plane)
        self.file_calibration, self.spacing_note = image.spacing.calibration, image.spacing.note
        self.notes = (image.note,) if image.note else ()
        self._take_samples(image, arrays[0])
        used = self._used(image, arrays)
        self._arrays = [arrays[i] for i, _ in used]
        self.levels = tuple(level for _, level in used)
        self._blocks: dict[tuple[int, ...], Blocks] = {}

    def _length(self, array: Any, axis: str) -> int:
        return int(array.shape[self._axes.index(axis)]) if axis in self._axes else 1

    def _take_samples(self, image: NgffImage, array: Any) -> None:
        self.dtype = np.dtype(array.dtype).newbyteorder("=")
        self.channels = image.channels(self._length(array, "c"))
        self.ground = brightest(self.dtype) if self.channels == RGB_CHANNELS else 0

    def _used(self, image: NgffImage, arrays: list[Any]) -> list[tuple[int, Level]]:
        """The levels that size, scale and place agree on."""
        sizes = [(self._length(a, "x"), self._length(a, "y")) for a in arrays]
        ratios = [(sizes[0][0] / w + sizes[0][1] / h) / 2 for w, h in sizes]
        factors = level_factors(sizes, ratios, [None] * len(sizes))
        kinds = [(np.dtype(a.dtype), self._length(a, "c")) for a in arrays]
        frame = Frame(0, 0, *sizes[0])
        return [
            (i, frame.level(sizes[0], sizes[i], pair))
            for i, pair in enumerate(factors)
            if pair is not None
            and kinds[i] == kinds[0]
            and self._planes_of(arrays[i]) == self.planes
            and (i == 0 or _agrees(image.axes, image.levels[0], image.levels[i], pair))
        ]

    def _planes_of(self, array: Any) -> Plane:
        return self._length(array, "z"), self._length(array, "t")

    def read_level(self, level: int, x_lv: int, y_lv: int, width: int, height: int) -> Pixels:
        """See `Slide.read_level`."""
        at = tuple(range(len(self.channels)))
        return self.read_channels(at, level, x_lv, y_lv, width, height)

    def read_channels(
        self, at: tuple[int, ...], level: int, x_lv: int, y_lv: int, width: int, height: int
    ) -> Pixels:
        """Only the chunks of these channels are read, where each has some of its own."""
        array, blocks = self._arrays[level], self._blocks.setdefault(at, Blocks())
        chunks = [array.chunks[self._axes.index(axis)] for axis in "xy"]
        block = block_side(chunks[0]), block_side(chunks[1])

        def block_at(column: int, row: int) -> Pixels:
            return blocks.get(
                (level, column, row), lambda: self._read(at, level, (column, row), block)
            )

        return window_of_blocks(
            SomeChannels(tuple(self.channels[i] for i in at), self.dtype, self.ground),
            (x_lv, y_lv),
            (width, height),
            (self.levels[level].width, self.levels[level].height),
            block,
            block_at,
        )

    def _read(
        self, at: tuple[int, ...], level: int, place: tuple[int, int], block: tuple[int, int]
    ) -> Pixels:
        """``(h, w, channels)`` of one block."""
        (x, y), array = (place[0] * block[0], place[1] * block[1]), self._arrays[level]
        everything = len(at) == len(self.channels)
        found = []
        for channel in (slice(None),) if everything else at:
            where: dict[str, int | slice] = {
                "t": self.plane[1],
                "c": channel,
                "z": self.plane[0],
                "y": slice(y, y + block[1]),
                "x": slice(x, x + block[0]),
            }
            found.append(self._samples(array, where, level, (x, y)))
        samples = np.concatenate(found, axis=2)
        return samples[..., at] if everything and at != tuple(range(len(at))) else samples

    def _samples(
        self, array: Any, where: dict[str, int | slice], level: int, corner: tuple[int, int]
    ) -> Pixels:
        """``(h, w, channels)`` of a part of a level."""
        try:
            found = np.asarray(array[tuple(where[axis] for axis in self._axes)])
        except Exception as error:  # zarr and its codecs raise whatever the damage leads to
            raise SlideError(
                f"{self.path}: damaged at {corner[0]}, {corner[1]} of level {level} "
                f"({_one_line(error)}); copy the folder again from its source"
            ) from error
        left = [axis for axis in self._axes if isinstance(where[axis], slice)]
        if "c" not in left:
            found, left = found[..., None], [*left, "c"]
        found = np.moveaxis(found, [left.index(axis) for axis in "yxc"], [0, 1, 2])
        return np.ascontiguousarray(found.astype(self.dtype, copy=False))

    def close(self) -> None:
        """See `Slide.close`."""
        self._blocks.clear()


def has_zarr() -> bool:
    """Whether it is installed."""
    return importlib.util.find_spec("zarr") is not None


def open_ome_zarr(path: Path, calibration: Calibration | None, plane: Plane | None) -> ZarrSlide:
    """Open the (first) image of an OME-Zarr.

    Raises:
        SlideError: zarr is not installed, or the folder cannot be used.
    """
    if not has_zarr():
        raise SlideError(
            f"{path}: reading OME-Zarr needs zarr: pip install 'hookpath[formats]'; or open it in "
            "a QuPath project and let QuPath read it, or export it as OME-TIFF"
        )
    return ZarrSlide(path, ngff_image(path), calibration, plane)


def _array(path: Path, folder: Path, axes: int) -> Any:
    """An array whose codecs, type and chunks are such as we read."""
    import zarr

    from hookpath.slides.readers.zarr_store import OrdinaryFiles

    again = "copy the folder again from its source"
    try:
        unknown = [name for name in codecs_of(folder) if name not in _CODECS]
        if unknown:
            raise SlideError(f"{path}: is packed by {unknown[0]!r}, which is not read; use zstd")
        array = zarr.open_array(OrdinaryFiles(folder, read_only=True), mode="r")
        shape, chunks = tuple(array.shape), tuple(array.chunks)
    except SlideError:
        raise
    except Exception as error:  # zarr raises whatever the damage leads to
        raise SlideError(
            f"{path}: level {folder.name} cannot be read ({_one_line(error)}); {again}"
        ) from error
    if len(shape) != axes or min(shape) < 1:
        raise SlideError(f"{path}: level {folder.name} has not the axes that are named; {again}")
    if max(shape) > SIDE_PX:
        raise SlideError(f"{path}: claims a side of {max(shape):,} px, no more than {SIDE_PX:,} "
                         f"are read; {again}")  # fmt: skip
    kind = np.dtype(array.dtype)
    if kind.newbyteorder("=").name not in _TYPES:
        raise SlideError(f"{path}: has {kind} samples, which are not read; export it with 8 or 16")
    if math.prod(chunks) * kind.itemsize > _CHUNK_BYTES:
        raise SlideError(
            f"{path}: has chunks of {' × '.join(map(str, chunks))}, too large to be decoded one "
            "by one; write it again with smaller chunks"
        )
    return array


def _agrees(
    axes: tuple[str, ...], whole: NgffLevel, level: NgffLevel, factors: tuple[float, float]
) -> bool:
    """Whether what a level says of its scale and place fits its size.

    Scales that are the same for all levels say nothing. The corner may lie as the whole image's
    does, or (its first px's *centre*) half a px of each further in.
    """
    for axis, factor in zip("xy", factors, strict=True):
        at = axes.index(axis)
        base, said = whole.scale[at], level.scale[at]
        if said != base and not math.isclose(said, base * factor, rel_tol=_TOLERANCE):
            return False
        moved = (level.translation[at] - whole.translation[at]) / base if base else 0.0
        if min(abs(moved), abs(moved - (factor - 1) / 2)) > factor * _TOLERANCE:
            return False
    return True


def _one_line(error: Exception) -> str:
    return " ".join(str(error).split()) or type(error).__name__

"""Slides that QuPath's own code reads: whatever QuPath opens, in the frame that QuPath shows."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from hookpath.errors import SlideError
from hookpath.geometry import Calibration
from hookpath.jvm import NoQuPathError, java, java_says, qupath_running
from hookpath.jvm.omero_login import PASSWORD, SERVER, USER, hidden, logged_in
from hookpath.jvm.qupath_extension_readers import add_readers
from hookpath.jvm.server_builder_json import (
    files_in,
    is_file_uri,
    providers_in,
    transformation,
    uris_in,
    with_tile_sizes,
)
from hookpath.slides.channels import RGB, Pixels, with_names
from hookpath.slides.metadata_spacing import is_plausible
from hookpath.slides.pillow_pixels import WHITE
from hookpath.slides.qupath_frame import whole_levels
from hookpath.slides.readers.block_cache import Blocks, block_side, window_of_blocks
from hookpath.slides.slide_base import Plane, RGBArray, Slide, plane_text
from hookpath.slides.tiff.channel_stacks import plane_of

#: QuPath's names of pixel types.
_TYPES = {
    "UINT8": "uint8", "INT8": "int8", "UINT16": "uint16", "INT16": "int16", "UINT32": "uint32",
    "INT32": "int32", "FLOAT32": "float32", "FLOAT64": "float64",
}  # fmt: skip


class QuPathSlide(Slide):
    """An image behind one of QuPath's servers; may be shared by threads."""

    def __init__(
        self,
        path: Path,
        server: Any,
        how: str,
        calibration: Calibration | None,
        plane: Plane | None = None,
    ) -> None:
        super().__init__(calibration)
        self.path, self.transformed = path, transformation(how)
        self.other_files = tuple(p for p in files_in(how) if p != path)
        self._server = server
        self.reader = f"QuPath {qupath_running()[1]} ({server.getServerType()})"
        metadata = server.getMetadata()
        self.planes = int(metadata.getSizeZ()), int(metadata.getSizeT())
        self.plane = plane_of(path, self.planes, plane)
        if self.planes != (1, 1):
            self.transformed += plane_text(self.plane)
        self.file_calibration = _calibration_of(server.getOriginalMetadata())
        sizes = [(int(v.getWidth()), int(v.getHeight())) for v in metadata.getLevels()]
        downsamples = [float(v.getDownsample()) for v in metadata.getLevels()]
        self._used, self.levels = whole_levels(sizes, downsamples)
        wide, high = metadata.getPreferredTileWidth(), metadata.getPreferredTileHeight()
        self._block_size = block_side(int(wide)), block_side(int(high))
        self._blocks = Blocks()
        self._is_rgb = bool(metadata.isRGB())
        if not self._is_rgb and not _is_grey(metadata):
            self._take_channels(metadata)

    def _take_channels(self, metadata: Any) -> None:
        """As they are stored: neither RGB nor 8-bit grey."""
        kind = str(metadata.getPixelType())
        if kind not in _TYPES:
            raise SlideError(f"{self.path}: has {kind} samples, which are not read here")
        found = list(metadata.getChannels())
        names = [str(channel.getName()) for channel in found]
        colors = [_unpacked(channel.getColor()) for channel in found]
        self.channels = with_names(names, colors)
        self.dtype, self.ground = np.dtype(_TYPES[kind]), 0

    def read_level(self, level: int, x_lv: int, y_lv: int, width: int, height: int) -> Pixels:
        """See `Slide.read_level`."""
        size = self.levels[level].width, self.levels[level].height
        return window_of_blocks(
            self,
            (x_lv, y_lv),
            (width, height),
            size,
            self._block_size,
            lambda column, row: self._block(level, column, row),
        )

    def _block(self, level: int, column: int, row: int) -> Pixels:
        return self._blocks.get((level, column, row), lambda: self._read_block(level, column, row))

    def _read_block(self, level: int, column: int, row: int) -> Pixels:
        """Asked for as a tile of the level's own grid, so that QuPath does not scale it."""
        import jpype

        x, y = column * self._block_size[0], row * self._block_size[1]
        width = min(self._block_size[0], self.levels[level].width - x)
        height = min(self._block_size[1], self.levels[level].height - y)
        table = java()
        region = table.JClass("qupath.lib.regions.ImageRegion")
        tile = table.JClass("qupath.lib.images.servers.TileRequest")
        where = region.createInstance(x, y, width, height, *self.plane)
        try:
            request = tile.createInstance(self._server, self._used[level], where)
            image = self._server.readRegion(request.getRegionRequest())
        except jpype.JException as error:
            raise SlideError(
                f"{self.path}: QuPath cannot read level {level} at {x}, {y} ({java_says(error)}); "
                "look at the place in QuPath"
            ) from error
        if image is None:
            return np.full((height, width, len(self.channels)), self.ground, self.dtype)
        return fitted(self._samples(image), width, height)

    def _samples(self, image: Any) -> Pixels:
        if self._is_rgb:
            return _colours(image)
        return _grey(image) if self.is_rgb else _bands(image, len(self.channels), self.dtype)

    def close(self) -> None:
        """See `Slide.close`."""
        self._server.close()


def open_through_qupath(
    how: str, path: Path, calibration: Calibration | None, plane: Plane | None = None
) -> QuPathSlide:
    """Open what QuPath's JSON of a server builder says.

    Args:
        how: the JSON; its paths hold on this machine.
        path: the (first) file of the image.
        calibration: µm/px that wins over the server's own.
        plane: z and t of a stack; None: the one that QuPath shows first.

    Raises:
        SlideError: there is no QuPath here, or it cannot open the image.
    """
    import jpype

    try:
        table = java()
    except NoQuPathError as error:
        raise SlideError(f"{path}: only QuPath can read it so. {error}") from error
    table.JClass("qupath.lib.scripting.QP")  # tells Gson how to read channels that QuPath computes
    kind = table.JClass("qupath.lib.images.servers.ImageServerBuilder$ServerBuilder")
    try:
        add_readers(table, providers_in(json.loads(how)))
        ready = logged_in(with_tile_sizes(json.loads(how)))
        text = table.String(json.dumps(ready))
        builder = table.GsonTools.getInstance().fromJson(text, kind.class_)
        server = builder.build()
    except (jpype.JException, AttributeError) as error:
        place, said = _place(how, path), hidden(java_says(error))
        raise SlideError(
            f"{place}: QuPath {qupath_running()[1]} cannot open it ({said}); {_advice(how, said)}"
        ) from None  # the exception's own text may hold a password
    if server is None:
        raise SlideError(f"{_place(how, path)}: QuPath {qupath_running()[1]} has no reader for it")
    try:
        return QuPathSlide(path, server, how, calibration, plane)
    except BaseException:
        server.close()
        raise


def _place(how: str, path: Path) -> str:
    """Where the image is, for messages: a path would spoil an address."""
    first = next(uris_in(json.loads(how)), "")
    return str(path) if is_file_uri(first) else first


def _advice(how: str, said: str) -> str:
    """What to do about an image that QuPath cannot open."""
    address = next(uris_in(json.loads(how)), "")
    if is_file_uri(address) or "with requested provider" not in said:
        return "open the image in QuPath's window to see whether an extension is missing"
    return (
        "its extension is here, but did not get the image: see that the server is reached and lets "
        f"you in (without a terminal to ask on: {SERVER}, {USER}, {PASSWORD})"
    )


def _calibration_of(metadata: Any) -> Calibration | None:
    """µm/px of a server; None where QuPath has it in px."""
    pixels = metadata.getPixelCalibration()
    if not pixels.hasPixelSizeMicrons():
        return None
    return is_plausible(
        float(pixels.getPixelWidthMicrons()), float(pixels.getPixelHeightMicrons())
    ).calibration


def _colours(image: Any) -> RGBArray:
    """``(h, w, 3)`` uint8 of a BufferedImage in colour; transparent is white."""
    width, height = int(image.getWidth()), int(image.getHeight())
    packed = _packed(image, width, height).astype("<i4", copy=False)
    samples = packed.view(np.uint8).reshape(height, width, 4)  # blue, green, red, alpha
    out = np.empty((height, width, 3), np.uint8)
    for channel in range(3):  # thrice as fast as the turned array at once
        out[..., channel] = samples[..., 2 - channel]
    return _on_white(out, samples[..., 3]) if image.getColorModel().hasAlpha() else out


def _packed(image: Any, width: int, height: int) -> npt.NDArray[np.int32]:
    """``(height, width)`` of 0xAARRGGBB, without a copy in Java where they are stored like that."""
    buffer = image.getRaster().getDataBuffer()
    straight = image.getType() in (1, 2)  # TYPE_INT_RGB, TYPE_INT_ARGB
    if straight and buffer.getSize() == width * height:
        return np.asarray(buffer.getData(), np.int32).reshape(height, width)
    pixels = image.getRGB(0, 0, width, height, None, 0, width)
    return np.asarray(pixels, np.int32).reshape(height, width)


def _on_white(colours: RGBArray, alpha: npt.NDArray[np.uint8]) -> RGBArray:
    if (alpha == WHITE).all():
        return colours
    share = (alpha / np.float32(255))[..., None]
    return np.rint(colours * share + WHITE * (1 - share)).astype(np.uint8)


def _is_grey(metadata: Any) -> bool:
    return int(metadata.getSizeC()) == 1 and str(metadata.getPixelType()) == "UINT8"


def _unpacked(color: Any) -> RGB | None:
    """Of Java's packed ARGB integer."""
    if color is None:
        return None
    value = int(color)
    return value >> 16 & 255, value >> 8 & 255, value & 255


def _bands(image: Any, count: int, dtype: np.dtype[Any]) -> Pixels:
    """``(h, w, count)`` samples as they are stored."""
    width, height, raster = int(image.getWidth()), int(image.getHeight()), image.getRaster()
    buffer, found = raster.getDataBuffer(), np.empty((height, width, count), dtype)
    # One plain array for each band: taken over as it is, without a call a sample.
    simple = "Banded" in str(raster.getSampleModel().getClass().getSimpleName())
    simple = simple and int(buffer.getNumBanks()) == count and not any(buffer.getOffsets())
    simple = simple and int(buffer.getSize()) == width * height
    for band in range(count):
        if simple:
            plane = np.asarray(buffer.getData(band))
            whole = plane.dtype.itemsize == dtype.itemsize
            plane = plane.view(dtype) if whole else plane
        else:
            nothing = _no_array(dtype)
            plane = np.asarray(raster.getSamples(0, 0, width, height, band, nothing))
        found[..., band] = plane.reshape(height, width)
    return found


def _no_array(dtype: np.dtype[Any]) -> Any:
    """A null that says which of Java's ``getSamples`` is meant."""
    import jpype

    kind = {"f4": jpype.JFloat, "f8": jpype.JDouble}.get(dtype.str[1:], jpype.JInt)
    return jpype.JObject(None, kind[:])


def _grey(image: Any) -> RGBArray:
    """Samples of one 8-bit channel, as they are: Java's own way to RGB would brighten them."""
    width, height = int(image.getWidth()), int(image.getHeight())
    nothing: Any = None
    samples = image.getRaster().getSamples(0, 0, width, height, 0, nothing)
    grey = np.asarray(samples).reshape(height, width).astype(np.uint8)
    return np.repeat(grey[..., None], 3, axis=2)


def fitted(pixels: Pixels, width: int, height: int) -> Pixels:
    """A block of the size that was asked for.

    A server that counts in level-0 px may give one row or column more or fewer at a level whose
    factor is not whole; what is missing repeats the last one.
    """
    short_y, short_x = max(0, height - pixels.shape[0]), max(0, width - pixels.shape[1])
    if short_x or short_y:
        pixels = np.pad(pixels, ((0, short_y), (0, short_x), (0, 0)), mode="edge")
    return np.ascontiguousarray(pixels[:height, :width])

"""Slides that QuPath's own code reads: whatever QuPath opens, in the frame that QuPath shows."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from hookpath.errors import SlideError
from hookpath.geometry import Calibration
from hookpath.jvm import NoQuPathError, java, java_says, qupath_running
from hookpath.jvm.servers import files_in, transformation
from hookpath.slides._blocks import Blocks, block_side, window_of_blocks
from hookpath.slides._frame import Frame
from hookpath.slides._levels import level_factors
from hookpath.slides._pixels import WHITE
from hookpath.slides._spacing import believable
from hookpath.slides.base import RGBArray, Slide


class QuPathSlide(Slide):
    """An image behind one of QuPath's servers; may be shared by threads."""

    def __init__(self, path: Path, server: Any, how: str, calibration: Calibration | None) -> None:
        super().__init__(calibration)
        self.path, self.transformed = path, transformation(how)
        self.other_files = tuple(p for p in files_in(how) if p != path)
        self._server = server
        self.reader = f"QuPath {qupath_running()[1]} ({server.getServerType()})"
        metadata = server.getMetadata()
        self._refuse_what_is_no_colour(metadata)
        self.file_calibration = _calibration_of(server.getOriginalMetadata())
        sizes = [(int(v.getWidth()), int(v.getHeight())) for v in metadata.getLevels()]
        downsamples = [float(v.getDownsample()) for v in metadata.getLevels()]
        factors = level_factors(sizes, downsamples, [None] * len(sizes))
        self._used = [i for i, pair in enumerate(factors) if pair is not None]
        frame = Frame(0, 0, *sizes[0])
        self.levels = tuple(
            frame.level(sizes[0], sizes[i], factors[i] or (1, 1)) for i in self._used
        )
        wide, high = metadata.getPreferredTileWidth(), metadata.getPreferredTileHeight()
        self._block_size = block_side(int(wide)), block_side(int(high))
        self._blocks = Blocks()
        self._is_rgb = bool(metadata.isRGB())

    def _refuse_what_is_no_colour(self, metadata: Any) -> None:
        planes = int(metadata.getSizeZ()) * int(metadata.getSizeT())
        if planes > 1:
            raise SlideError(
                f"{self.path}: has {planes} planes; hookpath reads single-plane slides"
            )
        channels = int(metadata.getSizeC())
        is_grey = channels == 1 and str(metadata.getPixelType()) == "UINT8"
        if not metadata.isRGB() and not is_grey:
            plural = "" if channels == 1 else "s"
            raise SlideError(
                f"{self.path}: has {channels} {metadata.getPixelType()} channel{plural}; hookpath "
                "reads 8-bit RGB slides: export an RGB rendering from QuPath and add that"
            )

    def read_level(self, level: int, x_lv: int, y_lv: int, width: int, height: int) -> RGBArray:
        """See `Slide.read_level`."""
        size = self.levels[level].width, self.levels[level].height
        return window_of_blocks(
            (x_lv, y_lv),
            (width, height),
            size,
            self._block_size,
            lambda column, row: self._block(level, column, row),
        )

    def _block(self, level: int, column: int, row: int) -> RGBArray:
        return self._blocks.get((level, column, row), lambda: self._read_block(level, column, row))

    def _read_block(self, level: int, column: int, row: int) -> RGBArray:
        """Asked for as a tile of the level's own grid, so that QuPath does not scale it."""
        import jpype

        x, y = column * self._block_size[0], row * self._block_size[1]
        width = min(self._block_size[0], self.levels[level].width - x)
        height = min(self._block_size[1], self.levels[level].height - y)
        table = java()
        region = table.JClass("qupath.lib.regions.ImageRegion")
        tile = table.JClass("qupath.lib.images.servers.TileRequest")
        where = region.createInstance(x, y, width, height, 0, 0)
        try:
            request = tile.createInstance(self._server, self._used[level], where)
            image = self._server.readRegion(request.getRegionRequest())
        except jpype.JException as error:
            raise SlideError(
                f"{self.path}: QuPath cannot read level {level} at {x}, {y} ({java_says(error)}); "
                "look at the place in QuPath"
            ) from error
        if image is None:
            return np.full((height, width, 3), WHITE, np.uint8)
        return fitted(_colours(image) if self._is_rgb else _grey(image), width, height)

    def close(self) -> None:
        """See `Slide.close`."""
        self._server.close()


def open_through_qupath(how: str, path: Path, calibration: Calibration | None) -> QuPathSlide:
    """Open what QuPath's JSON of a server builder says.

    Args:
        how: the JSON; its paths hold on this machine.
        path: the (first) file of the image.
        calibration: µm/px that wins over the server's own.

    Raises:
        SlideError: there is no QuPath here, or it cannot open the image.
    """
    import jpype

    try:
        table = java()
    except NoQuPathError as error:
        raise SlideError(f"{path}: only QuPath can read it so. {error}") from error
    kind = table.JClass("qupath.lib.images.servers.ImageServerBuilder$ServerBuilder")
    try:
        builder = table.GsonTools.getInstance().fromJson(table.String(how), kind.class_)
        server = builder.build()
    except (jpype.JException, AttributeError) as error:
        raise SlideError(
            f"{path}: QuPath {qupath_running()[1]} cannot open it ({java_says(error)}); open the "
            "image in QuPath's window to see whether an extension is missing"
        ) from error
    if server is None:
        raise SlideError(f"{path}: QuPath {qupath_running()[1]} has no reader for it")
    try:
        return QuPathSlide(path, server, how, calibration)
    except BaseException:
        server.close()
        raise


def _calibration_of(metadata: Any) -> Calibration | None:
    """µm/px of a server; None where QuPath has it in px."""
    pixels = metadata.getPixelCalibration()
    if not pixels.hasPixelSizeMicrons():
        return None
    return believable(
        float(pixels.getPixelWidthMicrons()), float(pixels.getPixelHeightMicrons())
    ).calibration


def _colours(image: Any) -> RGBArray:
    """``(h, w, 3)`` uint8 of a BufferedImage in colour; transparent is white."""
    width, height = int(image.getWidth()), int(image.getHeight())
    packed: npt.NDArray[np.uint32] = _packed(image, width, height).view(np.uint32)
    out = np.empty((height, width, 3), np.uint8)
    for channel, shift in enumerate((16, 8, 0)):
        out[..., channel] = packed >> shift & 255
    model = image.getColorModel()
    alpha = (packed >> np.uint32(24)).astype(np.uint8)
    return _on_white(out, alpha) if model.hasAlpha() else out


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


def _grey(image: Any) -> RGBArray:
    """Samples of one 8-bit channel, as they are: Java's own way to RGB would brighten them."""
    width, height = int(image.getWidth()), int(image.getHeight())
    nothing: Any = None
    samples = image.getRaster().getSamples(0, 0, width, height, 0, nothing)
    grey = np.asarray(samples).reshape(height, width).astype(np.uint8)
    return np.repeat(grey[..., None], 3, axis=2)


def fitted(pixels: RGBArray, width: int, height: int) -> RGBArray:
    """A block of the size that was asked for.

    A server that counts in level-0 px may give one row or column more or fewer at a level whose
    factor is not whole; what is missing repeats the last one.
    """
    short_y, short_x = max(0, height - pixels.shape[0]), max(0, width - pixels.shape[1])
    if short_x or short_y:
        pixels = np.pad(pixels, ((0, short_y), (0, short_x), (0, 0)), mode="edge")
    return np.ascontiguousarray(pixels[:height, :width])

"""QuPath's JSON of servers, and QuPath's side of reading them without a QuPath."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import numpy.typing as npt

RGBA = npt.NDArray[np.uint8]


def openslide_server(path: Path, *args: str) -> dict[str, Any]:
    """A file that QuPath reads with OpenSlide."""
    return {
        "builderType": "uri",
        "providerClassName": "qupath.lib.images.servers.openslide.OpenslideServerBuilder",
        "uri": path.absolute().as_uri(),
        "args": list(args),
    }


def bioformats_server(path: Path, series: int = 0) -> dict[str, Any]:
    """A file that QuPath reads with Bio-Formats."""
    return {
        "builderType": "uri",
        "providerClassName": "qupath.lib.images.servers.bioformats.BioFormatsServerBuilder",
        "uri": path.absolute().as_uri(),
        "args": ["--series", str(series)],
    }


def turned(builder: dict[str, Any], by: str = "ROTATE_90") -> dict[str, Any]:
    """The same image, turned."""
    return {"builderType": "rotated", "builder": builder, "rotation": by}


class FakeServer:
    """As much of QuPath's server as a slide asks for; each level's px are given.

    Attributes:
        asked: level, x, y, width and height of every read.
    """

    def __init__(self, levels: list[RGBA], tile: int, um: float | None, **facts: Any) -> None:
        self.pixels, self.closed = levels, False
        self.asked: list[tuple[int, int, int, int, int]] = []
        full = levels[0].shape
        sized = [
            SimpleNamespace(
                getWidth=lambda a=a: a.shape[1],
                getHeight=lambda a=a: a.shape[0],
                getDownsample=lambda a=a: (full[1] / a.shape[1] + full[0] / a.shape[0]) / 2,
            )
            for a in levels
        ]
        spacing = SimpleNamespace(
            hasPixelSizeMicrons=lambda: um is not None,
            getPixelWidthMicrons=lambda: um,
            getPixelHeightMicrons=lambda: um,
        )
        metadata = {
            "isRGB": True,
            "SizeZ": 1,
            "SizeT": 1,
            "SizeC": 3,
            "PixelType": "UINT8",
            **facts,
        }
        self._metadata = SimpleNamespace(
            getLevels=lambda: sized,
            getPixelCalibration=lambda: spacing,
            getPreferredTileWidth=lambda: tile,
            getPreferredTileHeight=lambda: tile,
            isRGB=lambda: metadata["isRGB"],
            getSizeZ=lambda: metadata["SizeZ"],
            getSizeT=lambda: metadata["SizeT"],
            getSizeC=lambda: metadata["SizeC"],
            getPixelType=lambda: metadata["PixelType"],
            getChannels=lambda: [
                SimpleNamespace(getName=lambda n=n: n, getColor=lambda: None)
                for n in metadata.get("names", ())
            ],
        )

    def getMetadata(self) -> Any:  # noqa: N802 - as Java calls it
        return self._metadata

    getOriginalMetadata = getMetadata  # noqa: N815

    def getServerType(self) -> str:  # noqa: N802
        return "fake"

    def readRegion(self, request: tuple[int, int, int, int, int]) -> Any:  # noqa: N802
        self.asked.append(request)
        level, x, y, width, height = request
        pixels = self.pixels[level][y : y + height, x : x + width]
        return _image(pixels) if self._metadata.isRGB() or pixels.ndim == 2 else _bands(pixels)

    def close(self) -> None:
        self.closed = True


#: Planes that were asked for.
PLANES: list[tuple[int, int]] = []


def _at(where: tuple[int, int, int, int], plane: tuple[int, int]) -> tuple[int, int, int, int]:
    PLANES.append(plane)
    return where


def _image(pixels: RGBA) -> Any:
    """A BufferedImage of colours (``(h, w, 3 or 4)``) or of one channel (``(h, w)``)."""
    height, width = pixels.shape[:2]
    if pixels.ndim == 2:
        raster = SimpleNamespace(getSamples=lambda *_: pixels.astype(np.int32).ravel())
        return SimpleNamespace(
            getWidth=lambda: width, getHeight=lambda: height, getRaster=lambda: raster
        )
    wide = pixels.astype(np.uint32)
    alpha = wide[..., 3] if pixels.shape[2] == 4 else np.uint32(255)
    packed = (alpha << 24 | wide[..., 0] << 16 | wide[..., 1] << 8 | wide[..., 2]).view(np.int32)
    buffer = SimpleNamespace(getSize=lambda: packed.size, getData=lambda: packed.ravel())
    raster = SimpleNamespace(getDataBuffer=lambda: buffer)
    model = SimpleNamespace(hasAlpha=lambda: pixels.shape[2] == 4)
    return SimpleNamespace(
        getWidth=lambda: width,
        getHeight=lambda: height,
        getType=lambda: 2,
        getRaster=lambda: raster,
        getColorModel=lambda: model,
    )


def _bands(pixels: npt.NDArray[Any]) -> Any:
    """A BufferedImage of bands, ``(h, w, C)``, as Java holds them: without signs it has none."""
    height, width, count = pixels.shape
    signed = {"uint8": np.int8, "uint16": np.int16}.get(pixels.dtype.name, pixels.dtype)
    banks = [np.ascontiguousarray(pixels[..., c]).view(signed).ravel() for c in range(count)]
    buffer = SimpleNamespace(
        getNumBanks=lambda: count,
        getOffsets=lambda: [0] * count,
        getSize=lambda: width * height,
        getData=banks.__getitem__,
    )
    kind = SimpleNamespace(getSimpleName=lambda: "BandedSampleModel")
    model = SimpleNamespace(getClass=lambda: kind)
    raster = SimpleNamespace(getDataBuffer=lambda: buffer, getSampleModel=lambda: model)
    return SimpleNamespace(
        getWidth=lambda: width, getHeight=lambda: height, getRaster=lambda: raster
    )


def fake_java() -> Any:
    """The two classes that a read asks for."""
    region = SimpleNamespace(createInstance=lambda x, y, w, h, z, t: _at((x, y, w, h), (z, t)))
    tile = SimpleNamespace(
        createInstance=lambda _server, level, where: SimpleNamespace(
            getRegionRequest=lambda: (level, *where)
        )
    )
    classes = {
        "qupath.lib.regions.ImageRegion": region,
        "qupath.lib.images.servers.TileRequest": tile,
    }
    return SimpleNamespace(JClass=classes.__getitem__)

"""A zoo of TIFFs: every way to store colours × every way to put levels into a file.

The colour tells the place: at level-0 px (x, y) red is (x // 4) mod 256, green (y // 4) mod 256,
blue 16 · (x // 64) + y // 64.
"""

from __future__ import annotations

import copy
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import tifffile

from support.slides import RGB, halve

WIDTH, HEIGHT, TILE = 320, 256, 64
LEVELS = 3
MPP = 0.5
Array = npt.NDArray[Any]


def place_code(width: int = WIDTH, height: int = HEIGHT) -> RGB:
    """``(height, width, 3)`` uint8 colours that tell where they are."""
    y, x = np.mgrid[:height, :width]
    return np.stack([x // 4, y // 4, 16 * (x // 64) + y // 64], axis=-1).astype(np.uint8)


@dataclass(frozen=True)
class Flavour:
    """One way to store colours.

    Attributes:
        stored: RGB to the samples that go into the file.
        shown: RGB to what must come out.
        options: of tifffile.
        off: largest difference allowed, in grey values.
        halved: how the next level is made of the RGB.
    """

    stored: Callable[[RGB], Array]
    shown: Callable[[RGB], RGB] = field(default=lambda rgb: rgb)
    options: dict[str, Any] = field(default_factory=dict)
    off: int = 0
    halved: Callable[[RGB], RGB] = halve


def _grey(rgb: RGB) -> RGB:
    return np.repeat(rgb[..., :1], 3, axis=2)


def _with(value: int | None, premultiplied: bool = False) -> Callable[[RGB], Array]:
    """RGB and a fourth sample: `value`, or (None) 0 in the left half and 255 in the right."""

    def stored(rgb: RGB) -> Array:
        fourth = np.full(rgb.shape[:2], value or 0, np.uint8)
        if value is None:
            fourth[:, rgb.shape[1] // 2 :] = 255
        colour = rgb * (fourth[..., None] > 0).astype(np.uint8) if premultiplied else rgb
        return np.dstack([colour, fourth])

    return stored


def _left_white(rgb: RGB) -> RGB:
    shown = rgb.copy()
    shown[:, : rgb.shape[1] // 2] = 255
    return shown


def to_ycbcr(rgb: RGB) -> Array:
    """JPEG's YCbCr (ITU-R BT.601, full range)."""
    r, g, b = np.moveaxis(rgb.astype(float), -1, 0)
    y = 0.299 * r + 0.587 * g + 0.114 * b
    cb, cr = 128 + (b - y) / 1.772, 128 + (r - y) / 1.402
    return np.clip(np.rint(np.stack([y, cb, cr], axis=-1)), 0, 255).astype(np.uint8)


def to_video(ycbcr: Array) -> Array:
    """The same in the levels of television: 16 to 235, colours 16 to 240."""
    scaled = ycbcr.astype(float)
    scaled[..., 0] = 16 + scaled[..., 0] * 219 / 255
    scaled[..., 1:] = 128 + (scaled[..., 1:] - 128) * 112 / 127
    return np.rint(scaled).astype(np.uint8)


def _cmyk(rgb: RGB) -> Array:
    return np.dstack([255 - rgb, np.zeros(rgb.shape[:2], np.uint8)])


def _black_only(rgb: RGB) -> Array:
    return np.dstack([np.zeros_like(rgb), 255 - rgb[..., 0]])


_TABLE = np.stack([255 - np.arange(256), np.arange(256), np.arange(256) // 2], axis=1)
_ZLIB = {"compression": "zlib"}
_COLOUR = _ZLIB | {"photometric": "rgb"}
_INK = _ZLIB | {"photometric": "separated"}


def _palette_shown(rgb: RGB) -> RGB:
    return _TABLE[rgb[..., 0]].astype(np.uint8)


def _same(rgb: RGB) -> Array:
    return rgb


def _first(rgb: RGB) -> Array:
    return rgb[..., 0]


#: Everything that must come out right.
FLAVOURS: dict[str, Flavour] = {
    "rgb": Flavour(_same, options=_COLOUR),
    "rgb-none": Flavour(_same, options={"photometric": "rgb"}),
    "rgb-lzw-predictor": Flavour(
        _same, options={"photometric": "rgb", "compression": "lzw", "predictor": True}
    ),
    "rgb-zstd": Flavour(_same, options={"photometric": "rgb", "compression": "zstd"}),
    "rgb-big-endian": Flavour(_same, options=_COLOUR | {"byteorder": ">"}),
    "rgb-bigtiff": Flavour(_same, options=_COLOUR | {"bigtiff": True}),
    "rgb-jpeg2000": Flavour(_same, options={"photometric": "rgb", "compression": "jpeg2000"}),
    "rgb-webp": Flavour(
        _same,
        options={
            "photometric": "rgb",
            "compression": "webp",
            "compressionargs": {"lossless": True},
        },
    ),
    "rgb-jpeg": Flavour(
        _same,
        options={
            "photometric": "rgb",
            "compression": "jpeg",
            "compressionargs": {"level": 98, "outcolorspace": "rgb"},
        },
        off=8,
    ),
    "ycbcr-jpeg": Flavour(
        _same,
        options={"photometric": "rgb", "compression": "jpeg", "compressionargs": {"level": 98}},
        off=16,  # colour at half the resolution
    ),
    "ycbcr": Flavour(
        to_ycbcr,
        options=_ZLIB | {"photometric": "ycbcr", "subsampling": (1, 1)},
        off=2,
    ),
    "ycbcr-video": Flavour(
        lambda rgb: to_video(to_ycbcr(rgb)),
        options=_ZLIB
        | {
            "photometric": "ycbcr",
            "subsampling": (1, 1),
            "extratags": [(532, 5, 6, (16, 1, 235, 1, 128, 1, 240, 1, 128, 1, 240, 1), True)],
        },
        off=4,
    ),
    "ycbcr-predictor": Flavour(
        to_ycbcr,
        options=_ZLIB | {"photometric": "ycbcr", "subsampling": (1, 1), "predictor": True},
        off=2,
    ),
    "planes-jpeg2000": Flavour(
        lambda rgb: np.moveaxis(rgb, -1, 0),
        options={"photometric": "rgb", "planarconfig": "separate", "compression": "jpeg2000"},
    ),
    "planes-jpeg": Flavour(
        lambda rgb: np.moveaxis(rgb, -1, 0),
        options={
            "photometric": "rgb",
            "planarconfig": "separate",
            "compression": "jpeg",
            "compressionargs": {"level": 98},
        },
        off=8,
    ),
    "planes-ycbcr": Flavour(
        lambda rgb: np.moveaxis(to_ycbcr(rgb), -1, 0),
        options=_ZLIB | {"photometric": "ycbcr", "planarconfig": "separate", "subsampling": (1, 1)},
        off=2,
    ),
    "rgb-packbits": Flavour(_same, options={"photometric": "rgb", "compression": "packbits"}),
    "rgb-lzma": Flavour(_same, options={"photometric": "rgb", "compression": "lzma"}),
    "rgb-png": Flavour(_same, options={"photometric": "rgb", "compression": "png"}),
    "rgb-jpegxl": Flavour(
        _same,
        options={
            "photometric": "rgb",
            "compression": "jpegxl",
            "compressionargs": {"lossless": True},
        },
    ),
    "grey-jpeg": Flavour(
        _first,
        _grey,
        {"photometric": "minisblack", "compression": "jpeg", "compressionargs": {"level": 98}},
        off=8,
    ),
    "white-is-zero-jpeg": Flavour(
        lambda rgb: 255 - rgb[..., 0],
        _grey,
        {"photometric": "miniswhite", "compression": "jpeg", "compressionargs": {"level": 98}},
        off=8,
    ),
    "one-bit": Flavour(
        lambda rgb: rgb[..., 0] > 40,
        lambda rgb: np.where(rgb[..., :1] > 40, 255, 0).repeat(3, axis=2).astype(np.uint8),
        {"photometric": "minisblack", "compression": "packbits"},
        halved=lambda rgb: rgb[::2, ::2],
    ),
    "planes": Flavour(
        lambda rgb: np.moveaxis(rgb, -1, 0), options=_COLOUR | {"planarconfig": "separate"}
    ),
    "palette": Flavour(
        _first,
        _palette_shown,
        _ZLIB | {"photometric": "palette", "colormap": (_TABLE.T * 257).astype(np.uint16)},
        halved=lambda rgb: rgb[::2, ::2],
    ),
    "cmyk": Flavour(_cmyk, options=_INK),
    "black-ink": Flavour(_black_only, _grey, _INK),
    "black-is-zero": Flavour(_first, _grey, _ZLIB | {"photometric": "minisblack"}),
    "white-is-zero": Flavour(
        lambda rgb: 255 - rgb[..., 0], _grey, _ZLIB | {"photometric": "miniswhite"}
    ),
    "opaque": Flavour(_with(255), options=_COLOUR | {"extrasamples": ["unassalpha"]}),
    "half-transparent": Flavour(
        _with(None), _left_white, _COLOUR | {"extrasamples": ["unassalpha"]}
    ),
    "half-premultiplied": Flavour(
        _with(None, premultiplied=True), _left_white, _COLOUR | {"extrasamples": ["assocalpha"]}
    ),
    "empty-alpha": Flavour(_with(0), options=_COLOUR | {"extrasamples": ["unassalpha"]}),
    "empty-premultiplied": Flavour(_with(0), options=_COLOUR | {"extrasamples": ["assocalpha"]}),
    "meaningless-fourth": Flavour(_with(None), options=_COLOUR | {"extrasamples": ["unspecified"]}),
}


def _sixteen(rgb: RGB) -> Array:
    return rgb.astype(np.uint16) * 257


def _channels(count: int) -> list[str]:
    return [f"Channel {i + 1}" for i in range(count)]


#: What is no 8-bit RGB and is taken as it is: what is stored, tifffile's options, channels.
STORED: dict[str, tuple[Callable[[RGB], Array], dict[str, Any], list[str]]] = {
    "rgb-16-bit": (_sixteen, _COLOUR, ["Red", "Green", "Blue"]),
    "grey-16-bit": (
        lambda rgb: _sixteen(rgb)[..., 0],
        _ZLIB | {"photometric": "minisblack"},
        _channels(1),
    ),
    "float": (lambda rgb: rgb.astype(np.float32), _COLOUR, ["Red", "Green", "Blue"]),
    "five-samples": (
        lambda rgb: np.dstack([rgb, rgb[..., :2]]),
        _ZLIB | {"photometric": "rgb", "planarconfig": "contig"},
        _channels(5),
    ),
    "grey-and-more": (
        lambda rgb: rgb,
        _ZLIB | {"photometric": "minisblack", "planarconfig": "contig"},
        _channels(3),
    ),
}

#: What is stored, tifffile's options, and the words of the refusal.
REFUSED: dict[str, tuple[Callable[[RGB], Array], dict[str, Any], str]] = {
    "signed": (lambda rgb: rgb.astype(np.int8), _COLOUR, "int8 pixels"),
    "lab": (_same, _ZLIB | {"photometric": "cielab"}, r"L\*a\*b"),
    "turned": (_same, _COLOUR | {"extratags": [(274, 3, 1, 6, True)]}, "turned or mirrored"),
    "mirrored": (_same, _COLOUR | {"extratags": [(274, 3, 1, 2, True)]}, "turned or mirrored"),
    "other-inks": (_cmyk, _INK | {"extratags": [(332, 3, 1, 2, True)]}, "inks"),
}

_CM = {"resolution": (1e4 / MPP, 1e4 / MPP), "resolutionunit": "CENTIMETER"}
_APERIO = f"Aperio Image Library v12.0.16\n{WIDTH}x{HEIGHT} ({TILE}x{TILE})|AppMag = 20|MPP = {MPP}"

#: Ways to put levels into a file.
HOUSES = ("pages", "subifds", "ome", "strips", "aperio")


def write_animal(
    path: Path,
    house: str,
    stored: Callable[[RGB], Array],
    options: dict[str, Any],
    halved: Callable[[RGB], RGB] = halve,
) -> list[RGB]:
    """A TIFF of `LEVELS` levels (strips: one), `MPP` µm/px; returns the RGB behind each level."""
    levels = [place_code()]
    while len(levels) < (1 if house == "strips" else LEVELS):
        levels.append(halved(levels[-1]))
    options = copy.deepcopy(options)  # tifffile writes into it
    outer = {key: options.pop(key) for key in ("bigtiff", "byteorder") if key in options}
    if house != "strips":
        options["tile"] = (TILE, TILE)
    with tifffile.TiffWriter(path, ome=house == "ome", **outer) as writer:
        for index, level in enumerate(levels):
            writer.write(stored(level), **options, **_where(house, index, options))
    return levels


def _where(house: str, index: int, options: dict[str, Any]) -> dict[str, Any]:
    """Options by the level's place."""
    if house == "aperio":
        return {"metadata": None, "description": _APERIO, "software": "Aperio"}
    if house == "ome" and index == 0:
        axes = "SYX" if options.get("planarconfig") == "separate" else "YXS"
        if options["photometric"] in ("palette", "minisblack", "miniswhite"):
            axes = "YX" if options.get("planarconfig") is None else "YXS"
        metadata = {"axes": axes, "PhysicalSizeX": MPP, "PhysicalSizeY": MPP}
        return {"metadata": metadata, "subifds": LEVELS - 1}
    found: dict[str, Any] = {"metadata": None}
    if house == "subifds" and index == 0:
        found["subifds"] = LEVELS - 1
    if index:
        found["subfiletype"] = 1
    else:
        found |= _CM
    return found

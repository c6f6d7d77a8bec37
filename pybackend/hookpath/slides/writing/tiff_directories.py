"""What the pages of a TIFF that we write say about themselves."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from hookpath import __version__
from hookpath.slides.writing import tiff_file as tiff
from hookpath.slides.writing.ome_description import RGB, ome_xml

Size = tuple[int, int]

_COMPRESSION = {"deflate": 8, "jpeg": 7}
_GREY, _PALETTE = 1, 3
_UNSIGNED, _FLOAT = 1, 3
_CENTIMETRE = 3


@dataclass(frozen=True)
class ImageSpec:
    """The arguments of `PyramidWriter`, checked.

    Raises:
        ValueError: they do not fit together.
    """

    width: int
    height: int
    channel_names: tuple[str, ...]
    channel_colors: tuple[RGB | None, ...]
    spacing_um: float
    tile: int
    dtype: np.dtype[np.generic]
    compression: str
    colormap: tuple[RGB, ...] | None
    name: str
    description: str

    def __post_init__(self) -> None:
        if min(self.width, self.height, len(self.channel_names)) < 1:
            raise ValueError("an image needs at least 1 px and 1 channel")
        if len(self.channel_colors) != self.channels:
            raise ValueError(f"{len(self.channel_colors)} colours for {self.channels} channels")
        if not (math.isfinite(self.spacing_um) and self.spacing_um > 0):
            raise ValueError(f"µm/px must be a positive number, not {self.spacing_um!r}")
        if self.tile < 16 or self.tile % 16:
            raise ValueError(f"a tile's side must be a multiple of 16 px, not {self.tile}")
        if self.dtype.name not in ("uint8", "uint16", "float32"):
            raise ValueError(f"pixels must be uint8, uint16 or float32, not {self.dtype.name}")
        if self.compression not in _COMPRESSION:
            raise ValueError(f"compression must be deflate or jpeg, not {self.compression!r}")
        self._check_colormap()

    def _check_colormap(self) -> None:
        is_bytes = self.dtype == np.uint8
        if self.compression == "jpeg" and (self.colormap is not None or not is_bytes):
            raise ValueError("JPEG is for uint8 without a colour map: it would mix labels")
        if self.colormap is None:
            return
        if self.channels != 1 or not is_bytes:
            raise ValueError("a colour map needs one channel of uint8")
        if not 1 <= len(self.colormap) <= 256:
            raise ValueError(f"a colour map has 1 to 256 colours, not {len(self.colormap)}")

    @property
    def channels(self) -> int:
        """Samples per px."""
        return len(self.channel_names)

    @property
    def sizes(self) -> tuple[Size, ...]:
        """(width, height) of all levels: halved, rounded up, until they fit a tile."""
        found = [(self.width, self.height)]
        while max(found[-1]) > self.tile:
            found.append((-(-found[-1][0] // 2), -(-found[-1][1] // 2)))
        return tuple(found)

    @property
    def needs_big(self) -> bool:
        """Whether the file could exceed 4 GiB if nothing compressed at all."""
        area = self.tile**2
        tiles = sum(-(-w // self.tile) * -(-h // self.tile) for w, h in self.sizes)
        per_tile = area * self.dtype.itemsize * 1.01 + 64
        return tiles * self.channels * per_tile > tiff.CLASSIC_LIMIT

    def pages(self) -> list[tiff.Directory]:
        """One page per channel, each with its lower levels; no tiles yet."""
        pages = [
            tiff.Directory(
                self._tags(0), reduced=[tiff.Directory(self._tags(i)) for i in self._lower()]
            )
            for _ in self.channel_names
        ]
        xml = ome_xml(
            (self.width, self.height),
            self.spacing_um,
            self.dtype.name,
            list(zip(self.channel_names, self.channel_colors, strict=True)),
            self.name,
            self.description,
        )
        pages[0].tags[tiff.DESCRIPTION] = tiff.text(xml)
        return pages

    def _lower(self) -> range:
        return range(1, len(self.sizes))

    def _tags(self, level: int) -> dict[int, tuple[int, Sequence[int] | bytes]]:
        width, height = self.sizes[level]
        per_cm = tiff.rational(1e4 / (self.spacing_um * 2**level))
        short, long = tiff.SHORT, tiff.LONG
        is_float = self.dtype.kind == "f"
        tags: dict[int, tuple[int, Sequence[int] | bytes]] = {
            tiff.SUBFILE_TYPE: (long, [int(level > 0)]),
            tiff.WIDTH: (long, [width]),
            tiff.HEIGHT: (long, [height]),
            tiff.BITS: (short, [8 * self.dtype.itemsize]),
            tiff.COMPRESSION: (short, [_COMPRESSION[self.compression]]),
            tiff.PHOTOMETRIC: (short, [_GREY if self.colormap is None else _PALETTE]),
            tiff.SAMPLES: (short, [1]),
            tiff.X_RESOLUTION: (tiff.RATIONAL, per_cm),
            tiff.Y_RESOLUTION: (tiff.RATIONAL, per_cm),
            tiff.RESOLUTION_UNIT: (short, [_CENTIMETRE]),
            tiff.SOFTWARE: tiff.text(f"hookpath {__version__}"),
            tiff.TILE_WIDTH: (long, [self.tile]),
            tiff.TILE_HEIGHT: (long, [self.tile]),
            tiff.SAMPLE_FORMAT: (short, [_FLOAT if is_float else _UNSIGNED]),
        }
        if self.colormap is not None:
            tags[tiff.COLORMAP] = (short, _colormap(self.colormap))
        return tags


def _colormap(colors: Sequence[RGB]) -> list[int]:
    """All reds, all greens, all blues, 16 bits each; black beyond the last colour."""
    table = np.zeros((3, 256), np.int64)
    table[:, : len(colors)] = 257 * np.array(colors).T
    return [int(value) for value in table.ravel()]

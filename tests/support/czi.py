"""Writes ZEISS CZI files as scanners do: tiles, a pyramid of tiles, channels, planes.

The segments of the ZISRAW format (ZEISS, "CZI File Format", design specification 1.2), nothing
compressed.
"""

from __future__ import annotations

import itertools
import struct
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

_PIXEL_TYPES = {("uint8", 1): 0, ("uint16", 1): 1, ("float32", 1): 2, ("uint8", 3): 3}
_NAMES = {0: "Gray8", 1: "Gray16", 2: "Gray32Float", 3: "Bgr24"}
_ALIGNED = 32

Samples = npt.NDArray[Any]


def write_czi(
    path: Path,
    planes: dict[tuple[int, int, int], Samples],
    mpp: float = 0.5,
    halvings: int = 2,
    tile: int = 256,
    names: tuple[str, ...] = (),
    corner: tuple[int, int] = (0, 0),
) -> Path:
    """Write one scene.

    Args:
        planes: by channel, z and t: ``(H, W)``, or ``(H, W, 3)`` RGB uint8.
        halvings: levels of half the size, each made of the pyramid's tiles.
        corner: where the scene's (0, 0) lies in the stage's pixels; scanners write any number.
    """
    entries: list[bytes] = []
    with path.open("wb") as file:
        file.write(bytes(32 + 512))
        for plane, image in planes.items():
            for level in range(halvings + 1):
                for entry, data in _tiles(image, level, tile, plane, corner):
                    placed = entry[:6] + struct.pack("<q", file.tell()) + entry[14:]
                    file.write(_subblock(placed, data))
                    entries.append(placed)
        directory = file.tell()
        file.write(
            _segment("ZISRAWDIRECTORY", struct.pack("<i124x", len(entries)) + b"".join(entries))
        )
        metadata = file.tell()
        xml = _xml(planes, mpp, names).encode()
        file.write(_segment("ZISRAWMETADATA", struct.pack("<ii248x", len(xml), 0) + xml))
        file.seek(0)
        head = struct.pack(
            "<4i16s16siqqiq", 1, 0, 0, 0, b"a" * 16, b"a" * 16, 0, directory, metadata, 0, 0
        )
        file.write(_segment("ZISRAWFILE", head.ljust(512, b"\0")))
    return path


def _tiles(
    image: Samples, level: int, tile: int, plane: tuple[int, int, int], corner: tuple[int, int]
) -> Iterator[tuple[bytes, bytes]]:
    """Directory entry (without its place) and pixels of each tile of a level."""
    step = 2**level
    small = _halved(image, level)
    corners = itertools.product(range(0, small.shape[0], tile), range(0, small.shape[1], tile))
    for number, (y, x) in enumerate(corners):
        cut = small[y : y + tile, x : x + tile]
        kind = _PIXEL_TYPES[str(cut.dtype), 3 if cut.ndim == 3 else 1]
        if cut.ndim == 3:
            cut = cut[..., ::-1]
        high, wide = cut.shape[:2]
        c, z, t = plane
        dimensions = [
            ("X", corner[0] + x * step, wide * step, wide),
            ("Y", corner[1] + y * step, high * step, high),
            ("C", c, 1, 1),
            ("Z", z, 1, 1),
            ("T", t, 1, 1),
            ("S", 0, 1, 1),
        ]
        if not level:  # the pyramid's tiles are of no mosaic
            dimensions.append(("M", number, 1, 1))
        entry = struct.pack("<2siqiiB5xi", b"DV", kind, 0, 0, 0, 2 if level else 0, len(dimensions))
        for name, start, size, stored in dimensions:
            entry += struct.pack("<4siifi", name.encode(), start, size, 0.0, stored)
        yield entry, np.ascontiguousarray(cut).tobytes()


def _halved(image: Samples, times: int) -> Samples:
    """Means of squares; what does not fill a square is left out."""
    for _ in range(times):
        high, wide = image.shape[0] // 2 * 2, image.shape[1] // 2 * 2
        cut = image[:high, :wide].astype(np.float64)
        mean = (cut[::2, ::2] + cut[1::2, ::2] + cut[::2, 1::2] + cut[1::2, 1::2]) / 4
        image = mean.astype(image.dtype)
    return image


def _subblock(entry: bytes, data: bytes) -> bytes:
    head = struct.pack("<iiq", 0, 0, len(data)) + entry
    return _segment("ZISRAWSUBBLOCK", head.ljust(max(256, len(head)), b"\0") + data)


def _segment(name: str, body: bytes) -> bytes:
    allocated = -(-len(body) // _ALIGNED) * _ALIGNED
    return struct.pack("<16sqq", name.encode(), allocated, len(body)) + body.ljust(allocated, b"\0")


def _xml(planes: dict[tuple[int, int, int], Samples], mpp: float, names: tuple[str, ...]) -> str:
    image = next(iter(planes.values()))
    kind = _NAMES[_PIXEL_TYPES[str(image.dtype), 3 if image.ndim == 3 else 1]]
    c, z, t = (len({plane[axis] for plane in planes}) for axis in range(3))
    channels = "".join(
        f'<Channel Id="Channel:{i}" Name="{names[i] if names else i}">'
        f"<PixelType>{kind}</PixelType></Channel>"
        for i in range(c)
    )
    distances = "".join(
        f'<Distance Id="{axis}"><Value>{mpp * 1e-6:.9g}</Value></Distance>' for axis in "XY"
    )
    return (
        "<ImageDocument><Metadata><Information><Image>"
        f"<SizeX>{image.shape[1]}</SizeX><SizeY>{image.shape[0]}</SizeY><SizeC>{c}</SizeC>"
        f"<SizeZ>{z}</SizeZ><SizeT>{t}</SizeT><SizeS>1</SizeS><PixelType>{kind}</PixelType>"
        f"<Dimensions><Channels>{channels}</Channels></Dimensions></Image></Information>"
        f"<Scaling><Items>{distances}</Items></Scaling></Metadata></ImageDocument>"
    )

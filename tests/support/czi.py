"""Writes ZEISS CZI files as scanners do: tiles, a pyramid of tiles, channels, planes.

The segments of the ZISRAW format (ZEISS, "CZI File Format", design specification 1.2), tiles as
they are or packed as scanners pack them.
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
#: Numbers of the ways in which a tile is packed.
PACKED = {"": 0, "jpegxr": 4, "zstd0": 5, "zstd1": 6, "zstd1-bytes-apart": 6}
#: Last byte of the name that JPEG XR has for 24 bits RGB, and for BGR, as CZI has it.
_JXR_RGB, _JXR_BGR = bytes.fromhex("24c3dd6f034efe4bb1853d77768dc90d"), b"\x0c"

Samples = npt.NDArray[Any]


def write_czi(
    path: Path,
    planes: dict[tuple[int, int, int], Samples],
    mpp: float = 0.5,
    halvings: int = 2,
    tile: int = 256,
    names: tuple[str, ...] = (),
    corner: tuple[int, int] = (0, 0),
    packed: str = "",
    further: dict[tuple[int, int], Samples] | None = None,
) -> Path:
    """Write one scene, or several.

    Args:
        planes: by channel, z and t: ``(H, W)``, or ``(H, W, 3)`` RGB uint8.
        halvings: levels of half the size, each made of the pyramid's tiles.
        corner: where the scene's (0, 0) lies in the stage's pixels; scanners write any number.
        packed: one of `PACKED`.
        further: other scenes of one plane, by their corners.
    """
    entries: list[bytes] = []
    parts = [(0, corner, plane, image) for plane, image in planes.items()]
    parts += [(i, at, (0, 0, 0), s) for i, (at, s) in enumerate((further or {}).items(), 1)]
    with path.open("wb") as file:
        file.write(bytes(32 + 512))
        for scene, at, plane, image in parts:
            for level in range(halvings + 1):
                for entry, data in _tiles(image, level, tile, (*plane, scene), at, packed):
                    placed = entry[:6] + struct.pack("<q", file.tell()) + entry[14:]
                    file.write(_subblock(placed, data))
                    entries.append(placed)
        directory = file.tell()
        file.write(
            _segment("ZISRAWDIRECTORY", struct.pack("<i124x", len(entries)) + b"".join(entries))
        )
        metadata = file.tell()
        xml = _xml(planes, mpp, names, len(further or ()) + 1).encode()
        file.write(_segment("ZISRAWMETADATA", struct.pack("<ii248x", len(xml), 0) + xml))
        file.seek(0)
        head = struct.pack(
            "<4i16s16siqqiq", 1, 0, 0, 0, b"a" * 16, b"a" * 16, 0, directory, metadata, 0, 0
        )
        file.write(_segment("ZISRAWFILE", head.ljust(512, b"\0")))
    return path


def _tiles(
    image: Samples,
    level: int,
    tile: int,
    place: tuple[int, int, int, int],
    corner: tuple[int, int],
    packed: str,
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
        c, z, t, scene = place
        dimensions = [
            ("X", corner[0] + x * step, wide * step, wide),
            ("Y", corner[1] + y * step, high * step, high),
            ("C", c, 1, 1),
            ("Z", z, 1, 1),
            ("T", t, 1, 1),
            ("S", scene, 1, 1),
        ]
        if not level:  # the pyramid's tiles are of no mosaic
            dimensions.append(("M", number, 1, 1))
        head = b"DV", kind, 0, 0, PACKED[packed], 2 if level else 0, len(dimensions)
        entry = struct.pack("<2siqiiB5xi", *head)
        for name, start, size, stored in dimensions:
            entry += struct.pack("<4siifi", name.encode(), start, size, 0.0, stored)
        yield entry, _packed(np.ascontiguousarray(cut), packed)


def _packed(tile: Samples, how: str) -> bytes:
    """Bytes of a tile, whose colours are BGR already."""
    import imagecodecs

    if not how:
        return tile.tobytes()
    if how == "jpegxr":
        if tile.ndim == 2:
            return bytes(imagecodecs.jpegxr_encode(tile))
        found = bytes(imagecodecs.jpegxr_encode(np.ascontiguousarray(tile[..., ::-1])))
        return found.replace(_JXR_RGB, _JXR_RGB[:-1] + _JXR_BGR, 1)
    data, head = tile.tobytes(), {"zstd0": b"", "zstd1": b"\x01"}.get(how, b"\x03\x01\x01")
    if how == "zstd1-bytes-apart":
        data = data[::2] + data[1::2]
    return head + bytes(imagecodecs.zstd_encode(data))


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


def _xml(
    planes: dict[tuple[int, int, int], Samples], mpp: float, names: tuple[str, ...], scenes: int
) -> str:
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
        f"<SizeZ>{z}</SizeZ><SizeT>{t}</SizeT><SizeS>{scenes}</SizeS><PixelType>{kind}</PixelType>"
        f"<Dimensions><Channels>{channels}</Channels></Dimensions></Image></Information>"
        f"<Scaling><Items>{distances}</Items></Scaling></Metadata></ImageDocument>"
    )

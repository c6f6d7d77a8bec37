"""OME-Zarr (OME-NGFF 0.4): multi-resolution arrays as plain folders of zlib-compressed chunks.

Zarr's version 2, which every reader of OME-Zarr takes; written chunk by chunk, so memory does not
grow with the image, and without the zarr package.
"""

from __future__ import annotations

import json
import zlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

Pixels = npt.NDArray[Any]
RGB = tuple[int, int, int]

ReadLevel = Callable[[int, int, int, int, int], Pixels]
"""x, y, width, height, level → ``(height, width, channels)`` of that level's px."""

#: px along a chunk's sides; a channel is a chunk of its own.
CHUNK = 512

_LEVEL_OF_ZLIB = 4


def write_image(
    folder: Path,
    read: ReadLevel,
    sizes: Sequence[tuple[int, int]],
    spacing_um: float,
    channels: Sequence[tuple[str, RGB]],
    name: str,
) -> None:
    """An image of uint8 with named and coloured channels (axes c, y, x).

    Args:
        folder: of the group; made here.
        read: gives the pixels; level k is halved k times.
        sizes: (width, height) of every level, finest first.
        channels: name and colour of each.
    """
    scales = [[1.0, spacing_um * 2**k, spacing_um * 2**k] for k in range(len(sizes))]
    shown = [
        {
            "label": label,
            "color": "{:02X}{:02X}{:02X}".format(*color),
            "active": True,
            "window": {"min": 0, "max": 255, "start": 0, "end": 255},
        }
        for label, color in channels
    ]
    axes = [{"name": "c", "type": "channel"}, *_SPACE]
    attributes = {
        "multiscales": [_multiscale(name, axes, scales, "mean")],
        "omero": {"channels": shown, "rdefs": {"model": "color"}},
    }
    _group(folder, attributes)
    for level, (width, height) in enumerate(sizes):
        _array(folder / str(level), (len(channels), height, width))
        for x, y, w, h in _windows(width, height):
            pixels = read(x, y, w, h, level)
            for channel in range(len(channels)):
                chunk = (channel, y // CHUNK, x // CHUNK)
                _chunk(folder / str(level), chunk, pixels[..., channel])


def write_labels(
    image: Path,
    name: str,
    read: ReadLevel,
    sizes: Sequence[tuple[int, int]],
    spacing_um: float,
    classes: Sequence[tuple[str, RGB]],
) -> None:
    """A label image of an image that `write_image` wrote: 1… are the classes, 0 is nothing.

    Args:
        image: the image's folder.
        name: of the label image.
        read, sizes, spacing_um: as of `write_image`, one channel.
    """
    scales = [[spacing_um * 2**k] * 2 for k in range(len(sizes))]
    numbered = list(enumerate(classes, start=1))
    attributes = {
        "multiscales": [_multiscale(name, list(_SPACE), scales, "nearest")],
        "image-label": {
            "version": "0.4",
            "colors": [{"label-value": n, "rgba": [*color, 255]} for n, (_, color) in numbered],
            "properties": [{"label-value": n, "class": label} for n, (label, _) in numbered],
            "source": {"image": "../../"},
        },
    }
    _group(image / "labels", {"labels": [name]})
    _group(image / "labels" / name, attributes)
    for level, (width, height) in enumerate(sizes):
        array = image / "labels" / name / str(level)
        _array(array, (height, width))
        for x, y, w, h in _windows(width, height):
            pixels = read(x, y, w, h, level)
            _chunk(array, (y // CHUNK, x // CHUNK), pixels.reshape(h, w))


_SPACE: tuple[Mapping[str, str], ...] = (
    {"name": "y", "type": "space", "unit": "micrometer"},
    {"name": "x", "type": "space", "unit": "micrometer"},
)


def _multiscale(
    name: str, axes: Sequence[Mapping[str, str]], scales: Sequence[list[float]], kind: str
) -> dict[str, Any]:
    """Halved pixels lie between those that they are of, so coarser levels begin further in."""
    datasets = []
    for level, scale in enumerate(scales):
        finest = scales[0]
        shift = [(s - f) / 2 for s, f in zip(scale, finest, strict=True)]
        transformations: list[dict[str, Any]] = [{"type": "scale", "scale": scale}]
        if any(shift):
            transformations.append({"type": "translation", "translation": shift})
        datasets.append({"path": str(level), "coordinateTransformations": transformations})
    return {"version": "0.4", "name": name, "axes": axes, "datasets": datasets, "type": kind}


def _windows(width: int, height: int) -> Iterator[tuple[int, int, int, int]]:
    """x, y, width, height of every chunk, row by row."""
    for y in range(0, height, CHUNK):
        for x in range(0, width, CHUNK):
            yield x, y, min(CHUNK, width - x), min(CHUNK, height - y)


def _group(folder: Path, attributes: Mapping[str, Any]) -> None:
    folder.mkdir(parents=True)
    _json(folder / ".zgroup", {"zarr_format": 2})
    _json(folder / ".zattrs", attributes)


def _array(folder: Path, shape: Sequence[int]) -> None:
    folder.mkdir()
    _json(
        folder / ".zarray",
        {
            "zarr_format": 2,
            "shape": list(shape),
            "chunks": [*[1] * (len(shape) - 2), CHUNK, CHUNK],
            "dtype": "|u1",
            "compressor": {"id": "zlib", "level": _LEVEL_OF_ZLIB},
            "fill_value": 0,
            "order": "C",
            "filters": None,
            "dimension_separator": "/",
        },
    )


def _chunk(array: Path, index: Sequence[int], pixels: Pixels) -> None:
    """Write a chunk, whole also at the rim; one of zeros alone is what is not there."""
    if not pixels.any():
        return
    full = np.zeros((CHUNK, CHUNK), np.uint8)
    full[: pixels.shape[0], : pixels.shape[1]] = pixels
    path = array.joinpath(*map(str, index))
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(zlib.compress(full.tobytes(), _LEVEL_OF_ZLIB))


def _json(path: Path, values: Mapping[str, Any]) -> None:
    path.write_text(json.dumps(values, indent=1, ensure_ascii=False), encoding="utf-8")

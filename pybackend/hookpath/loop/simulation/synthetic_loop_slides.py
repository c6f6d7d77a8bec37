"""Small synthetic slides for simulating the loop: three tissue classes, and stains that differ.

Most slides have the common stain; a model that has not seen the two rare ones fails on them, so
that choosing slides well pays.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from pathlib import Path

import numpy as np
import numpy.typing as npt

from hookpath.annotations import ClassTable, PathClass, vectorize, write_geojson
from hookpath.atomic_files import make_folder, replace_file

CLASSES = ClassTable(
    (
        PathClass("Tumor", (200, 30, 40)),
        PathClass("Stroma", (60, 160, 70)),
        PathClass("Fat", (235, 200, 60)),
    )
)
SPACING_UM = 1.0

#: By stain and class: mean colour. All classes have the same noise, so colour and stain decide.
_COLOURS = np.array(
    [
        [(120, 60, 140), (215, 150, 185), (205, 195, 200)],
        [(70, 120, 150), (120, 175, 200), (175, 205, 190)],
        [(125, 80, 45), (170, 125, 80), (205, 175, 125)],
    ],
    np.float32,
)
_NOISE = 22.0
#: Share of slides with each stain.
STAINS = (0.7, 0.15, 0.15)


def synthesize(
    rng: np.random.Generator, stain: int, size: int
) -> tuple[npt.NDArray[np.uint8], ...]:
    """``(size, size, 3)`` uint8 picture and ``(size, size)`` uint8 labels of `CLASSES`."""
    from scipy import ndimage

    fields = np.stack([ndimage.gaussian_filter(rng.normal(size=(size, size)), 24) for _ in CLASSES])
    labels = fields.argmax(axis=0)
    picture = _COLOURS[stain][labels]
    # Some slides are a little paler or darker, as in any laboratory.
    picture = picture * rng.uniform(0.93, 1.05) + rng.normal(0, _NOISE, picture.shape)
    return picture.clip(15, 250).astype(np.uint8), (labels + 1).astype(np.uint8)


def stains_of(count: int) -> list[int]:
    """Stain of each of `count` slides: shares as in `STAINS`, every stain at least once."""
    rare = [max(1, round(count * share)) for share in STAINS[1:]]
    return [0] * (count - sum(rare)) + [i + 1 for i, n in enumerate(rare) for _ in range(n)]


def write_slides(
    folder: Path, truth: Path, stains: Sequence[int], seed: Sequence[int], size: int
) -> None:
    """``000.tif``… in `folder` and all that is on them as GeoJSON in `truth`.

    `size`: side in px, a multiple of 4.

    Slides that are there are kept.
    """
    for place in (folder, truth):
        make_folder(place)
    for number, stain in enumerate(stains):
        path = folder / f"{number:03d}.tif"
        if path.is_file():
            continue
        picture, labels = synthesize(np.random.default_rng([*seed, number]), stain, size)
        write_geojson(truth / f"{number:03d}.geojson", vectorize(labels, CLASSES, 1.0))
        replace_file(path, partial(_write_tiff, rgb=picture))


def _write_tiff(path: Path, rgb: npt.NDArray[np.uint8]) -> None:
    """A tiled pyramid of three levels with µm/px."""
    import tifffile

    with tifffile.TiffWriter(path) as tiff:
        for level in range(3):
            resolution = (1e4 / (SPACING_UM * 2**level),) * 2
            tiff.write(
                rgb,
                subfiletype=1 if level else 0,
                tile=(256, 256),
                photometric="rgb",
                compression="zlib",
                resolution=resolution,
                resolutionunit="CENTIMETER",
                metadata=None,
            )
            pairs = rgb.reshape(rgb.shape[0] // 2, 2, rgb.shape[1] // 2, 2, 3)
            rgb = pairs.mean(axis=(1, 3)).round().astype(np.uint8)

"""Slides on which the outline of a tumour is smooth, and what it is made of is not.

Inside the tumour most pieces of tissue look like tumour, but many look like any other tissue; some
outside look like tumour. So a patch alone cannot tell (its map is fragmented), while the tumour's
border, a smooth curve, can be seen by whoever looks at the whole map. The mean colours differ less
than the staining does over a slide; a coarse picture alone shows the tumour by its grain only.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from hookpath.annotations import vectorize
from hookpath.annotations.classes import ClassTable
from hookpath.annotations.objects import PathClass, PathObject
from hookpath.demo.context_slides import (
    Image,
    Mask,
    nest_texture,
    rows_of,
    shifted,
    stroma_texture,
    tissue_outline,
)
from hookpath.demo.slide_folder import Stored, store_slides
from hookpath.events import SILENT, Reporter
from hookpath.projects import FolderProject

CLASSES = ClassTable((PathClass("Tumour", (190, 20, 60)), PathClass("Other", (60, 150, 110))))
TUMOUR, OTHER = 1, 2

SPACING_UM = 1.0
"""µm/px of the slides."""

GRADE_KEY = "grade"
GRADES = {"1": 0.8, "2": 0.7, "3": 0.6}
"""Image metadata: the share of a tumour's pieces that look like tumour."""

_MIMICRY = 0.12
"""Share of the other tissue's pieces that look like tumour."""

_PIECE_UM = 90.0
_TINT = 3.0
_STAINING = 7.0
_COARSE = 4
_STRIP_PX = 128
_GLASS = np.float32(243)


@dataclass(frozen=True)
class BlobSlide:
    """`rgb` ``(H, W, 3)`` and `truth` ``(H, W)`` uint8 labels of `CLASSES` (0: glass)."""

    rgb: Image
    truth: Image


def make_blob_slides(
    out: Path,
    counts: Mapping[str, int],
    size: int = 2048,
    seed: int = 0,
    reporter: Reporter = SILENT,
) -> FolderProject:
    """Make and store slides with their outlines; those that are there already are kept.

    Everything is annotated on training and validation slides, nothing on test slides; the truth of
    all is in ``truth/``. The grades take turns and are in the images' metadata.

    Args:
        out: gets ``slides/`` and ``truth/``.
        counts: ``train``, ``val``, ``test`` → number of slides.
        size: side of the slides in px of `SPACING_UM`.

    Raises:
        OutputError: the folder cannot be written to.
    """

    def make(rng: np.random.Generator, number: int) -> Stored:
        grade = sorted(GRADES)[number % len(GRADES)]
        made = synthesize_blobs(rng, size, GRADES[grade])
        found = vectorize(made.truth, CLASSES, 1.0)
        annotated = sorted(
            found, key=_label
        )  # the first class annotated is the first in the project
        return Stored(made.rgb, annotated, annotated, SPACING_UM, {GRADE_KEY: grade})

    return store_slides(out, counts, seed, reporter, make)


def _label(annotated: PathObject) -> int:
    return CLASSES.names.index(annotated.path_class.name) if annotated.path_class else 0


def synthesize_blobs(rng: np.random.Generator, size: int, share: float) -> BlobSlide:
    """One slide.

    Args:
        size: its side in px.
        share: of the tumour's pieces that look like tumour.
    """
    tissue = tissue_outline(rng, size)
    tumour = _tumour(rng, size)
    appearance = _appearance(rng, tumour, share)
    truth = np.where(tumour, TUMOUR, OTHER).astype(np.uint8)
    truth[~tissue] = 0
    return BlobSlide(_coloured(rng, tumour, appearance, tissue), truth)


def _tumour(rng: np.random.Generator, size: int) -> Mask:
    """One or two blobs with wavy outlines."""
    y, x = np.mgrid[:size, :size].astype(np.float32) / size
    inside = np.zeros((size, size), bool)
    for radius in ((0.27,), (0.2, 0.16))[int(rng.integers(2))]:
        centre = rng.uniform(0.34, 0.66, 2) if not inside.any() else rng.uniform(0.2, 0.8, 2)
        dx, dy = x - np.float32(centre[0]), y - np.float32(centre[1])
        angle = np.arctan2(dy, dx)
        outline = np.ones_like(angle)
        for waves in range(2, 6):
            outline += rng.uniform(0.02, 0.3 / waves) * np.cos(waves * angle + rng.uniform(0, 6))
        inside |= np.hypot(dx, dy) < radius * outline
    return inside


def _appearance(rng: np.random.Generator, tumour: Mask, share: float) -> Mask:
    """Which px look like tumour: piece by piece, more of them inside than outside."""
    size = tumour.shape[0]
    pieces = _pieces(rng, size)
    chance = rng.uniform(size=int(pieces.max()) + 1)
    inside: Mask = chance[pieces] < share
    outside: Mask = chance[pieces] < _MIMICRY
    return np.where(tumour, inside, outside)


def _pieces(rng: np.random.Generator, size: int) -> npt.NDArray[np.intp]:
    """``(size, size)`` number of the piece that a px belongs to: the nearest of jittered seeds."""
    from scipy.spatial import KDTree

    pitch = _PIECE_UM / SPACING_UM
    grid = np.arange(-pitch, size + pitch, pitch)
    seeds = np.stack(np.meshgrid(grid, grid), -1).reshape(-1, 2)
    seeds += rng.uniform(-0.45, 0.45, seeds.shape) * pitch
    side = -(-size // _COARSE)
    at = (np.stack(np.meshgrid(np.arange(side), np.arange(side)), -1) + 0.5) * _COARSE
    nearest = np.asarray(KDTree(seeds).query(at.reshape(-1, 2))[1]).reshape(side, side)
    return nearest.repeat(_COARSE, 0).repeat(_COARSE, 1)[:size, :size]


def _coloured(rng: np.random.Generator, tumour: Mask, appearance: Mask, tissue: Mask) -> Image:
    nest, stroma = (shifted(texture, rng) for texture in (nest_texture(rng), stroma_texture(rng)))
    tint = rng.normal(0, 4, 3).astype(np.float32)
    staining = _staining(rng, tumour.shape[0])
    rgb = np.empty((*tumour.shape, 3), np.uint8)
    for top in range(0, tumour.shape[0], _STRIP_PX):
        rows = np.s_[top : top + _STRIP_PX]
        here = appearance[rows]
        strip = np.where(here[..., None], rows_of(nest, top, here), rows_of(stroma, top, here))
        strip += (staining[rows] - _TINT * tumour[rows])[..., None] + tint
        strip += rng.normal(0, 5, here.shape).astype(np.float32)[..., None]
        np.copyto(strip, _GLASS, where=~tissue[rows][..., None])
        rgb[rows] = np.clip(strip, 0, 255, out=strip)
    return rgb


def _staining(rng: np.random.Generator, size: int) -> npt.NDArray[np.float32]:
    """Slow changes over the slide that have nothing to do with what is there."""
    from scipy.ndimage import zoom

    coarse = rng.normal(0, _STAINING, (6, 6))
    return np.asarray(zoom(coarse, size / 6, order=3)[:size, :size], np.float32)

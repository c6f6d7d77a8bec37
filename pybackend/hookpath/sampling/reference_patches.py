"""The same few patches of a slide's tissue, whoever asks: what a slide looks like."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from weakref import WeakKeyDictionary

import numpy as np
import numpy.typing as npt

from hookpath.geometry import BranchSpec
from hookpath.sampling.annotated_slide import SlideFacts
from hookpath.sampling.patch_alignment import common_snap, image_regions
from hookpath.slides import Slide, TissueMask, tissue_mask
from hookpath.slides.slide_wrapper import own_slide

_MASKS: WeakKeyDictionary[Slide, TissueMask] = WeakKeyDictionary()

Centres = npt.NDArray[np.float64]
"""``(P, 2)`` x and y in level-0 px."""


def tissue_centres(
    slide: Slide, branches: Sequence[BranchSpec], most: int, seed: int = 0
) -> Centres:
    """Points of tissue, spread evenly with a random shift; where training patches may lie.

    None where there is no tissue.

    Raises:
        SlideError: the slide is damaged.
        MissingSpacingError: µm/px is unknown.
    """
    found = _mask_of(slide)
    points = np.array(list(spread(found.mask, most, seed)), np.float64).reshape(-1, 2)
    centres: Centres = (points + 0.5) * np.array(found.downsample)
    snap = common_snap(SlideFacts.of(slide), branches)
    if snap is None or not len(points):
        return centres
    return np.array([snap(float(x), float(y)) for x, y in centres])


def _mask_of(slide: Slide) -> TissueMask:
    """Found once for an open slide: it is asked for its stain, its statistics and its features.

    In its own colours and channels, whatever is shown of it.
    """
    slide = own_slide(slide)
    if slide not in _MASKS:
        _MASKS[slide] = tissue_mask(slide)
    return _MASKS[slide]


def spread(mask: npt.NDArray[np.bool_], most: int, seed: int) -> Iterator[tuple[int, int]]:
    """Column and row of at most `most` tissue px on a square lattice (finer until they suffice)."""
    rng = np.random.default_rng(seed)
    rows, columns = np.nonzero(mask)
    step = max(1, math.ceil(math.sqrt(len(rows) / most))) if len(rows) else 1
    shift_y, shift_x = rng.integers(0, step, 2)
    on = (rows % step == shift_y) & (columns % step == shift_x)
    picked = np.flatnonzero(on) if on.any() else np.arange(len(rows))
    if len(picked) > most:
        picked = np.sort(rng.permutation(picked)[:most])
    for i in picked:
        yield int(columns[i]), int(rows[i])


def read_patches(
    slide: Slide, branches: Sequence[BranchSpec], centres: Centres
) -> list[npt.NDArray[np.uint8]]:
    """Per branch ``(P, M, M, C)`` uint8."""
    facts = SlideFacts.of(slide)
    regions = [image_regions(facts, branches, (float(x), float(y))) for x, y in centres]
    return [
        np.stack([slide.read(of_patch[branch]) for of_patch in regions])
        for branch in range(len(branches))
    ]


def patches_of_tissue(
    slide: Slide, branches: Sequence[BranchSpec], most: int, at_once: int = 8, seed: int = 0
) -> Iterator[list[npt.NDArray[np.uint8]]]:
    """Batches of `read_patches` at `tissue_centres`, all of nearly the same size."""
    centres = tissue_centres(slide, branches, most, seed)
    if not len(centres):
        return
    for some in np.array_split(centres, max(1, len(centres) // at_once)):
        yield read_patches(slide, branches, some)

"""Classes that are annotated where prediction finds no tissue."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from hookpath.annotations import ClassTable, is_of_interest
from hookpath.errors import HookpathError
from hookpath.geometry import Region
from hookpath.sampling import AnnotatedSlide
from hookpath.slides import TISSUE_GROWTH_UM, TissueMask, tissue_mask

#: µm/px that is looked at; coarse, since it is shares that matter.
_SPACING_UM = 16.0
#: Px of tissue masks in all, so that a hundred large slides do not take minutes.
_MOST_PIXELS = 2e7
#: A smaller share of a class on glass is an edge drawn generously.
_MUCH = 0.2


def shares_on_glass(slides: Sequence[AnnotatedSlide], classes: ClassTable) -> dict[str, float]:
    """Classes with much of their annotated area on glass, and how much (0…1).

    The smallest slides are looked at, as many as take little time. Classes whose name ends in
    ``*`` make no objects, so nothing is missed where they are not predicted.
    """
    annotated, bare = np.zeros(len(classes) + 1), np.zeros(len(classes) + 1)
    looked = 0.0
    for source in sorted(slides, key=_pixels):
        looked += _pixels(source)
        if annotated.any() and looked > _MOST_PIXELS:
            break
        try:
            on_slide, on_glass = _areas(source, len(classes))
        except HookpathError:
            continue  # the code that reads it next says so
        annotated, bare = annotated + on_slide, bare + on_glass
    shares = bare[1:] / np.maximum(annotated[1:], 1e-9)
    return {
        name: float(share)
        for name, share in zip(classes.names, shares, strict=True)
        if share > _MUCH and is_of_interest(name)
    }


def _pixels(source: AnnotatedSlide) -> float:
    """Of its mask."""
    facts = source.read_facts()
    dx, dy = facts.calibration.downsample(_SPACING_UM)
    return facts.size_l0[0] / dx * facts.size_l0[1] / dy


def _areas(source: AnnotatedSlide, classes: int) -> tuple[np.ndarray, np.ndarray]:
    """µm² by label, of all that is annotated and of what lies on glass."""
    with source.slide.open() as slide:
        found = tissue_mask(slide, _SPACING_UM)
        calibration = slide.calibration
    dx, dy = found.downsample
    rows, columns = found.mask.shape
    labels = source.labels.rasterize(Region(0, 0, columns, rows, dx, dy))
    covered = _grown(found, TISSUE_GROWTH_UM / calibration.mpp)
    area = calibration.area_um2(dx * dy)
    return tuple(
        area * np.bincount(values, minlength=classes + 1)[: classes + 1]
        for values in (labels.ravel(), labels[~covered])
    )  # type: ignore[return-value]


def _grown(found: TissueMask, by_l0: float) -> np.ndarray:
    """The mask with a margin, as prediction takes it."""
    from scipy import ndimage

    dx, dy = found.downsample
    size = 2 * math.ceil(by_l0 / dy) + 1, 2 * math.ceil(by_l0 / dx) + 1
    return np.asarray(ndimage.maximum_filter(found.mask, size), bool)

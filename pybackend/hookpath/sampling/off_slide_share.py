"""How much of what each branch sees lies off the slides, where there is nothing but padding."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from hookpath.geometry import BranchSpec, Region
from hookpath.sampling.annotated_slide import AnnotatedSlide, SlideFacts
from hookpath.sampling.loading.read_plan import facts_of_all
from hookpath.sampling.patch_alignment import image_regions
from hookpath.sampling.validation_patches import regions_of


def shares_off_slide(
    sources: Sequence[AnnotatedSlide], branches: Sequence[BranchSpec], patches: int, seed: int
) -> list[float]:
    """Per branch: the mean share (0…1) of its patches' pixels that no slide covers.

    Args:
        patches: how many to look at: they cover what is annotated, classes and slides in turns.
        seed: which ones, where there are more.

    Raises:
        TrainingError: no slide can be opened.
    """
    facts = facts_of_all(sources)
    shares = []
    for draw in regions_of(sources, facts, branches, patches, seed):
        known = facts[draw.slide_index]
        assert known is not None, "only slides that opened are drawn from"
        regions = image_regions(known, branches, (draw.x_l0, draw.y_l0))
        shares.append([_off(region, known) for region in regions])
    return [float(s) for s in np.mean(shares, axis=0)] if shares else [0.0] * len(branches)


def _off(region: Region, facts: SlideFacts) -> float:
    """Share of a region's area beyond the slide's edges."""
    x0, y0, x1, y1 = region.bounds_l0
    width, height = facts.size_l0
    across = max(0.0, min(x1, width) - max(x0, 0.0))
    along = max(0.0, min(y1, height) - max(y0, 0.0))
    return 1 - across * along / ((x1 - x0) * (y1 - y0))

"""Patches of tissue anywhere on a slide, at any µm/px."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from hookpath.errors import SlideError
from hookpath.geometry import BranchSpec, Region
from hookpath.sampling.annotated_slide import SlideFacts
from hookpath.sampling.patch_alignment import branch_snap, image_regions
from hookpath.slides import Slide, TissueMask, tissue_mask

#: µm per px of the tissue mask, about 1 MB for a large section: many masks are held at once.
_MASK_UM = 16.0

#: Share of a patch that should be tissue (Marini et al. 2021, section 6.1.2.1).
_TISSUE = 0.7
_TRIES = 16

#: A slide may be this much coarser than what is asked of it: "40×" is 0.23…0.28 µm/px.
_COARSER = 1.15


@dataclass(frozen=True)
class TissueGround:
    """Where on a slide patches may lie."""

    facts: SlideFacts
    tissue: TissueMask

    def offers(self, spacing_um: float, size: int) -> bool:
        """Whether the slide is fine enough, and as large as a patch."""
        calibration = self.facts.calibration
        fine = max(calibration.mpp_x, calibration.mpp_y) <= spacing_um * _COARSER
        room = zip(self.facts.size_l0, calibration.downsample(spacing_um), strict=True)
        return fine and all(size * d <= side for side, d in room)

    def draw(self, spacing_um: float, size: int, rng: np.random.Generator) -> tuple[float, float]:
        """Centre (level-0 px) of a patch that lies on the slide and is mostly tissue.

        The one with the most tissue of 16 where none has 70 %.
        """
        best, most = (0.0, 0.0), -1.0
        for _ in range(_TRIES):
            centre = self._anywhere(spacing_um, size, rng)
            region = patch_region(self.facts, spacing_um, size, centre)
            share = self.tissue.fraction(region.bounds_l0)
            if share > most:
                best, most = centre, share
            if share >= _TISSUE:
                break
        return best

    def _anywhere(
        self, spacing_um: float, size: int, rng: np.random.Generator
    ) -> tuple[float, float]:
        """About a uniform point of tissue, moved onto the slide, and onto the level's px grid."""
        row, column = self._tissue_px(rng)
        point = (np.array([column, row]) + rng.random(2)) * self.tissue.downsample
        half = np.array(self.facts.calibration.downsample(spacing_um)) * size / 2
        x_l0, y_l0 = np.clip(point, half, np.maximum(half, self.facts.size_l0 - half))
        snap = branch_snap(self.facts, BranchSpec(spacing_um, size, size))
        return snap(float(x_l0), float(y_l0))

    def _tissue_px(self, rng: np.random.Generator) -> tuple[int, int]:
        """(row, column) of a random tissue px: by rejection, so that no list of them is held."""
        mask = self.tissue.mask
        for _ in range(64):
            tried = rng.integers(mask.size, size=64)
            hit = np.flatnonzero(mask.flat[tried])
            if hit.size:
                break
        else:
            tried = np.flatnonzero(mask)
            hit = rng.integers(tried.size, size=1)
        row, column = divmod(int(tried[hit[0]]), mask.shape[1])
        return row, column


def ground_of(slide: Slide) -> TissueGround:
    """Find the tissue of an open slide.

    Raises:
        MissingSpacingError: µm/px is unknown.
        SlideError: the slide is damaged, or holds no tissue.
    """
    tissue = tissue_mask(slide, _MASK_UM)
    if not tissue.mask.any():
        raise SlideError(f"{slide.path}: no tissue found")
    return TissueGround(SlideFacts.of(slide), tissue)


def patch_region(
    facts: SlideFacts, spacing_um: float, size: int, centre_l0: tuple[float, float]
) -> Region:
    """The region of a square patch of `size` px about a centre."""
    (region,) = image_regions(facts, [BranchSpec(spacing_um, size, size)], centre_l0)
    return region

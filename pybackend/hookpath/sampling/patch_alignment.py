"""Where the concentric regions of a patch lie, and which centres let them be read unresampled."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from hookpath.geometry import BranchSpec, Region
from hookpath.sampling.annotated_slide import SlideFacts
from hookpath.slides.region_at_spacing import best_level

#: How far from a whole multiple two lattices may be and still count as one (level px); well below
#: what the resampler itself rounds away.
_SAME = 1e-6


def image_regions(
    facts: SlideFacts, branches: Sequence[BranchSpec], centre_l0: tuple[float, float]
) -> list[Region]:
    """The input region of every branch, all with exactly this centre."""
    return [_centred(facts, b.spacing_um, b.input_size, centre_l0) for b in branches]


def label_regions(
    facts: SlideFacts, branches: Sequence[BranchSpec], centre_l0: tuple[float, float]
) -> list[Region]:
    """The output (label) region of every branch, all with exactly this centre."""
    return [_centred(facts, b.spacing_um, b.output_size, centre_l0) for b in branches]


def _centred(
    facts: SlideFacts, spacing_um: float, size: int, centre_l0: tuple[float, float]
) -> Region:
    return Region.centred(*centre_l0, size, size, facts.calibration.downsample(spacing_um))


@dataclass(frozen=True)
class Snap:
    """A lattice of centres, per axis ``offset + k·step`` level-0 px, whose regions are aligned."""

    step_x_l0: float
    step_y_l0: float
    offset_x_l0: float
    offset_y_l0: float

    def __call__(self, x_l0: float, y_l0: float) -> tuple[float, float]:
        """The nearest centre on the lattice."""
        return (
            _nearest(x_l0, self.step_x_l0, self.offset_x_l0),
            _nearest(y_l0, self.step_y_l0, self.offset_y_l0),
        )


def _nearest(value: float, step: float, offset: float) -> float:
    return offset + round((value - offset) / step) * step


def branch_snap(facts: SlideFacts, branch: BranchSpec) -> Snap:
    """Centres for which the branch's region starts on the pixel grid of the level it is read from.

    Where that level has exactly the branch's spacing nothing is resampled at all.
    """
    downsample = facts.calibration.downsample(branch.spacing_um)
    level = facts.levels[best_level(facts.levels, *downsample)]
    half_x, half_y = (branch.input_size * d / 2 for d in downsample)
    return Snap(
        level.downsample_x,
        level.downsample_y,
        (level.origin_x_l0 + half_x) % level.downsample_x,
        (level.origin_y_l0 + half_y) % level.downsample_y,
    )


def common_snap(facts: SlideFacts, branches: Sequence[BranchSpec]) -> Snap | None:
    """Centres for which *every* branch is aligned; None where no such lattice exists.

    That is the coarsest branch's lattice, if it lies wholly on those of the others.
    """
    snaps = sorted((branch_snap(facts, b) for b in branches), key=lambda s: s.step_x_l0)
    coarsest = snaps[-1]
    return coarsest if all(_contains(s, coarsest) for s in snaps[:-1]) else None


def _contains(fine: Snap, coarse: Snap) -> bool:
    return all(
        _is_multiple(value, step)
        for value, step in (
            (coarse.step_x_l0, fine.step_x_l0),
            (coarse.step_y_l0, fine.step_y_l0),
            (coarse.offset_x_l0 - fine.offset_x_l0, fine.step_x_l0),
            (coarse.offset_y_l0 - fine.offset_y_l0, fine.step_y_l0),
        )
    )


def _is_multiple(value: float, step: float) -> bool:
    return math.isclose(value / step, round(value / step), rel_tol=0, abs_tol=_SAME)

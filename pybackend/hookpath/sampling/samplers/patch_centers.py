"""A patch in a polygon: a point, moved to where the slide is read well."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import shapely

from hookpath.geometry import BranchSpec
from hookpath.sampling.annotated_slide import AnnotatedSlide, SlideFacts
from hookpath.sampling.patch_alignment import Snap, branch_snap, common_snap, label_regions
from hookpath.sampling.samplers.sampler_protocol import Accepts, Draw
from hookpath.sampling.samplers.visible_polygons import VisiblePart

_POINTS_AT_ONCE = 64
_ROUNDS = 64
_TRIES = 32


class Drawing:
    """Draws patches from given parts of polygons.

    Args:
        sources: the slides; `facts` belong to them, None for one that cannot be opened.
        branches: fix the lattice on which centres fall.
        accepts: what a window must hold to be a patch of the class; None: anything. A part in
            which 32 points in a row lead to no such window gives the last of them.
    """

    def __init__(
        self,
        sources: Sequence[AnnotatedSlide],
        facts: Sequence[SlideFacts | None],
        branches: Sequence[BranchSpec],
        accepts: Accepts | None = None,
    ) -> None:
        self._sources = tuple(sources)
        self._facts = tuple(facts)
        self._branches = tuple(branches)
        self._accepts = accepts
        self._snaps: dict[int, tuple[Snap | None, Snap]] = {}

    def draw(self, part: VisiblePart, rng: np.random.Generator) -> Draw:
        """A patch about a point that is uniform in the part (among those that are accepted)."""
        draw = self._anywhere(part, rng)
        for _ in range(_TRIES - 1):
            if self._accepted(draw):
                break
            draw = self._anywhere(part, rng)
        return draw

    def _anywhere(self, part: VisiblePart, rng: np.random.Generator) -> Draw:
        centre = self._centre(part, *point_in(part, rng))
        facts = self._facts_of(part.slide_index)
        (window,) = label_regions(facts, self._branches[:1], centre)
        uniform = bool(shapely.covers(part.polygon, shapely.box(*window.bounds_l0)))
        return Draw(part.slide_index, *centre, part.label, uniform)

    def _accepted(self, draw: Draw) -> bool:
        if self._accepts is None or draw.uniform:
            return True
        facts = self._facts_of(draw.slide_index)
        (window,) = label_regions(facts, self._branches[:1], (draw.x_l0, draw.y_l0))
        return self._accepts(self._sources[draw.slide_index].labels.rasterize(window), draw.label)

    def _facts_of(self, slide_index: int) -> SlideFacts:
        facts = self._facts[slide_index]
        assert facts is not None, "parts come only from slides with facts"
        return facts

    def _centre(self, part: VisiblePart, x_l0: float, y_l0: float) -> tuple[float, float]:
        """The point moved onto a lattice, staying in the polygon.

        First choice: all branches on the pixel grids of their levels (steps of the coarsest,
        e.g. 8 µm); in a narrower polygon only the target is (steps of half a micron).
        """
        common, target = self._snaps_of(part.slide_index)
        if common is not None and shapely.contains_xy(part.polygon, *common(x_l0, y_l0)):
            return common(x_l0, y_l0)
        return target(x_l0, y_l0)

    def _snaps_of(self, slide_index: int) -> tuple[Snap | None, Snap]:
        if slide_index not in self._snaps:
            facts = self._facts_of(slide_index)
            self._snaps[slide_index] = (
                common_snap(facts, self._branches),
                branch_snap(facts, self._branches[0]),
            )
        return self._snaps[slide_index]


def point_in(part: VisiblePart, rng: np.random.Generator) -> tuple[float, float]:
    """A uniform random point (x, y) in level-0 px inside the part, by rejection.

    In a shape that fills less than about a thousandth of its bounding box: a fixed inner point.
    """
    shapely.prepare(part.polygon)
    x0, y0, x1, y1 = part.polygon.bounds
    for _ in range(_ROUNDS):
        points = rng.random((_POINTS_AT_ONCE, 2)) * (x1 - x0, y1 - y0) + (x0, y0)
        inside = np.flatnonzero(shapely.contains_xy(part.polygon, points))
        if inside.size:
            return float(points[inside[0], 0]), float(points[inside[0], 1])
    inner = part.polygon.representative_point()
    return float(inner.x), float(inner.y)


def pick(cumulative: npt.NDArray[np.float64], rng: np.random.Generator) -> int:
    """An index, by weights of which the cumulative sums are given."""
    chosen = int(np.searchsorted(cumulative, rng.random() * cumulative[-1], side="right"))
    return min(chosen, len(cumulative) - 1)

"""HookNet's pixel-based sampling (van Rijthoven et al. 2021, section 3.5)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import shapely

from hookpath.annotations import ClassTable
from hookpath.errors import TrainingError
from hookpath.geometry import BranchSpec
from hookpath.sampling.placing import Snap, branch_snap, common_snap, label_regions
from hookpath.sampling.sampler import Counts, Draw
from hookpath.sampling.source import AnnotatedSlide, SlideFacts
from hookpath.sampling.visible import VisiblePart, visible_parts

#: Share of the patches for which every class has the same chance whatever has been seen of it:
#: a class that is mostly seen around others (stroma) is still looked at where it is by itself.
_EVEN = 0.05

_POINTS_AT_ONCE = 64
_ROUNDS = 64


class BalancedSampler:
    """A class is drawn the more the fewer of its pixels have been seen; then a polygon; then a
    point in it.

    The paper wants "every class label equally represented" and leaves the rule open ("a lower
    amount of pixel accumulation have a higher chance"). Here the chance of a class is proportional
    to one batch plus how far it is behind the class seen most, counted in patches full of it. So
    the first batch is even, the distance stays bounded, and shares become equal however few pixels
    of a class its patches hold (chances that go with a power of the counts never get there).

    A polygon's chance goes with the square root of its visible area: by area one big region would
    hide all the small ones, evenly per polygon a stray scribble would be seen as often as a whole
    tumour. The point is uniform in the polygon's visible part.

    Each batch has its own generator, made from seed and step, so the state is a step number, the
    pixel counts and the slides taken out.

    Args:
        sources: the slides; `facts` belong to them, None for one that cannot be opened.
        classes: their labels.
        branches: fixes the lattice on which centres fall (see `_centre`).
        seed: of the whole sequence.
    """

    def __init__(
        self,
        sources: Sequence[AnnotatedSlide],
        facts: Sequence[SlideFacts | None],
        classes: ClassTable,
        branches: Sequence[BranchSpec],
        seed: int,
    ) -> None:
        self._classes = classes
        self._branches = tuple(branches)
        self._facts = tuple(facts)
        self._seed = seed
        self._parts = _parts_by_label(sources, facts, len(classes))
        self._snaps: dict[int, tuple[Snap | None, Snap]] = {}
        self._one_patch = branches[0].output_size ** 2
        self._step = 0
        self._counts = np.zeros(len(classes), dtype=np.int64)
        self._excluded: set[int] = set()
        self._weigh()

    @property
    def pixel_counts(self) -> Counts:
        """Labelled target-output pixels observed so far, per class."""
        return self._counts.copy()

    @property
    def areas_um2(self) -> npt.NDArray[np.float64]:
        """``(C,)`` visible annotated area of each class on the slides still in use."""
        return np.array(
            [sum(p.area_um2 for p in parts if self._in_use(p)) for parts in self._parts]
        )

    def class_chances(self, batch_size: int) -> npt.NDArray[np.float64]:
        """``(C,)`` chance of each class in the next batch; 0 for one that is drawn nowhere.

        Raises:
            TrainingError: no class is left.
        """
        drawable = np.array([c.size > 0 and c[-1] > 0 for c in self._cumulative])
        if not drawable.any():
            raise TrainingError(
                "no annotated area is left to sample from; "
                "check that the slides open and that the polygons lie on them"
            )
        behind = (self._counts[drawable].max() - self._counts) / self._one_patch
        weights = drawable * (batch_size + np.maximum(behind, 0))
        chances = (1 - _EVEN) * weights / weights.sum() + _EVEN * drawable / drawable.sum()
        return np.asarray(chances)

    def draw(self, n: int) -> list[Draw]:
        """The next mini-batch (see `Sampler`)."""
        rng = np.random.default_rng((self._seed, self._step))
        labels = rng.choice(len(self._classes), n, p=self.class_chances(n))
        return [self._draw_one(int(label), rng) for label in labels]

    def observe(self, counts: Counts) -> None:
        """Accumulate what the mini-batch held; ends the step."""
        self._counts += counts
        self._step += 1

    def exclude(self, slide_index: int) -> None:
        """Never draw from this slide again."""
        self._excluded.add(slide_index)
        self._weigh()

    def state_dict(self) -> dict[str, Any]:
        """Step, pixel counts and excluded slides; JSON-ready."""
        return {
            "step": self._step,
            "pixel_counts": self._counts.tolist(),
            "excluded": sorted(self._excluded),
        }

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Go on from a state."""
        self._step = int(state["step"])
        self._counts = np.array(state["pixel_counts"], dtype=np.int64)
        self._excluded = set(state["excluded"])
        self._weigh()

    def _in_use(self, part: VisiblePart) -> bool:
        return part.slide_index not in self._excluded

    def _weigh(self) -> None:
        self._cumulative = [
            np.cumsum([np.sqrt(p.area_um2) if self._in_use(p) else 0.0 for p in parts])
            for parts in self._parts
        ]

    def _draw_one(self, class_index: int, rng: np.random.Generator) -> Draw:
        cumulative = self._cumulative[class_index]
        chosen = np.searchsorted(cumulative, rng.random() * cumulative[-1], side="right")
        part = self._parts[class_index][min(int(chosen), len(cumulative) - 1)]
        centre = self._centre(part, *point_in(part, rng))
        facts = self._facts_of(part)
        (window,) = label_regions(facts, self._branches[:1], centre)
        uniform = bool(shapely.covers(part.polygon, shapely.box(*window.bounds_l0)))
        return Draw(part.slide_index, *centre, part.label, uniform)

    def _facts_of(self, part: VisiblePart) -> SlideFacts:
        facts = self._facts[part.slide_index]
        assert facts is not None, "parts come only from slides with facts"
        return facts

    def _centre(self, part: VisiblePart, x_l0: float, y_l0: float) -> tuple[float, float]:
        """The point moved onto a lattice, staying in the polygon.

        First choice: all branches on the pixel grids of their levels (steps of the coarsest,
        e.g. 8 µm); in a narrower polygon only the target is (steps of half a micron).
        """
        common, target = self._snaps_of(part)
        if common is not None and shapely.contains_xy(part.polygon, *common(x_l0, y_l0)):
            return common(x_l0, y_l0)
        return target(x_l0, y_l0)

    def _snaps_of(self, part: VisiblePart) -> tuple[Snap | None, Snap]:
        index, facts = part.slide_index, self._facts_of(part)
        if index not in self._snaps:
            self._snaps[index] = (
                common_snap(facts, self._branches),
                branch_snap(facts, self._branches[0]),
            )
        return self._snaps[index]


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


def _parts_by_label(
    sources: Sequence[AnnotatedSlide], facts: Sequence[SlideFacts | None], n_classes: int
) -> list[list[VisiblePart]]:
    by_label: list[list[VisiblePart]] = [[] for _ in range(n_classes)]
    for index, (source, known) in enumerate(zip(sources, facts, strict=True)):
        if known is not None:
            for part in visible_parts(index, source, known):
                by_label[part.label - 1].append(part)
    return by_label

"""HookNet's pixel-based sampling (van Rijthoven et al. 2021, section 3.5)."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from hookpath.annotations import ClassTable
from hookpath.errors import TrainingError
from hookpath.geometry import BranchSpec
from hookpath.sampling.annotated_slide import AnnotatedSlide, SlideFacts
from hookpath.sampling.samplers.patch_centers import Drawing, pick
from hookpath.sampling.samplers.sampler_protocol import Accepts, Draw
from hookpath.sampling.samplers.sampler_state import SeededSampler
from hookpath.sampling.samplers.visible_polygons import VisiblePart, visible_parts

#: Share of the patches for which every class has the same chance whatever has been seen of it:
#: a class that is mostly seen around others (stroma) is still looked at where it is alone.
_EVEN = 0.05


class BalancedSampler(SeededSampler):
    """Draws a class the more the fewer of its pixels have been seen.

    Then a polygon, then a point in it.

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
        branches: fixes the lattice on which centres fall (see `Drawing`).
        seed: of the whole sequence.
        accepts: see `Drawing`.
    """

    def __init__(
        self,
        sources: Sequence[AnnotatedSlide],
        facts: Sequence[SlideFacts | None],
        classes: ClassTable,
        branches: Sequence[BranchSpec],
        seed: int,
        accepts: Accepts | None = None,
    ) -> None:
        super().__init__(len(classes), seed)
        self._parts = _parts_by_label(sources, facts, len(classes))
        self._drawing = Drawing(sources, facts, branches, accepts)
        self._one_patch = branches[0].output_size ** 2
        self._changed()

    def class_chances(self, batch_size: int) -> npt.NDArray[np.float64]:
        """``(C,)`` chance of each class in the next batch; 0 for one that is annotated nowhere.

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
        rng = self._generator()
        labels = rng.choice(len(self._parts), n, p=self.class_chances(n))
        return [self._draw_one(int(label), rng) for label in labels]

    def _draw_one(self, class_index: int, rng: np.random.Generator) -> Draw:
        chosen = pick(self._cumulative[class_index], rng)
        return self._drawing.draw(self._parts[class_index][chosen], rng)

    def _in_use(self, part: VisiblePart) -> bool:
        return part.slide_index not in self._excluded

    def _changed(self) -> None:
        self._cumulative = [
            np.cumsum([np.sqrt(p.area_um2) if self._in_use(p) else 0.0 for p in parts])
            for parts in self._parts
        ]


def _parts_by_label(
    sources: Sequence[AnnotatedSlide], facts: Sequence[SlideFacts | None], n_classes: int
) -> list[list[VisiblePart]]:
    by_label: list[list[VisiblePart]] = [[] for _ in range(n_classes)]
    for index, (source, known) in enumerate(zip(sources, facts, strict=True)):
        if known is not None:
            for part in visible_parts(index, source, known):
                by_label[part.label - 1].append(part)
    return by_label

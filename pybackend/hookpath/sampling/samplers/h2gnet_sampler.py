"""H2G-Net's hierarchical sampling (Pedersen et al. 2022, section 2.3)."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from hookpath.annotations import ClassTable
from hookpath.errors import TrainingError
from hookpath.events import SILENT, Reporter
from hookpath.geometry import BranchSpec
from hookpath.sampling.annotated_slide import AnnotatedSlide, SlideFacts
from hookpath.sampling.samplers.patch_centers import Drawing, pick
from hookpath.sampling.samplers.sampler_protocol import Accepts, Draw
from hookpath.sampling.samplers.sampler_state import SeededSampler
from hookpath.sampling.samplers.visible_polygons import VisiblePart, visible_parts

#: Slides named in a warning.
_NAMED = 5

Chances = npt.NDArray[np.float64]


class HierarchicalSampler(SeededSampler):
    """Draws a group, a slide of it, a class annotated there, a patch of the class.

    At each stage all are equally likely.

    The groups are those of image metadata, from the outermost key inwards: with
    ``("hospital", "grade")`` a hospital, a grade that the hospital has, a slide. So a rare grade
    counts as much as a frequent one, a small slide as much as a large one, and a class that covers
    little as much as one that covers all. A patch is a point that is uniform in the class's
    visible area on the slide.

    Args:
        sources: the slides; `facts` belong to them, None for one that cannot be opened.
        classes: their labels.
        branches: fixes the lattice on which centres fall (see `Drawing`).
        seed: of the whole sequence.
        hierarchy: metadata keys (`AnnotatedSlide.metadata`), the outermost first. The slides
            without a key form a group of their own.
        accepts: see `Drawing`.
        reporter: is warned of slides without a key.
    """

    def __init__(
        self,
        sources: Sequence[AnnotatedSlide],
        facts: Sequence[SlideFacts | None],
        classes: ClassTable,
        branches: Sequence[BranchSpec],
        seed: int,
        hierarchy: Sequence[str] = (),
        accepts: Accepts | None = None,
        reporter: Reporter = SILENT,
    ) -> None:
        super().__init__(len(classes), seed)
        self._n_slides = len(sources)
        self._parts = _parts_by_slide(sources, facts)
        self._groups = [tuple(source.metadata.get(key) for key in hierarchy) for source in sources]
        self._drawing = Drawing(sources, facts, branches, accepts)
        self._cumulative = {
            at: np.cumsum([part.area_um2 for part in parts]) for at, parts in self._parts.items()
        }
        _warn_of_missing(sources, hierarchy, reporter)
        self._changed()

    @property
    def slide_chances(self) -> Chances:
        """``(S,)`` chance of each slide; 0 for one that nothing can be drawn from."""
        return self._chances.copy()

    def labels_of(self, slide_index: int) -> list[int]:
        """Labels that are annotated on a slide, all equally likely."""
        return sorted(label for index, label in self._parts if index == slide_index)

    def draw(self, n: int) -> list[Draw]:
        """The next mini-batch (see `Sampler`)."""
        if not self._chances.any():
            raise TrainingError(
                "no annotated area is left to sample from; "
                "check that the slides open and that the polygons lie on them"
            )
        rng = self._generator()
        slides = rng.choice(self._n_slides, n, p=self._chances)
        return [self._draw_from(int(slide), rng) for slide in slides]

    def _draw_from(self, slide_index: int, rng: np.random.Generator) -> Draw:
        label = int(rng.choice(self._labels[slide_index]))
        at = slide_index, label
        return self._drawing.draw(self._parts[at][pick(self._cumulative[at], rng)], rng)

    def _changed(self) -> None:
        usable = sorted({index for index, _ in self._parts} - self._excluded)
        self._labels = {index: self.labels_of(index) for index in usable}
        self._chances = np.zeros(self._n_slides)
        for index, chance in uniform_tree(usable, self._groups, depth=0, chance=1.0):
            self._chances[index] = chance


def uniform_tree(
    slides: Sequence[int], groups: Sequence[tuple[str | None, ...]], depth: int, chance: float
) -> list[tuple[int, float]]:
    """(slide, its chance): `chance` divided evenly among the groups at `depth`, and so on."""
    if not slides or depth == len(groups[slides[0]]):
        return [(index, chance / len(slides)) for index in slides]
    branches: dict[str | None, list[int]] = {}
    for index in slides:
        branches.setdefault(groups[index][depth], []).append(index)
    return [
        leaf
        for members in branches.values()
        for leaf in uniform_tree(members, groups, depth + 1, chance / len(branches))
    ]


def _parts_by_slide(
    sources: Sequence[AnnotatedSlide], facts: Sequence[SlideFacts | None]
) -> dict[tuple[int, int], list[VisiblePart]]:
    """The visible parts of each (slide index, label) that has any."""
    found: dict[tuple[int, int], list[VisiblePart]] = {}
    for index, (source, known) in enumerate(zip(sources, facts, strict=True)):
        for part in visible_parts(index, source, known) if known is not None else ():
            found.setdefault((index, part.label), []).append(part)
    return found


def _warn_of_missing(
    sources: Sequence[AnnotatedSlide], hierarchy: Sequence[str], reporter: Reporter
) -> None:
    for key in hierarchy:
        without = [source.name for source in sources if key not in source.metadata]
        if len(without) == len(sources):
            there = sorted({known for source in sources for known in source.metadata})
            reporter.warn(
                f"no slide has {key!r} in its metadata, so it makes no groups; "
                f"there are: {', '.join(there) or 'none'}"
            )
        elif without:
            more = ", …" if len(without) > _NAMED else ""
            reporter.warn(
                f"{len(without)} of {len(sources)} slides have no {key!r} in their metadata and "
                f"form a group of their own: {', '.join(without[:_NAMED])}{more}"
            )

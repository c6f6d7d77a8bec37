"""Which sampler a run uses, as its settings say."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from hookpath import plugins
from hookpath.annotations import ClassTable
from hookpath.events import Reporter
from hookpath.geometry import BranchSpec
from hookpath.sampling.annotated_slide import AnnotatedSlide, SlideFacts
from hookpath.sampling.samplers.h2gnet_sampler import HierarchicalSampler
from hookpath.sampling.samplers.hooknet_sampler import BalancedSampler
from hookpath.sampling.samplers.sampler_protocol import Accepts, Sampler


@dataclass(frozen=True)
class SamplerChoice:
    """A sampler before it knows the slides.

    Attributes:
        kind: ``pixels`` (`BalancedSampler`), ``hierarchical`` (`HierarchicalSampler`), or one that
            another package adds: called with `sources`, `facts`, `classes`, `branches` and `seed`.
        hierarchy: metadata keys of the latter, the outermost first.
        accepts: what a target output window must hold to be a patch of the class it is drawn for
            (networks that give a class per patch); None: anything.
    """

    kind: str = "pixels"
    hierarchy: tuple[str, ...] = ()
    accepts: Accepts | None = None

    def make(
        self,
        sources: Sequence[AnnotatedSlide],
        facts: Sequence[SlideFacts | None],
        classes: ClassTable,
        branches: Sequence[BranchSpec],
        seed: int,
        reporter: Reporter,
    ) -> Sampler:
        """The sampler for these slides (`facts`: None for one that cannot be opened)."""
        if self.kind == "pixels":
            return BalancedSampler(sources, facts, classes, branches, seed, self.accepts)
        if self.kind != "hierarchical":
            found: Sampler = plugins.load("samplers", self.kind)(
                sources, facts, classes, branches, seed
            )
            return found
        return HierarchicalSampler(
            sources, facts, classes, branches, seed, self.hierarchy, self.accepts, reporter
        )

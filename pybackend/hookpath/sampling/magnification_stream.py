"""Patches of tissue at many magnifications, for the scale detector; nothing need be annotated."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from hookpath.errors import HookpathError, TrainingError
from hookpath.events import Reporter
from hookpath.geometry import UM_AT_ONE, BranchSpec
from hookpath.sampling.annotated_slide import AnnotatedSlide
from hookpath.sampling.batch_stream import DrawnStream
from hookpath.sampling.loader_config import LoaderConfig
from hookpath.sampling.loading.patch_reader import PatchRequest
from hookpath.sampling.loading.read_plan import Labels
from hookpath.sampling.samplers.sampler_protocol import Draw
from hookpath.sampling.samplers.sampler_state import SeededSampler
from hookpath.sampling.tissue_patches import TissueGround, ground_of, patch_region
from hookpath.sampling.validation_patches import HeldOutStream


@dataclass(frozen=True)
class ScaleDraw(Draw):
    """A patch of no class, to be read at a magnification."""

    magnification: float = 0.0


@dataclass(frozen=True)
class ScalePlanner:
    """Places draws on their slides; what is known of a patch is its magnification.

    `branches` is one, whose µm/px is of no meaning here. `grounds`: None for a slide that cannot
    be read.
    """

    sources: tuple[AnnotatedSlide, ...]
    grounds: tuple[TissueGround | None, ...]
    branches: tuple[BranchSpec, ...]

    def target_labels(self, draws: Sequence[Draw]) -> Labels:
        """``(N, 1, 1)`` float32 magnifications."""
        return np.array([_magnification(d) for d in draws], np.float32)[:, None, None]

    def request(self, draw: Draw) -> PatchRequest:
        """The patch at the draw's magnification."""
        ground = self.grounds[draw.slide_index]
        assert ground is not None, "only slides that opened are drawn from"
        spacing_um = UM_AT_ONE / _magnification(draw)
        region = patch_region(
            ground.facts, spacing_um, self.branches[0].input_size, (draw.x_l0, draw.y_l0)
        )
        return PatchRequest(draw.slide_index, (region,), ())

    def offering(self, magnification: float) -> list[int]:
        """The slides that are fine and large enough for patches of this magnification."""
        size, spacing_um = self.branches[0].input_size, UM_AT_ONE / magnification
        return [i for i, g in enumerate(self.grounds) if g and g.offers(spacing_um, size)]

    def draw(self, slide_index: int, magnification: float, rng: np.random.Generator) -> ScaleDraw:
        """A patch of tissue of a slide."""
        ground = self.grounds[slide_index]
        assert ground is not None
        centre = ground.draw(UM_AT_ONE / magnification, self.branches[0].input_size, rng)
        return ScaleDraw(slide_index, *centre, label=0, magnification=magnification)


def _magnification(draw: Draw) -> float:
    assert isinstance(draw, ScaleDraw)
    return draw.magnification


class ScaleSampler(SeededSampler):
    """Every magnification as often as every other, and all that lies between.

    First one of the trained magnifications, then a slide that offers it, then a patch of tissue.
    The magnification is varied, evenly by its logarithm, up to half-way to its neighbours, and the
    patch read from the slide at just that µm/px. Marini et al. 2021 (section 2.2) crop and resize
    stored patches to the same end: that a detector trained with a few magnifications be right in
    between. Read from the slide no patch is blurred by enlarging it, or has its edges made up.

    Args:
        planner: the slides.
        magnifications: the trained ones, ascending.
        seed: of the whole sequence.

    Raises:
        TrainingError: the slides offer fewer than two of them.
    """

    def __init__(self, planner: ScalePlanner, magnifications: Sequence[float], seed: int) -> None:
        super().__init__(0, seed)
        self._planner, self._all = planner, tuple(magnifications)
        self._changed()
        if len(self._slides) < 2:
            raise TrainingError(
                "the slides offer fewer than two of the magnifications "
                f"{', '.join(f'{m:g}' for m in self._all)}; take finer or larger slides, a smaller "
                "model.input_size or other model.magnifications",
                code="nothing_annotated",
            )

    @property
    def missing(self) -> list[float]:
        """Magnifications that no slide offers."""
        return [m for m in self._all if m not in self._slides]

    def draw(self, n: int) -> list[Draw]:
        """The next mini-batch.

        Raises:
            TrainingError: every slide has been taken out.
        """
        if not self._slides:
            raise TrainingError("no slide is left to read patches from")
        rng = self._generator()
        return [self._one(rng) for _ in range(n)]

    def _one(self, rng: np.random.Generator) -> ScaleDraw:
        magnification = float(rng.choice(list(self._slides)))
        slide = int(rng.choice(self._slides[magnification]))
        low, high = self._reach[magnification]
        varied = math.exp(rng.uniform(math.log(low), math.log(high)))
        ground = self._planner.grounds[slide]
        assert ground is not None
        size = self._planner.branches[0].input_size
        if not ground.offers(UM_AT_ONE / varied, size):
            varied = magnification
        return self._planner.draw(slide, varied, rng)

    def _changed(self) -> None:
        offered = {m: self._planner.offering(m) for m in self._all}
        self._slides = {
            m: left for m, found in offered.items() if (left := sorted({*found} - self._excluded))
        }
        self._reach = reaches(self._all)


def reaches(magnifications: Sequence[float]) -> dict[float, tuple[float, float]]:
    """How far each of ascending magnifications is varied: half-way to the next, in logarithms.

    The first and the last are varied as far outwards as inwards.
    """
    logs = np.log(magnifications)
    half = np.diff(logs) / 2
    below, above = np.append(half[:1], half), np.append(half, half[-1:])
    return {
        m: (math.exp(at - down), math.exp(at + up))
        for m, at, down, up in zip(magnifications, logs, below, above, strict=True)
    }


class ScaleStream(DrawnStream):
    """The endless stream of patches that a scale detector learns from.

    Its batches have ``labels[0]`` ``(N, 1, 1)`` float32: the magnifications.

    Args:
        sources: slides of known µm/px; one that cannot be read is reported and left out.
        branches: one; its `input_size` is the patches'.
        magnifications: see `ScaleSampler`.
        loader: how batches are loaded.

    Raises:
        TrainingError: no slide can be read, or see `ScaleSampler`.
    """

    def __init__(
        self,
        sources: Sequence[AnnotatedSlide],
        branches: Sequence[BranchSpec],
        magnifications: Sequence[float],
        loader: LoaderConfig,
    ) -> None:
        planner = scale_planner(sources, branches, loader.reporter)
        sampler = ScaleSampler(planner, magnifications, loader.seed)
        for magnification in sampler.missing:
            loader.reporter.warn(
                f"no slide to learn from is fine and large enough for {magnification:g}×"
            )
        super().__init__(planner, sampler, loader)


class ScaleValidation(HeldOutStream):
    """A fixed set of patches of held-out slides, at exactly the trained magnifications.

    Magnifications take turns, and within one the slides that offer it do.

    Args:
        sources, branches, magnifications, loader: see `ScaleStream`.
        max_patches: how many.

    Raises:
        TrainingError: no slide can be read, or none offers one of the magnifications.
    """

    def __init__(
        self,
        sources: Sequence[AnnotatedSlide],
        branches: Sequence[BranchSpec],
        magnifications: Sequence[float],
        max_patches: int,
        loader: LoaderConfig,
    ) -> None:
        planner = scale_planner(sources, branches, loader.reporter)
        rng = np.random.default_rng(loader.seed)
        draws = evenly_drawn(planner, magnifications, max_patches, rng)
        if not draws:
            raise TrainingError(
                "no validation slide is fine and large enough for any of the magnifications"
            )
        super().__init__(planner, draws, loader)


def evenly_drawn(
    planner: ScalePlanner, magnifications: Sequence[float], n: int, rng: np.random.Generator
) -> list[ScaleDraw]:
    """`n` patches of all magnifications and slides in turns, sorted by slide; () if none can be."""
    offered = [(m, slides) for m in magnifications if (slides := planner.offering(m))]
    pairs: list[tuple[int, float]] = []
    for i in range(n if offered else 0):
        turn, which = divmod(i, len(offered))
        magnification, slides = offered[which]
        pairs.append((slides[turn % len(slides)], magnification))
    return [planner.draw(slide, m, rng) for slide, m in sorted(pairs)]


def scale_planner(
    sources: Sequence[AnnotatedSlide], branches: Sequence[BranchSpec], reporter: Reporter
) -> ScalePlanner:
    """Look for the tissue of every slide; one that cannot be read is reported and left out.

    Raises:
        TrainingError: none can be read, or none holds tissue.
    """
    grounds: list[TissueGround | None] = []
    for source in sources:
        try:
            with source.slide.open() as slide:
                grounds.append(ground_of(slide))
        except HookpathError as error:
            reporter.warn(f"{source.name}: {error}; training goes on without this slide")
            grounds.append(None)
    if not any(grounds):
        raise TrainingError("no slide to sample from: none was given, or none holds tissue")
    return ScalePlanner(tuple(sources), tuple(grounds), tuple(branches))

"""From a draw to what must be read and rasterised for it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from hookpath.errors import HookpathError, TrainingError
from hookpath.events import SILENT, Reporter
from hookpath.geometry import BranchSpec
from hookpath.sampling.annotated_slide import AnnotatedSlide, SlideFacts
from hookpath.sampling.loading.gdal_rasterize import gdal_kept
from hookpath.sampling.loading.patch_reader import PatchRequest, UInt8Array
from hookpath.sampling.patch_alignment import image_regions, label_regions
from hookpath.sampling.samplers.sampler_protocol import Counts, Draw

Labels = npt.NDArray[Any]
"""``(N, h, w)`` uint8 labels, or ``(N, 1, 1)`` float32 magnifications (see `Batch`)."""


class Plans(Protocol):
    """What a stream needs to know of its draws."""

    @property
    def sources(self) -> Sequence[AnnotatedSlide]:
        """What draws count through."""

    @property
    def branches(self) -> tuple[BranchSpec, ...]:
        """Sizes of what is read."""

    def target_labels(self, draws: Sequence[Draw]) -> Labels:
        """What is known of the draws' targets."""

    def request(self, draw: Draw) -> PatchRequest:
        """What is left to read for a draw."""


@dataclass(frozen=True)
class Planner:
    """Places the regions of a draw on its slide."""

    sources: Sequence[AnnotatedSlide]
    facts: Sequence[SlideFacts | None]
    branches: tuple[BranchSpec, ...]

    def target_labels(self, draws: Sequence[Draw]) -> UInt8Array:
        """``(N, h, w)`` uint8 labels on the target's output grid."""
        with gdal_kept():
            return np.stack([self._labels(draw) for draw in draws])

    def _labels(self, draw: Draw) -> UInt8Array:
        if draw.uniform:
            size = self.branches[0].output_size
            return np.full((size, size), draw.label, np.uint8)
        (region,) = label_regions(self._known(draw), self.branches[:1], (draw.x_l0, draw.y_l0))
        return self.sources[draw.slide_index].labels.rasterize(region)

    def request(self, draw: Draw) -> PatchRequest:
        """What is left to read for a draw: all images and the context branches' labels."""
        facts, centre = self._known(draw), (draw.x_l0, draw.y_l0)
        return PatchRequest(
            draw.slide_index,
            tuple(image_regions(facts, self.branches, centre)),
            tuple(label_regions(facts, self.branches[1:], centre)),
        )

    def _known(self, draw: Draw) -> SlideFacts:
        facts = self.facts[draw.slide_index]
        assert facts is not None, "only slides that opened are drawn from"
        return facts


def count_pixels(labels: Labels, n_classes: int) -> Counts:
    """``(C,)`` pixels of each class in a label array; ignored ones are not counted."""
    if n_classes == 0:
        return np.zeros(0, np.int64)
    return np.bincount(labels.ravel(), minlength=n_classes + 1)[1 : n_classes + 1]


def facts_of_all(
    sources: Sequence[AnnotatedSlide], reporter: Reporter = SILENT
) -> list[SlideFacts | None]:
    """Facts of each slide; None, and a warning, for one that cannot be opened.

    Raises:
        TrainingError: none of them can.
    """
    facts: list[SlideFacts | None] = []
    for source in sources:
        try:
            facts.append(source.read_facts())
        except HookpathError as error:
            reporter.warn(f"{source.name}: {error}; training goes on without this slide")
            facts.append(None)
    if not any(facts):
        raise TrainingError("no slide to sample from: none was given, or none can be opened")
    return facts

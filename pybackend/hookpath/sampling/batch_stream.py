"""An endless, reproducible stream of mini-batches."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Self

import torch

from hookpath.annotations import ClassTable
from hookpath.context_managers import Closing
from hookpath.geometry import BranchSpec
from hookpath.sampling.annotated_slide import AnnotatedSlide
from hookpath.sampling.concentric_batch import Arrays, Batch, batch_of
from hookpath.sampling.loader_config import LoaderConfig
from hookpath.sampling.loading.batch_fetching import Fetcher, make_fetcher
from hookpath.sampling.loading.distributed_share import share_of
from hookpath.sampling.loading.patch_reader import PatchRequest, SlideFailedError
from hookpath.sampling.loading.read_plan import Labels, Planner, Plans, count_pixels, facts_of_all
from hookpath.sampling.samplers.sampler_factory import SamplerChoice
from hookpath.sampling.samplers.sampler_protocol import Counts, Sampler


@dataclass(frozen=True)
class _Planned:
    """A batch that is drawn but not delivered, and the sampler's state before and after it."""

    before: dict[str, Any]
    counts_after: Counts
    requests: tuple[PatchRequest, ...]
    target_labels: Labels


class DrawnStream(Closing):
    """Iterates over `Batch`es: drawn by a sampler, read by `workers` processes (0: this one).

    Drawing and finding the target's labels (whose pixels steer the next draw) happen here, in
    order; workers only read. So the stream depends on planner, sampler and batch size, never on
    the number of workers or their timing. A slide that fails is reported, taken out, and
    everything from the first batch it would have been in is drawn anew without it – the same for
    any number of workers.

    Args:
        planner: what must be read for a draw.
        sampler: which patch next.
        loader: how batches are loaded; its seed is the sampler's business.

    Raises:
        TrainingError: nothing can be drawn.
    """

    def __init__(self, planner: Plans, sampler: Sampler, loader: LoaderConfig) -> None:
        self._batch_size = loader.batch_size
        self._steps = loader.steps
        self._reporter = loader.reporter
        self._planner = planner
        self._sampler = sampler
        self._together = loader.together
        share = loader.batch_size // loader.together.size
        self._fetcher: Fetcher = make_fetcher(
            planner.sources, planner.branches, share, loader.workers, loader.reporter
        )
        self._planned: deque[_Planned] = deque()
        self._delivered = 0
        self._counts = self._sampler.pixel_counts
        self._draw_check()

    @property
    def pixel_counts(self) -> Counts:
        """``(C,)`` labelled target-output pixels of the batches delivered so far, per class."""
        return self._counts.copy()

    @property
    def delivered(self) -> int:
        """Batches delivered so far, over resumes."""
        return self._delivered

    def __iter__(self) -> Self:
        return self

    def __next__(self) -> Batch:
        if self._steps is not None and self._delivered >= self._steps:
            raise StopIteration
        while True:
            try:
                self._plan_ahead()
                images, context_labels = self._collected()
            except SlideFailedError as failure:
                self._take_out(failure)
            except BaseException:
                self._rewind()  # Ctrl-C in a notebook: the next call starts from a clean state
                raise
            else:
                return self._deliver(images, context_labels)

    def _collected(self) -> Arrays:
        """This process's share of the oldest batch, once all processes have theirs."""
        found: Arrays | None = None
        failed: tuple[int | None, str] = None, ""
        try:
            found = self._fetcher.collect()
        except SlideFailedError as failure:
            failed = failure.slide_index, str(failure)
        first = self._together.first_failure(*failed)
        if first is not None:
            raise SlideFailedError(*first)
        assert found is not None
        return found

    def state_dict(self) -> dict[str, Any]:
        """Small, JSON-ready; the stream goes on from the first batch not yet delivered."""
        sampler = self._planned[0].before if self._planned else self._sampler.state_dict()
        return {"delivered": self._delivered, "sampler": sampler}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Go on from a state; the stream must be made with the same arguments (workers aside)."""
        self._drop_planned()
        self._delivered = int(state["delivered"])
        self._sampler.load_state_dict(state["sampler"])
        self._counts = self._sampler.pixel_counts

    def close(self) -> None:
        """End the workers and close all slides; may be called twice."""
        self._planned.clear()
        self._fetcher.close()

    def _draw_check(self) -> None:
        """Fail now rather than at the first batch when nothing can be drawn."""
        state = self._sampler.state_dict()
        self._sampler.draw(1)
        self._sampler.load_state_dict(state)

    def _plan_ahead(self) -> None:
        while len(self._planned) < self._fetcher.depth and self._wants_more():
            planned = self._plan()
            self._planned.append(planned)
            self._fetcher.submit(planned.requests)

    def _wants_more(self) -> bool:
        return self._steps is None or self._delivered + len(self._planned) < self._steps

    def _plan(self) -> _Planned:
        before = self._sampler.state_dict()
        draws = self._sampler.draw(self._batch_size)
        labels = self._planner.target_labels(draws)
        self._sampler.observe(count_pixels(labels, len(self._counts)))
        requests = tuple(self._planner.request(d) for d in share_of(draws, self._together))
        own = labels[self._together.rank :: self._together.size]
        return _Planned(before, self._sampler.pixel_counts, requests, own)

    def _deliver(self, images: list[torch.Tensor], context_labels: list[torch.Tensor]) -> Batch:
        planned = self._planned.popleft()
        self._delivered += 1
        self._counts = planned.counts_after
        indices = [r.slide_index for r in planned.requests]
        return batch_of(
            images, planned.target_labels, context_labels, indices, self._planner.branches
        )

    def _take_out(self, failure: SlideFailedError) -> None:
        """Undo every draw from the failed batch on, and draw again without the slide."""
        self._reporter.warn(
            f"{self._planner.sources[failure.slide_index].name}: {failure}; "
            "training goes on without this slide"
        )
        self._rewind()
        self._sampler.exclude(failure.slide_index)

    def _rewind(self) -> None:
        """Back to the first batch not yet delivered."""
        if self._planned:
            self._sampler.load_state_dict(self._planned[0].before)
        self._drop_planned()

    def _drop_planned(self) -> None:
        self._planned.clear()
        self._fetcher.discard()


class PatchStream(DrawnStream):
    """The stream of patches about what is annotated on slides.

    It depends on sources, classes, branches, batch size and seed (see `DrawnStream`).

    Args:
        sources: annotated slides; one that cannot be opened is reported and left out.
        classes: the label table that `sources` were made with.
        branches: target first.
        loader: how batches are loaded.
        sampler: which patch next; default: balanced by pixels.

    Raises:
        TrainingError: no slide can be opened, or nothing is annotated.
    """

    def __init__(
        self,
        sources: Sequence[AnnotatedSlide],
        classes: ClassTable,
        branches: Sequence[BranchSpec],
        loader: LoaderConfig,
        sampler: SamplerChoice | None = None,
    ) -> None:
        facts = facts_of_all(sources, loader.reporter)
        planner = Planner(tuple(sources), facts, tuple(branches))
        chosen = (sampler or SamplerChoice()).make(
            planner.sources, facts, classes, planner.branches, loader.seed, loader.reporter
        )
        super().__init__(planner, chosen, loader)

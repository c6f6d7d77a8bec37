"""Getting the pixels of planned batches, in this process or in others."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from typing import Protocol

from hookpath.events import Reporter
from hookpath.geometry import BranchSpec
from hookpath.sampling.annotated_slide import AnnotatedSlide
from hookpath.sampling.concentric_batch import Arrays, empty_arrays
from hookpath.sampling.loading.gdal_rasterize import gdal_kept
from hookpath.sampling.loading.patch_reader import PatchReader, PatchRequest
from hookpath.sampling.loading.patch_reader_processes import PoolFetcher


class Fetcher(Protocol):
    """A queue of batches: submitted in order, collected in the same order."""

    @property
    def depth(self) -> int:
        """Batches worth submitting ahead."""

    def submit(self, requests: Sequence[PatchRequest]) -> None:
        """Queue a batch."""

    def collect(self) -> Arrays:
        """The oldest batch.

        Raises:
            SlideFailedError: one of its slides failed (the one earliest in the batch).
            TrainingError: the readers cannot go on.
        """

    def discard(self) -> None:
        """Forget every queued batch."""

    def close(self) -> None:
        """Release everything."""


class LocalFetcher:
    """Reads in this process, when collected."""

    depth = 1

    def __init__(self, sources: Sequence[AnnotatedSlide], branches: Sequence[BranchSpec]) -> None:
        self._branches = tuple(branches)
        self._channels = sources[0].n_channels if sources else 3
        self._reader = PatchReader(sources)
        self._queue: deque[Sequence[PatchRequest]] = deque()

    def submit(self, requests: Sequence[PatchRequest]) -> None:
        """Queue a batch."""
        self._queue.append(requests)

    def collect(self) -> Arrays:
        """Read the oldest batch (see `Fetcher`)."""
        requests = self._queue[0]
        images, labels = empty_arrays(self._branches, len(requests), self._channels)
        for i, request in enumerate(requests):
            self._reader.read(request, [t[i].numpy() for t in images])
        with gdal_kept():
            for i, request in enumerate(requests):
                self._reader.label(request, [t[i].numpy() for t in labels[1:]])
        self._queue.popleft()
        return images, labels[1:]

    def discard(self) -> None:
        """Forget every queued batch."""
        self._queue.clear()

    def close(self) -> None:
        """Close the slides."""
        self.discard()
        self._reader.close()


def make_fetcher(
    sources: Sequence[AnnotatedSlide],
    branches: Sequence[BranchSpec],
    batch_size: int,
    workers: int,
    reporter: Reporter,
) -> Fetcher:
    """In this process for 0 workers, else a pool."""
    if workers == 0:
        return LocalFetcher(sources, branches)
    return PoolFetcher(sources, branches, batch_size, workers, reporter)

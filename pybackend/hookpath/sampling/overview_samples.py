"""Whole slides made small: what an overview network learns from, straight from the slides."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, Self

import numpy as np
import numpy.typing as npt
import torch

from hookpath.annotations import ClassTable
from hookpath.context_managers import Closing
from hookpath.errors import HookpathError, TrainingError
from hookpath.events import SILENT, Reporter
from hookpath.geometry import BranchSpec, Overview
from hookpath.sampling.annotated_slide import AnnotatedSlide
from hookpath.sampling.concentric_batch import Batch
from hookpath.sampling.loader_config import LoaderConfig
from hookpath.sampling.loading.distributed_share import share_of
from hookpath.sampling.loading.read_plan import count_pixels
from hookpath.sampling.overview_heatmaps import Heatmap
from hookpath.sampling.samplers.h2gnet_sampler import uniform_tree

UInt8Array = npt.NDArray[np.uint8]
Item = tuple[UInt8Array, UInt8Array]
"""``(S, S, 3 + H)`` image and ``(S, S)`` labels of one slide."""

HeatmapOf = Callable[[AnnotatedSlide], Heatmap]
"""Gives the heatmap of a slide."""

#: Bytes of overviews that are kept: re-reading a slide takes longer than anything else here.
KEPT_BYTES = 1 << 30

_MOST_READERS = 8


def read_overview(source: AnnotatedSlide, size: int, heatmap: Heatmap | None = None) -> Item:
    """One slide in a square of `size` px, and its labels on that very grid.

    Returns:
        Image (RGB, then the heatmap's channels; padding is white, 0 in the heatmap) and labels
        (0 = ignore).

    Raises:
        SlideError: the slide cannot be opened or read.
        MissingSpacingError: µm/px is unknown.
    """
    with source.open() as slide:
        view = Overview.of((slide.width_l0, slide.height_l0), slide.calibration, size)
        image = slide.read(view.region)
    if heatmap is not None:
        maps = np.moveaxis(heatmap.on(view.region), 0, -1)
        image = np.concatenate([image, maps], axis=-1)
    return image, source.labels.rasterize(view.region)


class OverviewReader(Closing):
    """Reads overviews in threads, ahead of time, and keeps them while there is room.

    Args:
        sources: annotated slides.
        size: side of the square in px.
        heatmaps: gives each slide's heatmap; None: RGB only.
        workers: threads (at least one).
    """

    def __init__(
        self,
        sources: Sequence[AnnotatedSlide],
        size: int,
        heatmaps: HeatmapOf | None,
        workers: int,
    ) -> None:
        self.sources, self._size, self._heatmaps = sources, size, heatmaps
        self._kept: OrderedDict[int, Future[Item]] = OrderedDict()
        self._most = max(16, KEPT_BYTES // (5 * size * size))
        threads = min(max(1, workers), _MOST_READERS)
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix="overview")

    def ask(self, index: int) -> None:
        """Begin to read a slide, if that has not been done."""
        if index not in self._kept:
            self._kept[index] = self._pool.submit(self._read, index)
        self._kept.move_to_end(index)
        while len(self._kept) > self._most:
            self._kept.popitem(last=False)

    def get(self, index: int) -> Item:
        """A slide's overview.

        Raises:
            HookpathError: of reading it.
        """
        self.ask(index)
        try:
            return self._kept[index].result()
        except BaseException:
            del self._kept[index]
            raise

    def _read(self, index: int) -> Item:
        source = self.sources[index]
        return read_overview(
            source, self._size, None if self._heatmaps is None else self._heatmaps(source)
        )

    def close(self) -> None:
        """End the threads."""
        self._pool.shutdown(wait=True, cancel_futures=True)
        self._kept.clear()


class OverviewStream(Closing):
    """An endless, reproducible stream of batches of overviews (see `hookpath.sampling.Batch`).

    Every slide comes once before any comes again, in an order that follows from `seed`; with a
    `hierarchy` slides are drawn so that at each of its stages all groups are equally likely (as
    H2G-Net draws patches). A slide that fails is reported and taken out.

    Args:
        sources: annotated slides.
        classes: the label table that `sources` were made with.
        branch: side of the square, and the µm/px that is handed on with the batches.
        loader: how batches are loaded; its workers are threads, its steps unused.
        heatmaps: gives each slide's heatmap; None: RGB only.
        hierarchy: metadata keys, the outermost first.

    Raises:
        TrainingError: there is no slide.
    """

    def __init__(
        self,
        sources: Sequence[AnnotatedSlide],
        classes: ClassTable,
        branch: BranchSpec,
        loader: LoaderConfig,
        heatmaps: HeatmapOf | None = None,
        hierarchy: Sequence[str] = (),
    ) -> None:
        if not sources:
            raise TrainingError("no slide to take an overview of")
        self._classes, self._branch = classes, branch
        self._batch_size, self._seed = loader.batch_size, loader.seed
        self._reporter, self._together = loader.reporter, loader.together
        self._reader = OverviewReader(sources, branch.input_size, heatmaps, loader.workers)
        groups = [tuple(s.metadata.get(key) for key in hierarchy) for s in sources]
        tree = dict(uniform_tree(range(len(sources)), groups, 0, 1.0)) if hierarchy else None
        self._chances = None if tree is None else [tree[i] for i in range(len(sources))]
        self._place = 0
        self._excluded: set[int] = set()
        self._counts: npt.NDArray[np.int64] = np.zeros(len(classes), np.int64)

    @property
    def pixel_counts(self) -> npt.NDArray[np.int64]:
        """``(C,)`` labelled pixels of the batches delivered so far, per class."""
        return self._counts.copy()

    def __iter__(self) -> Self:
        return self

    def __next__(self) -> Batch:
        while True:
            ahead = self._upcoming(2 * self._batch_size)
            batches = ahead[: self._batch_size], ahead[self._batch_size :]
            mine, next_ones = ([i for _, i in share_of(b, self._together)] for b in batches)
            for index in (*mine, *next_ones):
                self._reader.ask(index)
            items = self._read(mine)
            if items is not None:
                break
        self._place = batches[0][-1][0] + 1
        batch = _batch_of(items, mine, self._branch)
        seen = count_pixels(batch.labels[0].numpy(), len(self._classes))
        self._counts += self._together.total(torch.from_numpy(seen)).numpy()
        return batch

    def _read(self, indices: Sequence[int]) -> list[Item] | None:
        """This process's share of a batch; None: a slide, its own or another's, was taken out."""
        items: list[Item] = []
        failed: tuple[int | None, str] = None, ""
        for index in indices:
            try:
                items.append(self._reader.get(index))
            except (HookpathError, OSError) as error:
                failed = index, str(error)
                break
        first = self._together.first_failure(*failed)
        if first is None:
            return items
        self._take_out(*first)
        return None

    def _upcoming(self, n: int) -> list[tuple[int, int]]:
        """The next places in the order that hold a usable slide, and the slides."""
        found: list[tuple[int, int]] = []
        place, count = self._place, len(self._reader.sources)
        while len(found) < n:
            index = int(self._round(place // count)[place % count])
            if index not in self._excluded:
                found.append((place, index))
            place += 1
        return found

    def _round(self, number: int) -> npt.NDArray[np.int64]:
        """As many slides as there are, in the order of one round."""
        rng = np.random.default_rng((self._seed, number))
        count = len(self._reader.sources)
        if self._chances is None:
            return rng.permutation(count)
        return rng.choice(count, count, p=self._chances)

    def _take_out(self, index: int, error: str) -> None:
        name = self._reader.sources[index].name
        self._reporter.warn(f"{name}: {error}; training goes on without this slide")
        self._excluded.add(index)
        if len(self._excluded) == len(self._reader.sources):
            raise TrainingError(f"no slide is left to train on; the last, {name}: {error}")

    def state_dict(self) -> dict[str, Any]:
        """Small, JSON-ready; of the first batch not yet delivered."""
        return {
            "place": self._place,
            "excluded": sorted(self._excluded),
            "counts": self._counts.tolist(),
        }

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Go on from a state; the stream must be made with the same arguments (workers aside)."""
        self._place = int(state["place"])
        self._excluded = set(state["excluded"])
        self._counts = np.array(state["counts"], np.int64)

    def close(self) -> None:
        """End the threads; may be called twice."""
        self._reader.close()


class OverviewSet(Closing):
    """Every slide once, in order: what an overview network is validated on.

    A slide that cannot be read is reported, once, and left out. Arguments as of `OverviewStream`.
    """

    def __init__(
        self,
        sources: Sequence[AnnotatedSlide],
        branch: BranchSpec,
        batch_size: int,
        workers: int = 0,
        heatmaps: HeatmapOf | None = None,
        reporter: Reporter = SILENT,
    ) -> None:
        self._branch, self._batch_size, self._reporter = branch, batch_size, reporter
        self._reader = OverviewReader(sources, branch.input_size, heatmaps, workers)
        self._usable = list(range(len(sources)))

    @property
    def patches(self) -> int:
        """Number of slides."""
        return len(self._usable)

    def __iter__(self) -> Iterator[Batch]:
        indices = list(self._usable)
        for start in range(0, len(indices), self._batch_size):
            for index in indices[start : start + 2 * self._batch_size]:
                self._reader.ask(index)
            found = [
                (index, item)
                for index in indices[start : start + self._batch_size]
                if (item := self._item(index)) is not None
            ]
            if found:
                yield _batch_of([item for _, item in found], [i for i, _ in found], self._branch)

    def _item(self, index: int) -> Item | None:
        try:
            return self._reader.get(index)
        except (HookpathError, OSError) as error:
            name = self._reader.sources[index].name
            self._reporter.warn(f"{name}: {error}; it is not validated on")
            self._usable.remove(index)
            return None

    def close(self) -> None:
        """End the threads; may be called twice."""
        self._reader.close()


def _batch_of(items: Sequence[Item], indices: Sequence[int], branch: BranchSpec) -> Batch:
    images = torch.from_numpy(np.stack([image for image, _ in items]))
    labels = torch.from_numpy(np.stack([label for _, label in items]))
    return Batch([images.permute(0, 3, 1, 2)], [labels], torch.tensor(indices), (branch,))

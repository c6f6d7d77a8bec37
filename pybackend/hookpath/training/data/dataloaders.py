"""Where batches come from: one feed for each of `Network.reads`.

A new way of reading needs a stream and a held-out set that meet the two protocols below, a function
that opens them, and a line in `_FEEDS`.

**What is in a batch** (`hookpath.sampling.Batch`; the first axis of every tensor is the sample):

- ``images``: per branch ``(N, 3 + E, S, S)`` uint8. The first three channels are RGB; what follows
  are maps on the same grid (a heatmap: 255 is probability 1). Augmentation moves all channels
  alike, and changes the colours, the sharpness and the noise of the first three only. The network
  gets floats in [0, 1].
- ``labels``: per branch either

  - ``(N, h, w)`` uint8 label maps on the branch's output grid, 0 = unknown: moved with the image,
    nearest neighbour; or
  - ``(N, 1, 1)`` float32 **magnifications**, 0 = unknown: not moved, but multiplied by the zoom
    that the sample is augmented with (``augmentation.scale``).

- ``branches``: with the µm/px that displacements are measured in. Patches that differ in µm/px
  within a batch give a typical one.

`Network.targets` then makes of ``labels`` (int64, or float32 as they are) what the heads are
compared with.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
import numpy.typing as npt

from hookpath.errors import TrainingError
from hookpath.events import Reporter
from hookpath.models import Network
from hookpath.sampling import (
    Batch,
    HeatmapOf,
    LoaderConfig,
    OverviewSet,
    OverviewStream,
    PatchStream,
    ScaleStream,
    ScaleValidation,
    ValidationStream,
)
from hookpath.training.data.sampler_config import sampler_choice
from hookpath.training.distributed import ALONE, Group
from hookpath.training.training_config import TrainConfig

if TYPE_CHECKING:
    from hookpath.training.data.training_data import TrainingData


class Stream(Protocol):
    """An endless, reproducible source of training batches.

    What it yields follows from its arguments and `state_dict` alone, never from timing: a run that
    goes on from a checkpoint must see what the run that was never stopped would have seen.
    """

    @property
    def pixel_counts(self) -> npt.NDArray[np.int64]:
        """``(C,)`` labelled target pixels of the batches delivered so far, per class."""
        ...

    def __next__(self) -> Batch:
        """The next batch of `TrainConfig.batch_size` samples."""
        ...

    def state_dict(self) -> dict[str, Any]:
        """Small, JSON-ready; of the first batch that was not yet delivered."""
        ...

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Go on from there."""
        ...

    def close(self) -> None:
        """End its processes and close its slides; may be called twice."""
        ...


class HeldOut(Protocol):
    """The same samples of the validation slides in every iteration."""

    @property
    def patches(self) -> int:
        """Samples in one iteration."""
        ...

    def __iter__(self) -> Iterator[Batch]:
        """Batches; the last may be smaller."""
        ...

    def close(self) -> None:
        """End its processes and close its slides; may be called twice."""
        ...


class WholeStream:
    """In place of batches, for networks that are fitted at once: all is counted by who fits them.

    Args:
        n_classes: C.

    Attributes:
        pixel_counts: ``(C,)``.
    """

    def __init__(self, n_classes: int) -> None:
        self.pixel_counts: npt.NDArray[np.int64] = np.zeros(n_classes, np.int64)

    def __next__(self) -> Batch:
        raise StopIteration

    def state_dict(self) -> dict[str, Any]:
        """Nothing."""
        return {}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Nothing."""

    def close(self) -> None:
        """Nothing is open."""


@dataclass(frozen=True)
class Order:
    """What a feed is opened for. `data.train` and `data.val` are the slides.

    `heatmaps` gives the maps beyond RGB, for overview networks that have such channels.
    """

    config: TrainConfig
    data: TrainingData
    model: Network
    reporter: Reporter
    heatmaps: HeatmapOf | None = None
    group: Group = ALONE

    @property
    def loader(self) -> LoaderConfig:
        """How its batches are loaded."""
        config = self.config
        return LoaderConfig(
            config.batch_size,
            config.seed,
            config.workers,
            together=self.group,
            reporter=self.reporter,
        )


Feed = tuple[Stream, HeldOut | None]
"""Training batches, and validation batches if there are validation slides."""


def open_loader(order: Order) -> Feed:
    """The streams that a network is trained and judged on.

    Raises:
        TrainingError: nothing can be drawn, or such networks cannot be trained.
    """
    if order.model.fitted:
        return WholeStream(len(order.data.classes)), None
    return annotated_loader(order)


def annotated_loader(order: Order) -> Feed:
    """The streams of batches, also of networks that are fitted at once, which do without.

    Raises:
        TrainingError: nothing can be drawn, or such networks cannot be trained.
    """
    reads = order.model.reads
    if order.group.size > 1 and reads == "scales":
        raise TrainingError(
            f"{order.model.family} is trained by one process; start without torchrun"
        )
    if reads not in _FEEDS:
        raise TrainingError(f"{order.model.family}: networks that read {reads} cannot be trained")
    return _FEEDS[reads](order)


#: Samples of the training slides that the last look takes; enough for a macro F1.
_LOOKED_AT = 500


def training_set(order: Order, most: int) -> HeldOut:
    """Samples of the training slides, chosen as those of validation slides are, read here.

    Args:
        most: how many at most.

    Raises:
        TrainingError: no slide can be opened.
    """
    seen = replace(order.data, val=order.data.train)
    most = min(order.config.validation.max_patches, _LOOKED_AT, most)
    validation = order.config.validation.model_copy(update={"max_patches": most})
    config = order.config.model_copy(update={"validation": validation, "workers": 0})
    stream, held_out = open_loader(replace(order, config=config, data=seen, group=ALONE))
    stream.close()
    assert held_out is not None, "there are training slides"
    return held_out


def _patches(order: Order) -> Feed:
    """Concentric patches drawn from the annotations (`hookpath.sampling.PatchStream`)."""
    config, data, branches = order.config, order.data, order.model.branches
    sampler = sampler_choice(config, order.model)
    stream = PatchStream(data.train, data.classes, branches, order.loader, sampler)
    if not data.val:
        return stream, None
    most = config.validation.max_patches
    return stream, ValidationStream(data.val, data.classes, branches, most, order.loader)


def _overviews(order: Order) -> Feed:
    """Whole slides made small (`hookpath.sampling.OverviewStream`)."""
    config, data, model = order.config, order.data, order.model
    if model.channels[0] > 3 and order.heatmaps is None:
        raise TrainingError(
            f"{model.family} reads heatmaps of a first stage; train both stages together with "
            "-m h2gnet"
        )
    (branch,) = model.branches
    stream = OverviewStream(
        data.train,
        data.classes,
        branch,
        order.loader,
        order.heatmaps,
        sampler_choice(config, model).hierarchy,
    )
    if not data.val:
        return stream, None
    at_once = min(config.batch_size, len(data.val))
    return stream, OverviewSet(
        data.val, branch, at_once, config.workers, order.heatmaps, order.reporter
    )


def _scales(order: Order) -> Feed:
    """Patches of tissue at the network's magnifications (`hookpath.sampling.ScaleStream`)."""
    config, data, branches = order.config, order.data, order.model.branches
    magnifications: Sequence[float] = getattr(order.model, "magnifications", ())
    stream = ScaleStream(data.train, branches, magnifications, order.loader)
    if not data.val:
        return stream, None
    most = config.validation.max_patches
    return stream, ScaleValidation(data.val, branches, magnifications, most, order.loader)


_FEEDS: Mapping[str, Callable[[Order], Feed]] = {
    "patches": _patches,
    "overview": _overviews,
    "scales": _scales,
}

"""Patches as the network will get them, some of every class."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from hookpath.geometry import BranchSpec
from hookpath.sampling import Augmentation, Batch

UInt8 = npt.NDArray[np.uint8]

#: Batches that are drawn to find patches of every class.
MOST_BATCHES = 12
#: The balance is counted over so many patches at least.
COUNTED = 48


@dataclass(frozen=True)
class Sample:
    """One patch.

    Attributes:
        slide: name of the slide that it is of.
        images: per branch ``(M, M, 3)`` uint8 RGB; the first channels of images with others.
        labels: ``(h, w)`` uint8 of the target branch's output grid, 0: unknown.
        varied: the target as augmentation leaves it, ``(M, M, 3)`` uint8.
        label: class that most of the labelled pixels are of (from 1); 0: none are.
    """

    slide: str
    images: tuple[UInt8, ...]
    labels: UInt8
    varied: UInt8
    label: int

    def __repr__(self) -> str:
        return f"Sample({self.slide!r}, label {self.label}, {len(self.images)} branches)"


@dataclass(frozen=True)
class SampledPatches:
    """What some batches held.

    Attributes:
        samples: the patches to be shown.
        pixels: ``(C,)`` labelled pixels by class, in all that were drawn.
        patches: how many were drawn.
    """

    samples: tuple[Sample, ...]
    pixels: npt.NDArray[np.int64]
    patches: int

    def __repr__(self) -> str:
        return f"Drawn({self.patches} patches, {len(self.samples)} kept)"


def draw(
    batches: Iterable[Batch], names: Sequence[str], n_classes: int, augment: Augmentation, most: int
) -> SampledPatches:
    """Patches of the first batches, every class in its turn.

    Args:
        names: of the slides, as `Batch.slide_index` counts them.
        most: patches to keep.
    """
    found: dict[int, list[Sample]] = {}
    pixels, patches = np.zeros(n_classes, np.int64), 0
    for step, batch in enumerate(batches):
        for sample in _samples(batch, names, augment, step):
            found.setdefault(sample.label, []).append(sample)
            pixels += np.bincount(sample.labels.ravel(), minlength=n_classes + 1)[1:]
            patches += 1
        if step + 1 >= MOST_BATCHES or (
            patches >= max(most, COUNTED)
            and all(len(found.get(c + 1, ())) >= 2 for c in range(n_classes))
        ):
            break
    return SampledPatches(tuple(_in_turns(found, most)), pixels, patches)


def _samples(
    batch: Batch, names: Sequence[str], augment: Augmentation, step: int
) -> Iterable[Sample]:
    varied, _ = augment(batch, "cpu", step)
    if batch.labels[0].is_floating_point():  # magnifications, not classes
        labels = np.zeros((len(batch), 1, 1), np.uint8)
    else:
        labels = batch.labels[0].numpy()
    for i in range(len(batch)):
        images = tuple(_rgb(image[i].permute(1, 2, 0).numpy()) for image in batch.images)
        shown = (varied[0][i].clamp(0, 1) * 255).round().byte().permute(1, 2, 0).numpy()
        counts = np.bincount(labels[i].ravel(), minlength=2)[1:]
        label = int(counts.argmax()) + 1 if counts.any() else 0
        name = names[int(batch.slide_index[i])]
        yield Sample(name, images, labels[i], _rgb(shown), label)


def _rgb(image: UInt8) -> UInt8:
    """Three channels to look at: of one the grey picture, of more than three the first three."""
    if image.shape[2] < 3:
        image = np.repeat(image[..., :1], 3, axis=2)
    return np.ascontiguousarray(image[..., :3])


def _in_turns(found: dict[int, list[Sample]], most: int) -> list[Sample]:
    queues = [found[label] for label in sorted(found, key=lambda label: (label == 0, label))]
    longest = max((len(q) for q in queues), default=0)
    turns = [q[i] for i in range(longest) for q in queues if i < len(q)][:most]
    return sorted(turns, key=lambda s: (s.label == 0, s.label))


def field_um(branch: BranchSpec) -> float:
    """Width of what a branch sees."""
    return branch.spacing_um * branch.input_size

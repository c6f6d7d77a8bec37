"""Weights that a network takes over from another model, class by class where the classes differ."""

from __future__ import annotations

import inspect
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from hookpath.models import FAMILIES, Network, build_model

Weights = Mapping[str, Tensor]


@dataclass(frozen=True)
class Classes:
    """Class names in channel order: of the model that weights come from, and of the new one."""

    theirs: tuple[str, ...]
    ours: tuple[str, ...]

    @property
    def kept(self) -> tuple[str, ...]:
        """Those that both know."""
        return tuple(name for name in self.ours if name in self.theirs)

    @property
    def fresh(self) -> tuple[str, ...]:
        """Those that the other model knows nothing of."""
        return tuple(name for name in self.ours if name not in self.theirs)

    def describe(self) -> str:
        """What became of the head, for a person; "" where the classes are the same."""
        if self.theirs == self.ours:
            return ""
        kept = f"{', '.join(self.kept)} kept" if self.kept else "no class kept"
        fresh = [f"{', '.join(self.fresh)} from scratch"] if self.fresh else []
        return f"; head: {', '.join([kept, *fresh])}"


def inherited(model: Network, source: Weights, classes: Classes) -> dict[str, Tensor]:
    """The weights of `source` that fit `model`.

    A tensor of the same name and shape is taken whole. Where the classes differ, tensors that
    belong to classes (a head's rows, whatever the family calls them) are put together: a class of
    the same name keeps its part, a new one that of `model` as it was made.
    """
    own = model.state_dict()
    axes = class_axes(model) if classes.theirs != classes.ours else {}
    found: dict[str, Tensor] = {}
    for name in own.keys() & source.keys():
        if name in axes:
            mixed = _by_class(own[name], source[name], axes[name], classes)
            if mixed is not None:
                found[name] = mixed
        elif own[name].shape == source[name].shape:
            found[name] = source[name]
    return found


def class_axes(model: Network) -> dict[str, tuple[int, ...]]:
    """Of every weight tensor whose shape follows from the number of classes: the axes that do.

    Found by building the same network with one class more, so no family has to say what its head
    is called.
    """
    if "n_classes" not in inspect.signature(FAMILIES[model.family]).parameters:
        return {}
    with torch.random.fork_rng(devices=[]):
        larger = build_model(model.family, **{**model.config, "n_classes": model.n_classes + 1})
    shapes = {name: tensor.shape for name, tensor in larger.state_dict().items()}
    found = {}
    for name, tensor in model.state_dict().items():
        pairs = zip(tensor.shape, shapes[name], strict=True)
        if axes := tuple(axis for axis, (ours, more) in enumerate(pairs) if ours != more):
            found[name] = axes
    return found


def _by_class(own: Tensor, theirs: Tensor, axes: Sequence[int], classes: Classes) -> Tensor | None:
    """`own` with the parts of the classes that both know; None: there are none, or none that fit.

    Along an axis of classes there are blocks (one per resolution, say) with a place per class each.
    """
    if own.dim() != theirs.dim() or not classes.kept:
        return None
    ours_at, theirs_at = [], []
    for axis, (size, other) in enumerate(zip(own.shape, theirs.shape, strict=True)):
        if axis not in axes:
            if size != other:
                return None
            ours_at.append(torch.arange(size))
            theirs_at.append(torch.arange(size))
            continue
        blocks, rest = divmod(size, len(classes.ours))
        if rest or other != blocks * len(classes.theirs):
            return None
        ours_at.append(_places(classes.kept, classes.ours, blocks))
        theirs_at.append(_places(classes.kept, classes.theirs, blocks))
    mixed = own.clone()
    mixed[torch.meshgrid(*ours_at, indexing="ij")] = theirs[
        torch.meshgrid(*theirs_at, indexing="ij")
    ].to(mixed)
    return mixed


def _places(kept: Sequence[str], names: Sequence[str], blocks: int) -> Tensor:
    """Indices of some classes along an axis of `blocks` × `names`."""
    inside = [names.index(name) for name in kept]
    return torch.tensor([block * len(names) + i for block in range(blocks) for i in inside])

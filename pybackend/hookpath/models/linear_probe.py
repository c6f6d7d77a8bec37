"""Linear probing: what a pretrained network sees at several resolutions, and a small head."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import ClassVar

import torch
from torch import Tensor, nn

from hookpath.errors import ModelDesignError
from hookpath.geometry import BranchSpec
from hookpath.models.encoders import DEFAULT_ENCODER, EncodedShape, Encoder, facts_of
from hookpath.models.encoders.timm_networks import EncoderFacts
from hookpath.models.network_base import COLOURS, BranchOutput, SegmentationModel, centre_crop
from hookpath.models.registry import register
from hookpath.models.unet_arithmetic import Hook, context_sizes, hook_depths, refuse_size

UP_LOSS = 2
"""Px that bilinear upsampling takes off: its outermost ones would need px beyond the map."""


@register
class FeatureProbe(SegmentationModel):
    """Frozen features of concentric views, classified cell by cell (Alain and Bengio 2016).

    One encoder, trained elsewhere and never changed, looks at every view. Its maps of all depths
    are brought to one grid; a coarser view's go into the next finer one where both have the same
    µm/px, as the hooks of HookNet do (van Rijthoven et al. 2021, section 3.3). So every *cell* of
    ``2^working_depth`` px of the finest view has one vector of features, and the head, which is all
    that is learned, makes class scores of it; these are interpolated to px.

    Args:
        n_classes: number of classes.
        spacings: µm/px of the views, finest first, each a power of two times the one before.
        input_size: side in px of the finest view's patches; the others' follow.
        depth: halvings of the encoder's coarsest map that is used.
        working_depth: halvings from px to cells.
        hidden: units of the head's hidden layer; 0: the head is linear.
        encoder: timm's name.
        in_channels: of the images. Others than RGB are shown to the encoder three at a time, since
            what it has learned is of three colours; each triple gives features of its own.

    Raises:
        ModelDesignError: there is no such encoder, or the numbers do not fit together.
    """

    family = "probe"
    window_place = 10
    fitted: ClassVar[bool] = True

    def __init__(
        self,
        n_classes: int,
        spacings: Sequence[float] = (1.0, 2.0, 4.0, 8.0),
        input_size: int = 112,
        depth: int = 3,
        working_depth: int = 2,
        hidden: int = 0,
        encoder: str = DEFAULT_ENCODER,
        in_channels: int = 3,
    ) -> None:
        super().__init__()
        facts = facts_of(encoder, depth)
        shape = EncodedShape.of(facts, UP_LOSS)
        self.hooks = _hooks(spacings, shape.depth, working_depth)
        if self.hooks:
            sizes: Sequence[int] = context_sizes(shape, input_size, self.hooks)
        else:
            refuse_size(input_size, shape.problem)
            sizes = (input_size,)
        self.config = {
            "n_classes": n_classes,
            "spacings": [float(s) for s in spacings],
            "input_size": input_size,
            "depth": depth,
            "working_depth": working_depth,
            "hidden": hidden,
            "encoder": encoder,
        }
        self._take(in_channels)
        self.triples = _triples(in_channels)
        self.n_classes, self.heads, self.working_depth = n_classes, (0,), working_depth
        self.shapes = (shape,) * len(spacings)
        self.branches = tuple(
            BranchSpec(spacing, size, shape.sizes(size).output)
            for spacing, size in zip(spacings, sizes, strict=True)
        )
        self.encoder = Encoder(encoder, depth).requires_grad_(False)
        self.shifts = _shifts(facts)
        self.features = nn.Identity()  # `deepest` is listened to
        self.head = ProbeHead(self._channels(0), hidden, n_classes)

    def _channels(self, index: int) -> int:
        """Features that branch `index` gives: its own, and those of the coarser branches."""
        own = sum(c for d, c in self.encoder.channels.items() if d >= self._stop(index))
        coarser = self._channels(index + 1) if index < len(self.hooks) else 0
        return own * len(self.triples) + coarser

    def _stop(self, index: int) -> int:
        """Depth of the map that branch `index` gives."""
        return self.hooks[index - 1].from_depth if index else self.working_depth

    def forward(self, images: Sequence[Tensor]) -> list[Tensor]:
        hook: Tensor | None = None
        for index in reversed(range(1, len(images))):
            hook = self._fit(self.run_branch(index, images[index], hook).hook, index, images)
        logits = self.run_branch(0, images[0], hook).logits
        assert logits is not None
        return [logits]

    def _fit(self, found: Tensor | None, index: int, images: Sequence[Tensor]) -> Tensor:
        """The centre of a coarser branch's features that lies under the next finer one's."""
        assert found is not None
        depth, finer = self.hooks[index - 1].to_depth, images[index - 1]
        height, width = (self.shapes[0].sizes(s).decoder[depth] for s in finer.shape[-2:])
        return centre_crop(found, height, width)

    def run_branch(self, index: int, image: Tensor, hook: Tensor | None = None) -> BranchOutput:
        found = self.describe(index, image, hook)
        if index:
            return BranchOutput(logits=None, hook=found)
        return BranchOutput(logits=self.scores_of(found), hook=None)

    def describe(self, index: int, image: Tensor, hook: Tensor | None = None) -> Tensor:
        """What branch `index` sees, at the depth of its hook or (the finest) of the cells.

        Args:
            image, hook: see `run_branch`.

        Returns:
            ``(N, F, h, w)``; of the finest branch the vectors that the head is fitted to.
        """
        maps = self._maps(image)
        takes = self.hooks[index].to_depth if index < len(self.hooks) else None
        x = maps[self.encoder.deepest]
        for depth in range(self.encoder.deepest, self._stop(index) - 1, -1):
            if depth < self.encoder.deepest:
                x = doubled(x, self._phase(depth))
                if depth in maps:
                    x = torch.cat([x, centre_crop(maps[depth], *x.shape[-2:])], dim=1)
            if hook is not None and depth == takes:
                x = torch.cat([x, hook], dim=1)
        described: Tensor = x if index else self.features(x)
        return described

    def _maps(self, image: Tensor) -> dict[int, Tensor]:
        """The encoder's maps by depth, those of all triples side by side."""
        if self.in_channels == COLOURS:
            rgb: dict[int, Tensor] = self.encoder(image)
            return rgb
        found = [self.encoder(image[:, triple]) for triple in self.triples]
        return {depth: torch.cat([maps[depth] for maps in found], dim=1) for depth in found[0]}

    @property
    def view_of_features(self) -> list[int]:
        """Branch that each feature of a cell comes from, in their order (see `describe`)."""
        return self._views(0)

    def _views(self, index: int) -> list[int]:
        takes = self.hooks[index].to_depth if index < len(self.hooks) else None
        found: list[int] = []
        for depth in range(self.encoder.deepest, self._stop(index) - 1, -1):
            found += [index] * self.encoder.channels.get(depth, 0) * len(self.triples)
            if depth == takes:
                found += self._views(index + 1)
        return found

    def scores_of(self, features: Tensor) -> Tensor:
        """``(N, n_classes, H, W)`` scores of px, of cells' features ``(N, F, h, w)``."""
        x: Tensor = self.head(features)
        for depth in reversed(range(self.working_depth)):
            x = doubled(x, self._phase(depth))
        return x

    def _phase(self, depth: int) -> float:
        """How far the map at `depth` looks beside the one below it, in px of that."""
        return (self.shifts[depth] - self.shifts[depth + 1]) / float(2 ** (depth + 1))

    @property
    def cell_shift(self) -> float:
        """Px from a cell's centre to the centre of what its features look at."""
        return self.shifts[self.working_depth]

    def deepest(self) -> nn.Module:
        """The vectors of the finest branch's cells."""
        return self.features


class ProbeHead(nn.Module):
    """Standardised features → (hidden layer, ReLU →) class scores, all of them 1×1.

    Mean and deviation are of the cells that were learned from.
    """

    mean: Tensor
    std: Tensor

    def __init__(self, features: int, hidden: int, n_classes: int) -> None:
        super().__init__()
        self.register_buffer("mean", torch.zeros(features))
        self.register_buffer("std", torch.ones(features))
        self.hidden = nn.Conv2d(features, hidden, 1) if hidden else None
        self.last = nn.Conv2d(hidden or features, n_classes, 1)

    def forward(self, x: Tensor) -> Tensor:
        x = (x - self.mean[:, None, None]) / self.std[:, None, None]
        if self.hidden is not None:
            x = torch.relu(self.hidden(x))
        scores: Tensor = self.last(x)
        return scores


def _triples(in_channels: int) -> tuple[list[int], ...]:
    """Channels three by three; the last ones are repeated until they are three."""
    groups = [list(range(in_channels))[i : i + 3] for i in range(0, in_channels, 3)]
    return tuple([(group * 3)[i] for i in range(3)] for group in groups)


def doubled(x: Tensor, phase: float = 0.0) -> Tensor:
    """Linear interpolation to twice the size, without the outermost px: 2m − 2 out of m.

    Args:
        x: ``(N, C, h, w)``.
        phase: px of `x`, at most ¼ either way: by how much further to the right (below) of their
            places the values are taken. 0 is the usual ×2.
    """
    for axis in (2, 3):
        sides = x.shape[axis] - 1
        before, after = x.narrow(axis, 0, sides), x.narrow(axis, 1, sides)
        parts = [_between(before, after, share + phase) for share in (0.25, 0.75)]
        x = torch.stack(parts, dim=axis + 1).flatten(axis, axis + 1)
    return x


def _between(before: Tensor, after: Tensor, share: float) -> Tensor:
    """Linear interpolation; nothing is computed at its ends."""
    if share in (0.0, 1.0):
        return after if share else before
    return torch.lerp(before, after, share)


def _shifts(facts: EncoderFacts) -> tuple[float, ...]:
    """Per depth from 0: input px from a map px's centre to the centre of what it looks at.

    Strides over an even number of px cannot be centred, so most networks look to one side, further
    with every halving. No more is corrected of a step than that can bring about.
    """
    known = {0: 0.0} | {d: facts.reach.shift(d) if facts.reach else 0.0 for d in facts.depths}
    shifts = [0.0]
    for depth in range(1, facts.depths[-1] + 1):
        below = next(d for d in range(depth, facts.depths[-1] + 1) if d in known)
        wanted = known[below] * (2**depth - 1) / (2**below - 1)
        most = 2 ** (depth - 2)
        shifts.append(shifts[-1] + min(most, max(-most, wanted - shifts[-1])))
    return tuple(shifts)


def _hooks(spacings: Sequence[float], depth: int, working_depth: int) -> tuple[Hook, ...]:
    """Where the views go into one another: as fine as possible, but no finer than the cells.

    Raises:
        ModelDesignError: they cannot.
    """
    if not 1 <= working_depth <= depth:
        raise ModelDesignError(f"working_depth must lie in 1…{depth}, not {working_depth}")
    if not spacings:
        raise ModelDesignError("a probe needs at least one view; give spacings")
    if len(spacings) == 1:
        return ()
    ratios = [b / a for a, b in pairwise(spacings)]
    widest = next(d for d in range(depth + 1) if 2**d >= max(ratios) or d == depth)
    return hook_depths(spacings, depth, max(working_depth, widest))

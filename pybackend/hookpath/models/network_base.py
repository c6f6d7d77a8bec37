"""What every network is to training, inference and export."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, ClassVar, Literal, Self

import torch
from torch import Tensor, nn

from hookpath.errors import ModelDesignError
from hookpath.geometry import BranchSpec
from hookpath.models.encoders import Encoder, load_encoders
from hookpath.models.unet_arithmetic import BranchShape, Hook

Reads = Literal["patches", "overview", "scales"]
"""What a network is fed with: concentric patches; whole slides made small; patches of any µm/px."""

Scores = Literal["pixels", "patches", "magnification"]
"""What its output stands for: a class per pixel, one per patch, or a magnification."""


COLOURS = 3

_DEEPEST = ("bottleneck", "backbone", "backbones.0")


@dataclass
class BranchOutput:
    """What one branch gives: class scores (if it has a head) and the map that it hooks onwards."""

    logits: Tensor | None
    hook: Tensor | None


class Network(nn.Module):
    """Base of all networks.

    Attributes:
        family: name in the registry.
        config: constructor arguments, JSON-serialisable; ``build_model(family, **config)``
            builds an equal network.
        branches: one entry per input, finest ("target") first.
        heads: branch index of each output of `forward`; ``heads[0] == 0``. A branch may have
            several.
        reads, scores: what goes in and what comes out.
        in_channels: of every image; what is no RGB is scaled to [0, 1] channel by channel.
        fitted: learned all at once (`hookpath.probing`), not step by step.
        first_stage: family of the networks that are trained before this one, and read the slides
            for it (`hookpath.stages`); "": none.
        presets: settings of a training by preset (``paper``, ``fast``, ``auto``…) that differ from
            the preset's own.
        window_place: where among the families that QuPath's training window offers; None: nowhere,
            since who needs it has a terminal (say why in the class).
        background: class channel that means "nothing else", where the family needs one.

    Class channel ``c`` is label ``c + 1`` (label 0 is "ignore").
    """

    family: str
    reads: ClassVar[Reads] = "patches"
    scores: ClassVar[Scores] = "pixels"
    fitted: ClassVar[bool] = False
    first_stage: ClassVar[str] = ""
    presets: ClassVar[Mapping[str, Mapping[str, Any]]] = MappingProxyType({})
    window_place: ClassVar[int | None] = None
    config: dict[str, Any]
    branches: tuple[BranchSpec, ...]
    heads: tuple[int, ...]
    n_classes: int
    in_channels: int = 3
    background: int | None = None
    _still: tuple[nn.Module, ...] = ()

    @property
    def output_um(self) -> float:
        """µm/px of the target's output: a patch that gets one class is one pixel of it."""
        target = self.branches[0]
        whole = target.input_size if self.scores == "patches" else 1
        return target.spacing_um * whole

    @property
    def channels(self) -> tuple[int, ...]:
        """Channels of each input; what comes after RGB (a heatmap) is no colour."""
        return (self.in_channels,) * len(self.branches)

    def _take(self, in_channels: int) -> None:
        """Note how many channels the images have; RGB, the usual case, is not written down."""
        self.in_channels = in_channels
        if in_channels != COLOURS:
            self.config["in_channels"] = in_channels

    def forward(self, images: Sequence[Tensor]) -> list[Tensor]:
        """Concentric patches to class scores.

        Args:
            images: per branch ``(N, channels, input_size, input_size)`` float in [0, 1].

        Returns:
            Per head ``(N, n_classes, h, w)`` logits: ``output_size`` square for a class per pixel,
            1 × 1 for one per patch.
        """
        raise NotImplementedError

    def targets(self, labels: Sequence[Tensor]) -> list[Tensor]:
        """What the heads are compared with.

        Args:
            labels: per branch ``(N, output_size, output_size)`` int64, 0 = ignore.

        Returns:
            Per branch ``(N, h, w)`` as the branch's head gives it: the labels as they are, or one
            label for the whole patch.
        """
        return list(labels)

    def load_backbone(self, weights: str, warn: Callable[[str], None]) -> None:
        """Give the feature extractors weights to start from.

        Args:
            weights: ``imagenet`` (fetched; where that cannot be, torchvision's stay random and
                `warn` says so), or a file.

        Raises:
            ModelDesignError: the family has no feature extractor, or the file does not fit it.
        """
        encoders = self.encoder_modules()
        if not encoders:
            raise ModelDesignError(f"{self.family} has no backbone; drop backbone_weights")
        load_encoders(encoders, weights)

    def centre_on(self, colours: Sequence[Tensor]) -> None:
        """Adapt a new network to the mean colours ``(in_channels,)`` of its inputs, by branch.

        For families that need it; the others, which normalise before their first ReLU, do nothing.
        """

    def encoder_modules(self) -> list[nn.Module]:
        """The parts that start from weights learned elsewhere; fine-tuning treats them apart.

        Empty: everything is learned from scratch.
        """
        return [m for m in self.modules() if isinstance(m, Encoder)]

    def keep_still(self, modules: Iterable[nn.Module]) -> None:
        """Keep these parts in evaluation mode also while the network trains."""
        self._still = tuple(modules)
        self.train(self.training)

    def train(self, mode: bool = True) -> Self:
        """Training mode or evaluation, but for what is kept still."""
        super().train(mode)
        for module in self._still:
            module.eval()
        return self

    def deepest(self) -> nn.Module:
        """The part whose output ``(N, F)`` or ``(N, F, h, w)`` tells most of what a patch shows.

        That of the target, where every branch has one.
        """
        parts = [m for n, m in self.named_modules() if n.endswith(_DEEPEST)]
        first = parts[0] if parts else next(self.children())
        # A list of branches runs none of them itself.
        return first[0] if isinstance(first, nn.ModuleList) else first

    def l2_parameters(self) -> Iterator[Tensor]:
        """Weights under L2: the kernels of all 3×3 convolutions, not the head's, no biases.

        Nor those of encoders that were trained elsewhere: they are not to be drawn to zero.
        """
        elsewhere = learned_elsewhere(self)
        for module in self.modules():
            if not isinstance(module, nn.Conv2d) or module in elsewhere:
                continue
            if module.kernel_size != (1, 1):
                yield module.weight


class SegmentationModel(Network):
    """Base of the networks of valid convolutions, which whole slides go through without seams.

    Attributes:
        hooks: ``hooks[i]`` goes from branch ``i + 1`` into branch ``i`` (empty: one branch).
        shapes: how large each branch's maps are.
    """

    hooks: tuple[Hook, ...]
    shapes: tuple[BranchShape, ...]

    def run_branch(self, index: int, image: Tensor, hook: Tensor | None = None) -> BranchOutput:
        """One branch alone, on a tile of any valid size: the piece dense prediction is made of.

        Args:
            image: ``(N, channels, S, S')`` float in [0, 1], both sides valid (`BranchShape.sizes`).
            hook: for a branch that receives one: the coarser branch's hook map, already cut to
                the size and place of this branch's decoder map at ``hooks[index].to_depth``.
        """
        raise NotImplementedError


def centre_crop(x: Tensor, height: int, width: int) -> Tensor:
    """The central ``height`` × ``width`` of ``(N, C, H, W)``; differences must be even."""
    top, left = x.shape[-2] - height, x.shape[-1] - width
    if top < 0 or left < 0 or top % 2 or left % 2:
        raise ValueError(f"cannot centre-crop {tuple(x.shape[-2:])} to {(height, width)}")
    return x[..., top // 2 : top // 2 + height, left // 2 : left // 2 + width]


def learned_elsewhere(model: nn.Module) -> set[nn.Module]:
    """All modules within pretrained encoders."""
    encoders = (m for m in model.modules() if isinstance(m, Encoder))
    return {module for encoder in encoders for module in encoder.modules()}


def initialise(model: nn.Module) -> None:
    """He-normal kernels, zero biases, as in the authors' configuration; encoders stay."""
    elsewhere = learned_elsewhere(model)
    for module in model.modules():
        if isinstance(module, nn.Conv2d) and module not in elsewhere:
            nn.init.kaiming_normal_(module.weight, nonlinearity="relu")
            if module.bias is not None:
                nn.init.zeros_(module.bias)


def count_parameters(model: nn.Module) -> tuple[int, int]:
    """(total, trainable), the total with batch normalisation's running statistics."""
    trainable = sum(p.numel() for p in model.parameters())
    statistics = sum(b.numel() for b in model.buffers() if b.dtype is not torch.int64)
    return trainable + statistics, trainable

"""H2G-Net: a patch classifier's heatmap, refined together with the slide's overview."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, ClassVar, Self

from torch import Tensor

from hookpath.errors import ModelDesignError
from hookpath.models.network_base import Network, Reads
from hookpath.models.registry import register


@register
class H2GNet(Network):
    """H2G-Net (Pedersen et al., Frontiers in Medicine 2022): two stages in one model folder.

    `patch` gives every patch of the tissue a class; its probabilities, stitched, are the heatmap.
    `refine` sees the whole slide made small, with the heatmap as further channels, and gives the
    result. Called as a network it is the second stage (`forward` takes overviews with heatmaps);
    its weights alone are trained by the loop, while those of `patch` come from a run of its own
    (see `hookpath.stages`).

    Args:
        n_classes: number of classes.
        patch: design of the first stage: ``family`` (default ``classifier``) and its arguments.
        refine: design of the second: ``family`` (default ``unet-lr``) and its arguments.
        background: label (1…n_classes) of the class that means "nothing else"; None: the last
            one. The heatmap has a channel for each other class.

    Raises:
        ModelDesignError: a stage cannot be built, or is not of the kind that its place needs.
    """

    family = "h2gnet"
    window_place = 70
    first_stage = "classifier"
    reads: ClassVar[Reads] = "overview"

    def __init__(
        self,
        n_classes: int,
        patch: Mapping[str, Any] | None = None,
        refine: Mapping[str, Any] | None = None,
        background: int | None = None,
    ) -> None:
        super().__init__()
        self.background = (background or n_classes) - 1
        self.shown = shown_classes(n_classes, background)
        first = {"background": self.background + 1, **(patch or {})}
        second = {"background": self.background + 1, **(refine or {}), "heatmaps": len(self.shown)}
        self.patch = _stage("classifier", first, n_classes)
        self.refine = _stage("unet-lr", second, n_classes)
        if (self.patch.reads, self.patch.scores) != ("patches", "patches"):
            raise ModelDesignError(f"{self.patch.family} gives no class to patches; use classifier")
        if self.refine.reads != "overview":
            raise ModelDesignError(f"{self.refine.family} reads no overviews; use unet-lr")
        self.config = {
            "n_classes": n_classes,
            "patch": {"family": self.patch.family, **_own(self.patch.config)},
            "refine": {"family": self.refine.family, **_own(self.refine.config)},
            "background": background,
        }
        self.n_classes = n_classes
        self.branches, self.heads = self.refine.branches, self.refine.heads
        self.patch.requires_grad_(False)

    @property
    def channels(self) -> tuple[int, ...]:
        return self.refine.channels

    def forward(self, images: Sequence[Tensor]) -> list[Tensor]:
        found: list[Tensor] = self.refine(images)
        return found

    def train(self, mode: bool = True) -> Self:
        """The first stage stays as it is."""
        super().train(mode)
        self.patch.eval()
        return self

    def l2_parameters(self) -> Iterator[Tensor]:
        return self.refine.l2_parameters()

    def load_backbone(self, weights: str, warn: Callable[[str], None]) -> None:
        """Nothing: the classifier gets them in its own run."""


def shown_classes(n_classes: int, background: int | None) -> tuple[int, ...]:
    """Class channels that the heatmap has: all but the background's (see `H2GNet`)."""
    return tuple(c for c in range(n_classes) if c != (background or n_classes) - 1)


def _stage(family: str, design: dict[str, Any], n_classes: int) -> Network:
    from hookpath.models.registry import FAMILIES, build_model

    family = design.pop("family", family)
    arguments = {**design, "n_classes": n_classes}
    known = inspect.signature(FAMILIES[family]).parameters if family in FAMILIES else arguments
    if "background" in arguments and "background" not in known:
        del arguments["background"]
    return build_model(family, **arguments)


def _own(config: dict[str, Any]) -> dict[str, Any]:
    """A stage's arguments without those that follow from the whole."""
    return {k: v for k, v in config.items() if k not in ("n_classes", "heatmaps")}

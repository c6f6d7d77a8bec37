"""Batch normalisation by the statistics of the slide that is predicted, instead of training's.

Li et al. 2018, "Adaptive Batch Normalization for practical domain adaptation": weights stay, means
and variances are those of the new domain. Here the domain is one slide.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import numpy as np
import torch
from shapely.geometry.base import BaseGeometry
from torch import Tensor, nn

from hookpath.errors import ModelDesignError
from hookpath.inference.predictor_protocol import Predictor, Wrapped, WrappedJob
from hookpath.inference.roi.tissue_tiles import Tissue
from hookpath.models import Network
from hookpath.sampling.reference_patches import patches_of_tissue
from hookpath.slides import Slide

PATCHES = 64
"""Patches of a slide's tissue that its statistics are taken from, spread evenly over it."""

_Norm = nn.modules.batchnorm._BatchNorm
Statistics = dict[str, Tensor]


class AdaptedSlides(Wrapped):
    """A `Predictor` that gives its network the statistics of each slide while that is predicted.

    Args:
        of: predicts with `model`.
        model: on its device.

    Raises:
        ModelDesignError: the network has no batch normalisation, or sees whole slides.
    """

    def __init__(self, of: Predictor, model: Network) -> None:
        if model.reads != "patches":
            raise ModelDesignError(
                f"{model.family} sees a slide as one picture, which has no statistics to adapt to; "
                "leave --adapt-bn out"
            )
        if not _norms(model):
            raise ModelDesignError(
                f"{model.family}: no batch normalisation in it; leave --adapt-bn out"
            )
        super().__init__(of)
        self.model = model
        self._of_slide: tuple[Slide, Statistics] | None = None

    def job(
        self, slide: Slide, inside: Sequence[BaseGeometry] | None = None, tissue: Tissue = True
    ) -> WrappedJob:
        """Plan one slide."""
        return WrappedJob(
            self.of.job(slide, inside, tissue), around=lambda slides: self.adapted_to(slides[0])
        )

    @contextmanager
    def adapted_to(self, slide: Slide) -> Iterator[None]:
        """``with``: the network has the slide's statistics (a slide without tissue: its own)."""
        own = _statistics(self.model)
        try:
            self._take(slide)
            yield
        finally:
            self.model.load_state_dict(own, strict=False)

    def _take(self, slide: Slide) -> None:
        if self._of_slide is None or self._of_slide[0] is not slide:
            find_statistics(self.model, slide)
            self._of_slide = slide, _statistics(self.model)
        else:
            self.model.load_state_dict(self._of_slide[1], strict=False)


@torch.no_grad()
def find_statistics(model: Network, slide: Slide) -> None:
    """Give batch normalisation the mean and variance of `PATCHES` patches of a slide's tissue.

    Every batch of patches counts the same. Leaves the network in evaluation mode, and as it is
    where there is no tissue.
    """
    batches = list(patches_of_tissue(slide, model.branches, PATCHES))
    if not batches:
        return
    device = next(model.parameters()).device
    norms = _norms(model)
    momenta = [norm.momentum for norm in norms]
    model.eval()
    for norm in norms:
        norm.reset_running_stats()
        norm.momentum = None  # the mean over all batches
        norm.train()
    try:
        for images in batches:
            model([_input(image, device) for image in images])
    finally:
        for norm, momentum in zip(norms, momenta, strict=True):
            norm.momentum = momentum
            norm.eval()


def _input(images: np.ndarray, device: torch.device) -> Tensor:
    pixels = torch.from_numpy(images).to(device).permute(0, 3, 1, 2)
    return pixels.float().div_(255).contiguous(memory_format=torch.channels_last)


def _norms(model: Network) -> list[_Norm]:
    """Those that go by running statistics."""
    return [m for m in model.modules() if isinstance(m, _Norm) and m.track_running_stats]


def _statistics(model: Network) -> Statistics:
    return {
        f"{name}.{key}": value.clone()
        for name, module in model.named_modules()
        if isinstance(module, _Norm)
        for key, value in module.named_buffers(recurse=False)
    }

"""Copies of a slide in other colours, to learn from them too."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np
import torch

from hookpath.sampling import AnnotatedSlide, AugmentationConfig
from hookpath.sampling.augmentation.color_augmentation import Colouring
from hookpath.slides.recolored_slide import IDENTITY, Floats, Matrix, Recolouring


def recoloured_source(
    source: AnnotatedSlide, config: AugmentationConfig, seed: int
) -> AnnotatedSlide:
    """The copy that `seed` stands for of a slide that is no RGB: each channel brighter or darker.

    By brightness and contrast together, since dark is dark in both.
    """
    strength = config.brightness + config.contrast
    draw = torch.rand(len(source.slide.channels), generator=torch.Generator().manual_seed(seed))
    gains = (1 + strength * (2 * draw - 1)).clamp(min=0.1).tolist()
    scales = tuple(
        scale.model_copy(update={"high": scale.low + (scale.high - scale.low) / gain})
        for scale, gain in zip(source.slide.channels, gains, strict=True)
    )
    return replace(source, slide=replace(source.slide, channels=scales))


@dataclass(frozen=True)
class Repainting(Recolouring):
    """One draw of the colour augmentation for every pixel of a slide.

    Contrast is changed about a middle grey, since a slide as a whole has no mean that is known.
    """

    matrix: Matrix = IDENTITY
    colouring: Colouring = field(default_factory=lambda: Colouring(None, None, None))

    @classmethod
    def drawn(cls, config: AugmentationConfig, seed: int) -> Repainting:
        """The copy that `seed` stands for."""
        draw = torch.Generator().manual_seed(seed)
        return cls(colouring=Colouring.drawn(config, 1, draw))

    def exactly(self, rgb: Floats) -> Floats:
        """``(N, 3)`` in [0, 1]."""
        image = torch.from_numpy(rgb.astype(np.float32)).T[None, :, :, None]
        (found,) = self.colouring.apply([image.contiguous()])
        return np.asarray(found[0, :, :, 0].T.double().numpy()).clip(0, 1)

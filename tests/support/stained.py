"""Slides of two stains whose optical densities are known."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from support.slides import RGB

#: Optical densities of haematoxylin and eosin, rows of length 1.
STAINS = np.array([[0.65, 0.70, 0.29], [0.07, 0.99, 0.11]])
STAINS /= np.linalg.norm(STAINS, axis=1, keepdims=True)


def stained(
    side: int, strengths: tuple[float, float], stains: npt.NDArray[np.float64] = STAINS
) -> RGB:
    """Tissue everywhere but in a white margin: dark blue dots on pink, by fields of 16 px.

    Amounts of either stain are 0.1…1 times its strength, the same whatever the stains.
    """
    rng = np.random.default_rng(5)
    fields = rng.uniform(0.1, 1, (side // 16, side // 16, 2))
    # Some of one stain alone: where it is pure is what tells it from a mixture.
    kind = rng.integers(0, 3, fields.shape[:2])
    fields[kind == 1, 0] = 0
    fields[kind == 2, 1] = 0
    fields[:4] = fields[:, :4] = 0
    amounts = fields.repeat(16, axis=0).repeat(16, axis=1) * strengths
    light = np.exp(-(amounts @ stains))
    return np.asarray((light * 255).round().astype(np.uint8))

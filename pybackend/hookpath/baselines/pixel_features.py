"""Hand-made features of a pixel's surroundings, as pixel classifiers have used them for long.

The set is that of QuPath's pixel classifier (Bankhead et al. 2017 and its documentation), of
ilastik and of Weka's trainable segmentation: what Gaussian windows of a few sizes see, per channel.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from hookpath.errors import UsageError
from hookpath.slides.slide_base import RGBArray

FloatArray = npt.NDArray[np.float32]

_CHANNELS = ("red", "green", "blue")

#: A Gaussian is cut off at so many deviations: nearer, its second derivative would no longer sum to
#: 0, and a bright pixel would count as a curved one.
_CUT = 4.0

#: What is made of every channel at every scale, in this order.
FEATURES = (
    "Gaussian",
    "Laplacian of Gaussian",
    "weighted deviation",
    "gradient magnitude",
    "structure tensor max",
    "structure tensor min",
    "structure tensor coherence",
    "Hessian determinant",
    "Hessian max",
    "Hessian min",
)


@dataclass(frozen=True)
class FeatureBank:
    """The features at chosen scales.

    Attributes:
        spacing_um: µm/px at which slides are read.
        sigmas: of the Gaussians, in px of `spacing_um`.
    """

    spacing_um: float = 1.0
    sigmas: tuple[float, ...] = (1.0, 2.0, 4.0)

    def __post_init__(self) -> None:
        sizes = (self.spacing_um, *self.sigmas)
        if not self.sigmas or not all(math.isfinite(s) and s > 0 for s in sizes):
            raise UsageError(
                f"pixel classifier: spacing_um ({self.spacing_um}) and sigmas "
                f"({list(self.sigmas)}) must be numbers above 0, with at least one sigma"
            )

    @property
    def names(self) -> tuple[str, ...]:
        """One for every feature, e.g. ``red Gaussian 2``."""
        return tuple(f"{c} {f} {s:g}" for c in _CHANNELS for s in self.sigmas for f in FEATURES)

    @property
    def margin(self) -> int:
        """Px around a pixel that its features look at: the structure tensor is smoothed twice."""
        return 2 * max(_radius(sigma) for sigma in self.sigmas)

    def maps(self, image: RGBArray) -> FloatArray:
        """All features of the pixels that are `margin` or more from the image's edge.

        A pixel's features are the same numbers whatever image it was cut out with.

        Args:
            image: ``(h + 2·margin, w + 2·margin, 3)`` uint8.

        Returns:
            ``(features, h, w)`` float32, in the order of `names`.
        """
        inside = slice(self.margin, -self.margin)
        channels = np.moveaxis(image, -1, 0).astype(np.float32) / 255
        found = [
            np.ascontiguousarray(feature[inside, inside])
            for channel in channels
            for sigma in self.sigmas
            for feature in _at_scale(channel, sigma)
        ]
        return np.stack(found)


def _radius(sigma: float) -> int:
    return int(_CUT * sigma + 0.5)


def _at_scale(channel: FloatArray, sigma: float) -> Iterator[FloatArray]:
    """`FEATURES` of one channel ``(h, w)`` float32 at one scale."""
    seen = _window(sigma)
    mean, dx, dy, dxx, dxy, dyy = seen(channel, ((0, 0), (0, 1), (1, 0), (0, 2), (1, 1), (2, 0)))
    yield mean
    yield dxx + dyy
    (square,) = seen(channel * channel, ((0, 0),))
    yield np.sqrt(np.maximum(square - mean * mean, 0))
    yield np.sqrt(dx * dx + dy * dy)
    (txx,), (txy,), (tyy,) = (seen(p, ((0, 0),)) for p in (dx * dx, dx * dy, dy * dy))
    most, least = _eigenvalues(txx, txy, tyy)
    yield most
    yield least
    yield ((most - least) / np.maximum(most + least, np.float32(1e-12))) ** 2
    yield dxx * dyy - dxy * dxy
    yield from _eigenvalues(dxx, dxy, dyy)


Seen = Callable[[FloatArray, Sequence[tuple[int, int]]], list[FloatArray]]


def _window(sigma: float) -> Seen:
    """Derivatives of the given orders (down, right) of an image under a Gaussian window."""
    from scipy.ndimage import gaussian_filter1d

    def along(image: FloatArray, axis: int, order: int) -> FloatArray:
        found: FloatArray = gaussian_filter1d(
            image, sigma, axis=axis, order=order, mode="nearest", radius=_radius(sigma)
        )
        return found

    def seen(image: FloatArray, orders: Sequence[tuple[int, int]]) -> list[FloatArray]:
        down = {order: along(image, 0, order) for order in {d for d, _ in orders}}
        return [along(down[d], 1, right) for d, right in orders]

    return seen


def _eigenvalues(xx: FloatArray, xy: FloatArray, yy: FloatArray) -> tuple[FloatArray, FloatArray]:
    """The larger and the smaller eigenvalue of symmetric 2 × 2 matrices."""
    a_half = np.float32(0.5)
    middle: FloatArray = (xx + yy) * a_half
    apart: FloatArray = (xx - yy) * a_half
    half: FloatArray = np.sqrt(apart * apart + xy * xy)
    return middle + half, middle - half

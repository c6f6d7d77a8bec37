"""Area averaging of images: exact for any offset and any ratio."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from PIL import Image

from hookpath.slides.base import RGBArray

#: Offsets and ratios this close to whole are whole (in input px; far below what could show).
WHOLE = 1e-4


@dataclass(frozen=True)
class Axis:
    """`count` output pixels, each `ratio` input pixels long, the first beginning at `start`."""

    start: float
    ratio: float
    count: int

    @property
    def whole(self) -> tuple[int, int] | None:
        """(start, ratio) if both are whole over the axis's full length."""
        start, ratio = round(self.start), round(self.ratio)
        drift = abs(self.ratio - ratio) * self.count
        on_grid = abs(self.start - start) < WHOLE and drift < WHOLE and ratio >= 1
        return (start, ratio) if on_grid else None

    def weights(self, size: int) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.float32]]:
        """Input indices and weights, both ``(taps, count)``; weights sum to 1 over the taps.

        Input pixel ``i`` covers ``[i, i + 1)``; its weight is the share of the output pixel that
        it covers. Outside ``[0, size)`` the edge pixel stands in.
        """
        low = self.start + self.ratio * np.arange(self.count)
        first = np.floor(low + WHOLE)
        taps = np.arange(math.ceil(self.ratio - WHOLE) + 1)[:, None] + first
        overlap = np.minimum(low + self.ratio, taps + 1) - np.maximum(low, taps)
        share = np.clip(overlap, 0, None)
        share /= share.sum(axis=0)
        used = share.any(axis=1)
        index = np.clip(taps[used], 0, size - 1).astype(np.intp)
        return index, share[used].astype(np.float32)


def area_average(pixels: RGBArray, along_y: Axis, along_x: Axis) -> RGBArray:
    """Every output pixel the mean of `pixels` over the rectangle it covers, rounded.

    Args:
        pixels: ``(H, W, 3)`` uint8.

    Returns:
        ``(along_y.count, along_x.count, 3)`` uint8.
    """
    whole_y, whole_x = along_y.whole, along_x.whole
    if whole_y is not None and whole_x is not None:
        return _block_mean(pixels, whole_y, whole_x, along_y.count, along_x.count)
    rows = _weighted_rows(pixels, along_y)
    turned = np.ascontiguousarray(rows.transpose(1, 0, 2))
    mean = _weighted_rows(turned, along_x).transpose(1, 0, 2)
    return (mean + np.float32(0.5)).astype(np.uint8)


def _block_mean(
    pixels: RGBArray, y: tuple[int, int], x: tuple[int, int], rows: int, columns: int
) -> RGBArray:
    (top, step_y), (left, step_x) = y, x
    block = pixels[top : top + rows * step_y, left : left + columns * step_x]
    if step_x == step_y == 1:
        return block
    return np.asarray(Image.fromarray(np.ascontiguousarray(block)).reduce((step_x, step_y)))


def _weighted_rows(
    pixels: npt.NDArray[np.uint8] | npt.NDArray[np.float32], axis: Axis
) -> npt.NDArray[np.float32]:
    index, share = axis.weights(pixels.shape[0])
    total = np.zeros((axis.count, *pixels.shape[1:]), np.float32)
    for taken, weight in zip(index, share, strict=True):
        total += pixels[taken] * weight[:, None, None]
    return total

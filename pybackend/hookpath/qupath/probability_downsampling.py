"""Probabilities at another downsample: the mean over the area that each px of a view covers."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from hookpath.inference.dense.tile_rows import Probabilities

Run = tuple[float, float, int]
"""(start, ratio, count): `count` view px of `ratio` px each, the first at `start`."""

_WHOLE = 1e-4


def shrink(found: Probabilities, along_y: Run, along_x: Run) -> Probabilities:
    """``(C, H, W)`` to ``(C, count_y, count_x)``; beyond `found` everything counts as 0.

    A view finer than `found` takes the px that it lies in (or the mix where it straddles two).
    """
    if _same(along_y, found.shape[1]) and _same(along_x, found.shape[2]):
        return found
    across, down = _weights(along_x, found.shape[2]), _weights(along_y, found.shape[1])
    out = np.empty((len(found), along_y[2], along_x[2]), found.dtype)
    for channel, plane in enumerate(found):
        mean = down @ plane.astype(np.float32) @ across.T
        out[channel] = np.rint(mean) if found.dtype == np.uint8 else mean
    return out


def _same(run: Run, size: int) -> bool:
    start, ratio, count = run
    return count == size and abs(start) < _WHOLE and abs(ratio - 1) * count < _WHOLE


def _weights(run: Run, size: int) -> npt.NDArray[np.float32]:
    """``(count, size)``: the share of px j in view px i."""
    start, ratio, count = run
    low = start + ratio * np.arange(count)[:, None]
    px = np.arange(size)
    overlap = np.minimum(low + ratio, px + 1) - np.maximum(low, px)
    return np.asarray(np.clip(overlap, 0, None) / ratio, np.float32)

"""Class maps that a person likes to correct: no specks, no pinholes, no ragged edges.

Pure functions on arrays; maps are ``(H, W)`` uint8 labels, 0 where nothing was predicted.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

Labels = npt.NDArray[np.uint8]
#: ``read(top, bottom) -> (C, rows, W)`` probabilities, all 0 where nothing was predicted.
ReadRows = Callable[[int, int], npt.NDArray[np.uint8]]

#: Rows smoothed at once; the rows around them that count are read again.
STRIP_ROWS = 1024


def smooth_labels(read: ReadRows, height: int, width: int, sigma_px: float) -> Labels:
    """The likeliest class of smoothed probabilities, ``(height, width)``; strip by strip.

    Every class is smoothed alike, so a border between two classes of equal certainty stays.
    """
    halo = int(np.ceil(4 * sigma_px))
    labels = np.zeros((height, width), np.uint8)
    for top in range(0, height, STRIP_ROWS):
        bottom = min(top + STRIP_ROWS, height)
        first, last = max(0, top - halo), min(height, bottom + halo)
        rows = read(first, last)
        best = _smoothed(rows, sigma_px).argmax(axis=0).astype(np.uint8) + 1
        best[rows.max(axis=0) == 0] = 0
        labels[top:bottom] = best[top - first : bottom - first]
    return labels


def _smoothed(rows: npt.NDArray[np.uint8], sigma_px: float) -> npt.NDArray[np.float32]:
    from scipy import ndimage

    if sigma_px <= 0:
        return rows.astype(np.float32)
    found = [
        ndimage.gaussian_filter(r.astype(np.float32), sigma_px, mode="nearest", truncate=4)
        for r in rows
    ]
    return np.stack(found)


def without_specks(labels: Labels, least_px: float, hole_px: float) -> Labels:
    """Pieces smaller than `least_px` px become what is nearest to them.

    So do gaps in the prediction of up to `hole_px` px that do not reach the edge.
    The nearest may be nothing: a speck in the open vanishes. Pieces that touch at a corner only
    are two.
    """
    from scipy import ndimage

    small = np.zeros(labels.shape, bool)
    for label in np.unique(labels).tolist():
        if label == 0:
            small |= _small_pieces(labels == 0, hole_px, keep_at_edge=True)
        else:
            small |= _small_pieces(labels == label, least_px)
    if not small.any() or small.all():
        return np.zeros_like(labels) if small.all() else labels
    rows, columns = ndimage.distance_transform_edt(
        small, return_distances=False, return_indices=True
    )
    return np.asarray(labels[rows, columns])


def _small_pieces(
    mask: npt.NDArray[np.bool_], least_px: float, keep_at_edge: bool = False
) -> npt.NDArray[np.bool_]:
    from scipy import ndimage

    pieces, count = ndimage.label(mask)
    small = np.bincount(pieces.ravel(), minlength=count + 1) < least_px
    if keep_at_edge:
        for edge in (pieces[0], pieces[-1], pieces[:, 0], pieces[:, -1]):
            small[edge] = False
    small[0] = False
    return np.asarray(small[pieces])

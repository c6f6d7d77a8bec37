"""Sampled patches as one picture, for a notebook: every branch, and the labels of the target."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from hookpath.evaluation.plotting.overlay_drawing import add_scale_bar, overlay
from hookpath.training_preview.sample_patches import Sample, UInt8
from hookpath.training_preview.training_dry_run import Look

if TYPE_CHECKING:
    from PIL import Image

#: Px along a patch, and between two of them.
_SIDE, _GAP = 224, 6


def show_batch(found: Look, most: int = 6) -> Image.Image:
    """Patches as a training would get them, a row each, classes in turns.

    From left to right: the target with the labels where the network is asked, the same as
    augmentation leaves it, then the context branches (a frame shows the target's field).

    Args:
        found: of `look`.
        most: rows.

    Returns:
        A PIL picture, which notebooks show; ``.save("patches.png")`` keeps it.
    """
    from PIL import Image

    rows = [_row(sample, found) for sample in found.sampled.samples[:most]]
    columns = 1 + len(found.branches)
    height, width = ((n or 1) * (_SIDE + _GAP) - _GAP for n in (len(rows), columns))
    canvas = np.full((height, width, 3), 255, np.uint8)
    for r, row in enumerate(rows):
        for c, picture in enumerate(row):
            y, x = r * (_SIDE + _GAP), c * (_SIDE + _GAP)
            canvas[y : y + _SIDE, x : x + _SIDE] = picture
    return Image.fromarray(canvas)


def _row(sample: Sample, found: Look) -> list[UInt8]:
    target, *contexts = found.branches
    first = _enlarged(sample.images[0])
    if sample.labels.size > 1 and len(found.classes):
        first = _labelled(first, sample, target.output_size / target.input_size, found)
    pictures = [add_scale_bar(first, target.spacing_um * target.input_size / _SIDE)]
    pictures.append(_enlarged(sample.varied))
    for branch, image in zip(contexts, sample.images[1:], strict=True):
        field_um = branch.spacing_um * branch.input_size
        share = target.spacing_um * target.input_size / field_um
        shown = add_scale_bar(_enlarged(image), field_um / _SIDE)
        pictures.append(_framed(shown, share))
    return pictures


def _labelled(picture: UInt8, sample: Sample, share: float, found: Look) -> UInt8:
    """The middle, of which the output tells, with its labels."""
    side = max(1, round(_SIDE * share))
    at = (_SIDE - side) // 2
    shown = picture.copy()
    middle = shown[at : at + side, at : at + side]
    shown[at : at + side, at : at + side] = overlay(
        middle, sample.labels, found.classes.colors, 0.35, 1
    )
    return _framed(shown, share)


def _framed(picture: UInt8, share: float) -> UInt8:
    """With a dark frame around the middle `share`; none where that is all of it."""
    side = round(_SIDE * share)
    if not 4 <= side < _SIDE - 2:
        return picture
    a = (_SIDE - side) // 2
    b = a + side - 1
    framed = picture.copy()
    for line in ((a, slice(a, b)), (b, slice(a, b)), (slice(a, b), a), (slice(a, b), b)):
        framed[line] = 0
    return framed


def _enlarged(image: UInt8) -> UInt8:
    """Nearest neighbour where the patch is smaller, area-averaged where it is larger."""
    from PIL import Image

    how = Image.Resampling.NEAREST if image.shape[0] < _SIDE else Image.Resampling.BOX
    return np.asarray(Image.fromarray(image).resize((_SIDE, _SIDE), how))

"""Where on a slide a look is worth most: rectangles named in order of worth."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import shapely
from shapely.geometry.base import BaseGeometry

from hookpath.annotations import PathClass, PathObject
from hookpath.loop.ground_truth.ground_truth_rules import CHECK_CLASS
from hookpath.loop.proposals.proposal_annotations import ProbabilityMap
from hookpath.loop.steps.project_writer import CHECK_COLOR

Floats = npt.NDArray[np.float32]

#: Measurement of a rectangle: mean entropy in it, 0…1; glass and what is confirmed count as 0.
WORTH = "Uncertainty"


@dataclass(frozen=True)
class Window:
    """A square of map px and its mean entropy."""

    x: int
    y: int
    side: int
    value: float


def entropy_map(found: ProbabilityMap, known: BaseGeometry) -> Floats:
    """``(H, W)`` float32 entropy, 1 where all classes are alike.

    0 where nothing was predicted and inside `known` (level-0 px).
    """
    width, height = found.size
    out = np.zeros((height, width), np.float32)
    for top in range(0, height, 512):
        rows = found.rows(top, min(top + 512, height)).astype(np.float32) / 255
        share = rows / np.maximum(rows.sum(axis=0), 1e-6)
        logs = np.log(np.maximum(share, 1e-6))
        out[top : top + rows.shape[1]] = -(share * logs).sum(axis=0)
    out /= math.log(max(2, len(found.classes)))
    out[_inside(known, found)] = 0
    return out


def _inside(known: BaseGeometry, found: ProbabilityMap) -> npt.NDArray[np.bool_]:
    width, height = found.size
    if known.is_empty:
        return np.zeros((height, width), bool)
    from affine import Affine
    from rasterio.features import rasterize

    dx, dy = found.downsample
    annotated = rasterize([known], (height, width), transform=Affine(dx, 0, 0, 0, dy, 0))
    return np.asarray(annotated, bool)


def best_windows(values: Floats, side: int, count: int) -> Iterator[Window]:
    """Squares of `side` px with the greatest mean, greatest first; they do not overlap."""
    height, width = values.shape
    side = max(1, min(side, height, width))
    sums = np.pad(values.astype(np.float64), ((1, 0), (1, 0))).cumsum(axis=0).cumsum(axis=1)
    means = (
        sums[side:, side:] - sums[:-side, side:] - sums[side:, :-side] + sums[:-side, :-side]
    ) / side**2
    for _ in range(count):
        y, x = np.unravel_index(int(means.argmax()), means.shape)
        value = float(means[y, x])
        if value <= 1e-6:
            return
        yield Window(int(x), int(y), side, value)
        means[max(0, y - side + 1) : y + side, max(0, x - side + 1) : x + side] = 0


def regions_to_check(
    found: ProbabilityMap, known: BaseGeometry, size_l0: tuple[int, int], side_um: float, count: int
) -> list[PathObject]:
    """At most `count` squares of `side_um`, named ``1``, ``2``, … by worth, most first.

    Args:
        known: area that is confirmed already, level-0 px.
        size_l0: of the slide; squares are clipped to it.
    """
    dx, dy = found.downsample
    page = shapely.box(0, 0, *size_l0)
    side = round(side_um / found.px_um)
    made: list[PathObject] = []
    for number, w in enumerate(best_windows(entropy_map(found, known), side, count), start=1):
        square = shapely.box(w.x * dx, w.y * dy, (w.x + w.side) * dx, (w.y + w.side) * dy)
        made.append(
            PathObject(
                square.intersection(page),
                path_class=PathClass(CHECK_CLASS, CHECK_COLOR),
                name=str(number),
                measurements={WORTH: w.value},
            )
        )
    return made

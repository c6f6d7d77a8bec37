"""A slide's prediction as evaluation needs it: class labels of any rectangle."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import numpy.typing as npt

from hookpath.annotations.classes import ClassTable
from hookpath.geometry import Region
from hookpath.projects.base import ImageEntry

Labels = npt.NDArray[np.uint8]


class PredictedMap(Protocol):
    """The class map of one slide; inference's files are one, an array in memory another."""

    @property
    def classes(self) -> ClassTable:
        """Classes of the labels."""

    @property
    def grid(self) -> Region:
        """The whole map: its origin in level-0 px, its size, level-0 px per map px."""

    @property
    def spacing_um(self) -> float:
        """µm per map px."""

    def labels_of(self, region: Region) -> Labels:
        """``(region.height, region.width)`` uint8: the map's value at every pixel centre.

        0 where nothing was predicted and off the map.
        """

    def close(self) -> None:
        """Release the file."""


#: Finds the prediction of an image; raises `EvaluationError` where there is none.
MapOf = Callable[[ImageEntry], PredictedMap]


@dataclass(frozen=True)
class ArrayMap:
    """A class map in memory: ``(h, w)`` uint8 `labels` on `grid`."""

    labels: Labels
    grid: Region
    classes: ClassTable
    spacing_um: float

    def __post_init__(self) -> None:
        if self.labels.shape != (self.grid.height, self.grid.width):
            raise ValueError(f"labels of {self.labels.shape} do not fill {self.grid}")

    def labels_of(self, region: Region) -> Labels:
        """See `PredictedMap.labels_of`."""
        rows = nearest(region.y_l0, region.downsample_y, region.height,
                       self.grid.y_l0, self.grid.downsample_y)  # fmt: skip
        columns = nearest(region.x_l0, region.downsample_x, region.width,
                          self.grid.x_l0, self.grid.downsample_x)  # fmt: skip
        inside_y = (rows >= 0) & (rows < self.grid.height)
        inside_x = (columns >= 0) & (columns < self.grid.width)
        found = np.zeros((region.height, region.width), dtype=np.uint8)
        window = self.labels[np.ix_(rows[inside_y], columns[inside_x])]
        found[np.ix_(inside_y, inside_x)] = window
        return found

    def close(self) -> None:
        """Nothing to release."""


def nearest(
    start_l0: float, step_l0: float, count: int, origin_l0: float, pixel_l0: float
) -> npt.NDArray[np.intp]:
    """Index (may be off the map) of the map pixel that holds each of `count` pixel centres."""
    centres_l0 = start_l0 + (np.arange(count) + 0.5) * step_l0
    # A centre that rounding puts a hair before a pixel's edge belongs to that pixel.
    index: npt.NDArray[np.intp] = np.floor((centres_l0 - origin_l0) / pixel_l0 + 1e-6).astype(
        np.intp
    )
    return index

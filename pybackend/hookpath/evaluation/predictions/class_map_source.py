"""A slide's prediction as evaluation needs it: class labels of any rectangle."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import numpy.typing as npt

from hookpath.annotations.classes import ClassTable
from hookpath.geometry import Region
from hookpath.projects.project_protocol import ImageEntry

Labels = npt.NDArray[np.uint8]
Probabilities = npt.NDArray[np.uint8]


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

    def probabilities_of(self, region: Region) -> Probabilities | None:
        """``(region.height, region.width, C)`` uint8, 255 = certain; None: there are none.

        0 for all classes where nothing was predicted and off the map.
        """

    def close(self) -> None:
        """Release the file."""


#: Finds the prediction of an image; raises `EvaluationError` where there is none.
MapOf = Callable[[ImageEntry], PredictedMap]


@dataclass(frozen=True)
class ArrayMap:
    """A class map in memory: ``(h, w)`` uint8 `labels` on `grid`.

    `probabilities` ``(h, w, C)`` uint8, if there are any.
    """

    labels: Labels
    grid: Region
    classes: ClassTable
    spacing_um: float
    probabilities: Probabilities | None = None

    def __post_init__(self) -> None:
        shape = (self.grid.height, self.grid.width)
        if self.labels.shape != shape:
            raise ValueError(f"labels of {self.labels.shape} do not fill {self.grid}")
        if self.probabilities is not None and self.probabilities.shape != (
            *shape,
            len(self.classes),
        ):
            raise ValueError(f"probabilities of {self.probabilities.shape} do not fill {self.grid}")

    def labels_of(self, region: Region) -> Labels:
        """See `PredictedMap.labels_of`."""
        return self._of(self.labels, region)

    def probabilities_of(self, region: Region) -> Probabilities | None:
        """See `PredictedMap.probabilities_of`."""
        return None if self.probabilities is None else self._of(self.probabilities, region)

    def _of(self, values: npt.NDArray[np.uint8], region: Region) -> npt.NDArray[np.uint8]:
        rows, columns = nearest_pixels(region, self.grid)
        on_y, on_x = (
            (rows >= 0) & (rows < len(values)),
            (columns >= 0) & (columns < values.shape[1]),
        )
        found = np.zeros((region.height, region.width, *values.shape[2:]), dtype=np.uint8)
        found[np.ix_(on_y, on_x)] = values[np.ix_(rows[on_y], columns[on_x])]
        return found

    def close(self) -> None:
        """Nothing to release."""


def nearest_pixels(
    region: Region, grid: Region, scale: float = 1.0
) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.intp]]:
    """Rows and columns (may be off the map) that hold the pixel centres of `region`.

    Args:
        grid: of the map.
        scale: map px along a pixel of the level that is read.
    """
    rows = nearest(region.y_l0, region.downsample_y, region.height,
                   grid.y_l0, grid.downsample_y * scale)  # fmt: skip
    columns = nearest(region.x_l0, region.downsample_x, region.width,
                      grid.x_l0, grid.downsample_x * scale)  # fmt: skip
    return rows, columns


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

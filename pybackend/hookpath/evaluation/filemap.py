"""A class map on disk as evaluation reads it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from hookpath.annotations.classes import ClassTable
from hookpath.annotations.objects import PathClass
from hookpath.errors import EvaluationError
from hookpath.evaluation.maps import Labels, nearest
from hookpath.geometry import Region

if TYPE_CHECKING:
    from hookpath.slides import MapReader


class FileMap:
    """A class-map TIFF as a `PredictedMap`; coarse regions come from its coarser levels."""

    def __init__(
        self, reader: MapReader, grid: Region, classes: ClassTable, spacing_um: float
    ) -> None:
        self._reader = reader
        self.grid, self.classes, self.spacing_um = grid, classes, spacing_um

    @classmethod
    def open(cls, path: Path, grid: Region, names: Sequence[str], spacing_um: float) -> FileMap:
        """Open the file; its colour map gives the classes' colours.

        Args:
            grid: where the map lies, as its record says.
            names: of the classes, in label order.

        Raises:
            SlideError: it cannot be read.
            EvaluationError: it is not a class map of that size.
        """
        from hookpath.slides import open_map

        reader = open_map(path)
        found = (reader.width, reader.height, reader.channels)
        if found != (grid.width, grid.height, 1):
            reader.close()
            raise EvaluationError(
                f"{path}: is {found[0]} × {found[1]} px, its record says {grid.width} × "
                f"{grid.height}; predict the slide again"
            )
        return cls(reader, grid, _classes(reader, names), spacing_um)

    def labels_of(self, region: Region) -> Labels:
        """See `PredictedMap.labels_of`.

        Raises:
            SlideError: the file is damaged there.
        """
        level, scale = self._level_for(region)
        width, height = self._reader.level_sizes[level]
        grid = self.grid
        rows = nearest(region.y_l0, region.downsample_y, region.height,
                       grid.y_l0, grid.downsample_y * scale)  # fmt: skip
        columns = nearest(region.x_l0, region.downsample_x, region.width,
                          grid.x_l0, grid.downsample_x * scale)  # fmt: skip
        on_y, on_x = (rows >= 0) & (rows < height), (columns >= 0) & (columns < width)
        found = np.zeros((region.height, region.width), dtype=np.uint8)
        if on_y.any() and on_x.any():
            found[np.ix_(on_y, on_x)] = self._window(rows[on_y], columns[on_x], level)
        return found

    def _window(
        self, rows: npt.NDArray[np.intp], columns: npt.NDArray[np.intp], level: int
    ) -> Labels:
        y, x = int(rows[0]), int(columns[0])
        window = self._reader.read(x, y, int(columns[-1]) - x + 1, int(rows[-1]) - y + 1, level)
        picked: Labels = window[np.ix_(rows - y, columns - x)]
        return picked

    def _level_for(self, region: Region) -> tuple[int, int]:
        """The coarsest level not coarser than the region, and map px along one of its px."""
        coarser = min(
            region.downsample_x / self.grid.downsample_x,
            region.downsample_y / self.grid.downsample_y,
        )
        level = 0
        while level + 1 < len(self._reader.level_sizes) and 2 ** (level + 1) <= coarser + 1e-6:
            level += 1
        return level, 2**level

    def close(self) -> None:
        """Release the file."""
        self._reader.close()


def _classes(reader: MapReader, names: Sequence[str]) -> ClassTable:
    if reader.colormap is None:
        return ClassTable.of(PathClass(name) for name in names)
    colors = reader.colormap[1 : len(names) + 1].tolist()
    return ClassTable.of(
        PathClass(name, (red, green, blue))
        for name, (red, green, blue) in zip(names, colors, strict=True)
    )

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
from hookpath.evaluation.predictions.class_map_source import Labels, Probabilities, nearest_pixels
from hookpath.geometry import Region

if TYPE_CHECKING:
    from hookpath.slides import MapReader


class FileMap:
    """A class-map TIFF, and the probabilities beside it, as a `PredictedMap`.

    Coarse regions come from the files' coarser levels.
    """

    def __init__(
        self,
        reader: MapReader,
        grid: Region,
        classes: ClassTable,
        spacing_um: float,
        probabilities: MapReader | None = None,
    ) -> None:
        self._labels, self._probabilities = reader, probabilities
        self.grid, self.classes, self.spacing_um = grid, classes, spacing_um

    @classmethod
    def open(
        cls,
        path: Path,
        grid: Region,
        names: Sequence[str],
        spacing_um: float,
        probabilities: Path | None = None,
    ) -> FileMap:
        """Open the files; the class map's colours are the classes'.

        Args:
            path: of the class map.
            grid: where the map lies, as its record says.
            names: of the classes, in label order.
            probabilities: one channel for each class; None, or not there: none.

        Raises:
            SlideError: one cannot be read.
            EvaluationError: it is not a map of that size.
        """
        labels = _opened(path, grid, 1)
        try:
            there = probabilities is not None and probabilities.is_file()
            chances = _opened(probabilities, grid, len(names)) if there and probabilities else None
        except BaseException:
            labels.close()
            raise
        return cls(labels, grid, _classes(labels, names), spacing_um, chances)

    def labels_of(self, region: Region) -> Labels:
        """See `PredictedMap.labels_of`.

        Raises:
            SlideError: the file is damaged there.
        """
        return self._sampled(self._labels, region)[..., 0]

    def probabilities_of(self, region: Region) -> Probabilities | None:
        """See `PredictedMap.probabilities_of`.

        Raises:
            SlideError: the file is damaged there.
        """
        return None if self._probabilities is None else self._sampled(self._probabilities, region)

    def _sampled(self, reader: MapReader, region: Region) -> npt.NDArray[np.uint8]:
        """``(h, w, channels)``: the value at every pixel centre, 0 off the map."""
        level, scale = self._level_for(reader, region)
        width, height = reader.level_sizes[level]
        rows, columns = nearest_pixels(region, self.grid, scale)
        on_y, on_x = (rows >= 0) & (rows < height), (columns >= 0) & (columns < width)
        found = np.zeros((region.height, region.width, reader.channels), dtype=np.uint8)
        if on_y.any() and on_x.any():
            found[np.ix_(on_y, on_x)] = _window(reader, rows[on_y], columns[on_x], level)
        return found

    def _level_for(self, reader: MapReader, region: Region) -> tuple[int, int]:
        """The coarsest level not coarser than the region, and map px along one of its px."""
        coarser = min(
            region.downsample_x / self.grid.downsample_x,
            region.downsample_y / self.grid.downsample_y,
        )
        level = 0
        while level + 1 < len(reader.level_sizes) and 2 ** (level + 1) <= coarser + 1e-6:
            level += 1
        return level, 2**level

    def close(self) -> None:
        """Release the files."""
        self._labels.close()
        if self._probabilities is not None:
            self._probabilities.close()


def _opened(path: Path, grid: Region, channels: int) -> MapReader:
    from hookpath.slides import open_map

    reader = open_map(path)
    found = (reader.width, reader.height, reader.channels)
    if found != (grid.width, grid.height, channels):
        reader.close()
        raise EvaluationError(
            f"{path}: is {found[0]} × {found[1]} px with {found[2]} channels, its record says "
            f"{grid.width} × {grid.height} with {channels}; predict the slide again"
        )
    return reader


def _window(
    reader: MapReader, rows: npt.NDArray[np.intp], columns: npt.NDArray[np.intp], level: int
) -> npt.NDArray[np.uint8]:
    y, x = int(rows[0]), int(columns[0])
    read = reader.read(x, y, int(columns[-1]) - x + 1, int(rows[-1]) - y + 1, level)
    window = read.reshape(*read.shape[:2], reader.channels)
    picked: npt.NDArray[np.uint8] = window[np.ix_(rows - y, columns - x)]
    return picked


def _classes(reader: MapReader, names: Sequence[str]) -> ClassTable:
    if reader.colormap is None:
        return ClassTable.of(PathClass(name) for name in names)
    colors = reader.colormap[1 : len(names) + 1].tolist()
    return ClassTable.of(
        PathClass(name, (red, green, blue))
        for name, (red, green, blue) in zip(names, colors, strict=True)
    )

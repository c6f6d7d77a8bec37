"""Class maps that QuPath made of whole slides, as predictions like any other."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
from shapely.geometry.base import BaseGeometry

from hookpath.baselines.classifier_prediction import TILE
from hookpath.errors import PredictionError
from hookpath.events import OnStep
from hookpath.inference.aligned_tile_grids import Box
from hookpath.inference.dense.tile_rows import PredictedRow, PredictedTile
from hookpath.inference.roi.tissue_tiles import Cover, OutputGrid, Tissue, cover_of
from hookpath.slides.slide_base import Slide

LabelArray = npt.NDArray[np.uint8]


@dataclass(frozen=True)
class LabelMap:
    """A class map on disk: px (i, j) covers the level-0 rectangle from (i, j) × `downsample` on.

    Attributes:
        path: one byte per px, row by row: 0 not predicted, else the label.
    """

    path: Path
    width: int
    height: int
    downsample: float

    @classmethod
    def load(cls, path: Path, downsample: float) -> LabelMap:
        """What the script left at `path`, its size beside it.

        Raises:
            PredictionError: it did not finish.
        """
        try:
            size = path.with_name(path.name + ".size").read_text(encoding="ascii")
            width, height = map(int, size.split())
            whole = path.stat().st_size == width * height
        except (OSError, ValueError):
            whole = False
        if not whole:
            raise PredictionError(f"{path}: QuPath's class map is not complete; predict again")
        return cls(path, width, height, downsample)

    def window(self, grid: OutputGrid, window: Box) -> LabelArray:
        """``(height, width)`` labels of a window of `grid`: of the px under each one's centre."""
        rows = _under(window.y, window.height, grid.downsample[1] / self.downsample, self.height)
        columns = _under(window.x, window.width, grid.downsample[0] / self.downsample, self.width)
        labels = np.memmap(self.path, np.uint8, "r", shape=(self.height, self.width))
        return np.asarray(labels[rows][:, columns])


class MappedSlides:
    """A `hookpath.inference.Predictor` of slides that are predicted already.

    Args:
        maps: by the slides' paths.
        spacing_um: µm/px of the maps.
    """

    local = True
    device = "cpu, in QuPath"

    def __init__(self, maps: Mapping[Path, LabelMap], n_classes: int, spacing_um: float) -> None:
        self.maps, self.n_classes, self._spacing_um = maps, n_classes, spacing_um

    def spacing_um(self, slide: Slide) -> float:
        """The maps', on every slide."""
        return self._spacing_um

    def reads_um(self, slide: Slide) -> float:
        """The maps'."""
        return self._spacing_um

    def job(
        self, slide: Slide, inside: Sequence[BaseGeometry] | None = None, tissue: Tissue = True
    ) -> MappedJob:
        """Plan one slide.

        Raises:
            PredictionError: there is no map of it.
        """
        if slide.path not in self.maps:
            raise PredictionError(f"{slide.path}: QuPath made no class map of it; predict again")
        grid = OutputGrid.of_slide(slide, self._spacing_um)
        return MappedJob(self.maps[slide.path], cover_of(slide, grid, inside, tissue), self)


class MappedJob:
    """One slide of `MappedSlides`, in bands over the whole width."""

    def __init__(self, labels: LabelMap, cover: Cover, slides: MappedSlides) -> None:
        self.labels, self.cover, self.grid = labels, cover, cover.grid
        self._classes = np.arange(1, slides.n_classes + 1, dtype=np.uint8)

    def count(self) -> int:
        """Number of bands in which something is wanted."""
        return sum(self.cover.touches(band) for band in self._bands())

    def rows(
        self, slides: Sequence[Slide], on_step: OnStep, spill_dir: Path | None = None
    ) -> Iterator[PredictedRow]:
        """All rows of `grid`, top to bottom."""
        for band in self._bands():
            wanted = self.cover.touches(band)
            found = (self._tile(band),) if wanted else ()
            yield PredictedRow(band.y, band.height, self.grid.width, found)
            if wanted:
                on_step(band.area)

    def part(
        self, slides: Sequence[Slide], window: Box, on_step: OnStep, as_uint8: bool = True
    ) -> Iterator[PredictedTile]:
        """The bands that share rows with `window`."""
        for band in self._bands():
            if band.y < window.y + window.height and window.y < band.y + band.height:
                yield self._tile(band, as_uint8)
                on_step(band.area)

    def _bands(self) -> Iterator[Box]:
        for y in range(0, self.grid.height, TILE):
            yield Box(0, y, self.grid.width, min(TILE, self.grid.height - y))

    def _tile(self, band: Box, as_uint8: bool = True) -> PredictedTile:
        labels = self.labels.window(self.grid, band) * self.cover.mask(band)
        sure = labels == self._classes[:, None, None]
        if as_uint8:
            return PredictedTile(band, labels, sure.astype(np.uint8) * np.uint8(255))
        return PredictedTile(band, labels, sure.astype(np.float32))


def _under(start: int, count: int, step: float, end: int) -> npt.NDArray[np.intp]:
    """Places on an axis of `end` px that lie under the centres of px `step` px long."""
    centres = (start + np.arange(count) + 0.5) * step
    return np.minimum(centres.astype(np.intp), end - 1)

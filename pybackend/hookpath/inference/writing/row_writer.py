"""Rows of predictions to files and objects, in a thread of its own."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

import numpy as np
import numpy.typing as npt

from hookpath.annotations import ClassTable, PathObject, Vectorizer
from hookpath.geometry import Calibration
from hookpath.inference.dense.tile_rows import PredictedRow
from hookpath.inference.prediction_config import PredictConfig
from hookpath.inference.prediction_record import CLASS_MAP_NAME, PROBABILITIES_NAME
from hookpath.inference.roi.tissue_tiles import OutputGrid
from hookpath.slides import PyramidWriter

STRIP_ROWS = 512
STRIP_BYTES = 128 * 2**20
"""A strip of full-width rows is at most this high and this large."""

NOTHING_COLOR = (255, 255, 255)
"""Colour of label 0 in the class map."""


@dataclass(frozen=True)
class Target:
    """Where the results of a slide go, and what they are of."""

    folder: Path
    grid: OutputGrid
    calibration: Calibration
    classes: ClassTable
    spacing_um: float
    size_l0: tuple[int, int]


class ResultWriter:
    """Takes rows top to bottom; writes TIFFs and outlines while the next row is computed.

    At most one row is being written while another is being made. The files are complete when the
    ``with`` block ends.
    """

    def __init__(self, target: Target, config: PredictConfig) -> None:
        self.target, self.config = target, config
        self.pixels: npt.NDArray[np.int64] = np.zeros(len(target.classes) + 1, np.int64)
        self._open = ExitStack()
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="write")
        self._pending: Future[None] | None = None
        self._class_map: PyramidWriter | None = None
        self._probabilities: PyramidWriter | None = None
        self._outlines = self._vectorizer() if config.wants_geojson else None
        self._outlined = target.classes.outlined

    def __enter__(self) -> Self:
        if self.config.tiff:
            with self._open as opening:  # both, or neither
                classes = self.target.classes
                self._class_map = self._tiff(
                    CLASS_MAP_NAME, ["Class"], [NOTHING_COLOR, *classes.colors]
                )
                self._probabilities = self._tiff(
                    PROBABILITIES_NAME, classes.names, channel_colors=classes.colors
                )
                self._open = opening.pop_all()
        return self

    def add(self, row: PredictedRow) -> None:
        """Hand over the next row; waits until the one before is written.

        Raises:
            OSError: writing failed, of this row or an earlier one (a full disk…).
        """
        self._wait()
        self._pending = self._thread.submit(self._write, row)

    def objects(self) -> list[PathObject]:
        """Outlines of all classes of interest (empty if none are wanted)."""
        self._wait()
        return self._outlines.finish() if self._outlines else []

    def areas_mm2(self) -> dict[str, float]:
        """Predicted area by class, counted in pixels."""
        self._wait()
        px_mm2 = (self.target.spacing_um / 1000) ** 2
        counts = self.pixels[1:].tolist()
        return {n: c * px_mm2 for n, c in zip(self.target.classes.names, counts, strict=True)}

    def _wait(self) -> None:
        pending, self._pending = self._pending, None
        if pending is not None:
            pending.result()

    def _write(self, row: PredictedRow) -> None:
        channels = len(self.target.classes)
        rows = max(16, min(STRIP_ROWS, STRIP_BYTES // ((channels + 1) * row.width)))
        for top in range(0, row.height, rows):
            bottom = min(top + rows, row.height)
            labels = row.labels(top, bottom)
            self.pixels += np.bincount(labels.ravel(), minlength=channels + 1)
            probabilities = row.probabilities(channels, top, bottom)
            if self._class_map and self._probabilities:
                self._class_map.write_rows(row.y_out + top, labels)
                self._probabilities.write_rows(row.y_out + top, np.moveaxis(probabilities, 0, -1))
            if self._outlines:
                self._outlines.add_rows(row.y_out + top, self._outlined[labels], probabilities)

    def _tiff(
        self,
        name: str,
        names: Sequence[str],
        colors: Sequence[tuple[int, int, int]] | None = None,
        channel_colors: Sequence[tuple[int, int, int]] | None = None,
    ) -> PyramidWriter:
        target = self.target
        writer = PyramidWriter(
            target.folder / name,
            target.grid.width,
            target.grid.height,
            len(names),
            target.spacing_um,
            colormap=colors,
            description="hookpath: " + ", ".join(target.classes.names),
            channel_names=names,
            channel_colors=channel_colors,
        )
        return self._open.enter_context(writer)

    def _vectorizer(self) -> Vectorizer:
        target, config = self.target, self.config
        return Vectorizer(
            target.classes,
            target.grid.downsample,
            min_area_l0=config.min_area_um2 / target.calibration.area_um2(1),
            simplify_l0=config.simplify_um / target.calibration.mpp,
            object_type=config.object_type,
            calibration=target.calibration,
            size_l0=target.size_l0,
        )

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """The last row is written before the files count as complete; it may fail, too."""
        try:
            if kind is None:
                self._wait()
        except BaseException as failed:
            kind, error, trace = type(failed), failed, failed.__traceback__
            raise
        finally:
            self._thread.shutdown(wait=True, cancel_futures=True)
            self._open.__exit__(kind, error, trace)

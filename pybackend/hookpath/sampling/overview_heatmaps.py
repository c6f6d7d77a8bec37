"""What a patch classifier says of a slide, as extra channels of its overview."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Self

import numpy as np
import numpy.typing as npt

from hookpath.atomic_files import replace_file
from hookpath.errors import TrainingError
from hookpath.geometry import Region

UInt8Array = npt.NDArray[np.uint8]
FloatArray = npt.NDArray[np.float32]


@dataclass(frozen=True)
class Heatmap:
    """Class probabilities of a slide's patches, stitched.

    Attributes:
        values: ``(H, rows, columns)`` uint8, 255 is probability 1; 0 where nothing was predicted.
        downsample: level-0 px per cell along x and y; cell (0, 0) begins at the slide's corner.
    """

    values: UInt8Array
    downsample: tuple[float, float]

    def on(self, region: Region) -> UInt8Array:
        """``(H, height, width)`` at the px of a region: bilinear between the cells' centres.

        Where px are larger than cells, the triangle of the interpolation is as wide as a px, so
        that no cell is skipped. Off the map it is 0.
        """
        rows, columns = self.values.shape[1:]
        down = _weights(region.y_l0, region.downsample_y, region.height, self.downsample[1], rows)
        across = _weights(
            region.x_l0, region.downsample_x, region.width, self.downsample[0], columns
        )
        found: FloatArray = down @ self.values.astype(np.float32) @ across.T
        return np.rint(found).astype(np.uint8)

    def save(self, path: Path) -> None:
        """Write the file; it is complete or absent.

        Raises:
            OSError: it cannot be written.
        """

        def write(part: Path) -> None:
            with part.open("wb") as file:
                np.savez_compressed(file, values=self.values, downsample=np.array(self.downsample))

        path.parent.mkdir(parents=True, exist_ok=True)
        replace_file(path, write)

    @classmethod
    def load(cls, path: Path) -> Self:
        """Read a file that `save` wrote (arrays only: nothing in it is run).

        Raises:
            TrainingError: missing or damaged.
        """
        try:
            with np.load(path, allow_pickle=False) as file:
                x, y = file["downsample"].tolist()
                return cls(file["values"], (x, y))
        except Exception as error:  # zip, header, missing key
            reason = str(error).splitlines()[0] if str(error) else type(error).__name__
            raise TrainingError(
                f"{path}: no readable heatmap ({reason}); delete it and go on with --resume"
            ) from error


def _weights(start_l0: float, step_l0: float, count: int, cell_l0: float, cells: int) -> FloatArray:
    """``(count, cells)``: what each cell counts at each px; rows sum to 1, or 0 off the map."""
    centre_l0 = start_l0 + (np.arange(count) + 0.5) * step_l0
    inside = (centre_l0 >= 0) & (centre_l0 <= cells * cell_l0)
    at = (centre_l0 / cell_l0 - 0.5).clip(0, cells - 1)
    reach = max(1.0, step_l0 / cell_l0)
    weights = (1 - np.abs(at[:, None] - np.arange(cells)) / reach).clip(0)
    found: FloatArray = (weights / weights.sum(1, keepdims=True) * inside[:, None]).astype("f4")
    return found

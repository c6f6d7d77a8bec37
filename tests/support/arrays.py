"""A slide in memory, whose levels are read exactly and which tells what was read."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from hookpath.geometry import Calibration
from hookpath.slides import Level, Slide
from support.slides import RGB, pyramid_of


class ArraySlide(Slide):
    """An image of any size with halved levels, odd sides truncated as scanners do."""

    def __init__(
        self, image: RGB, mpp: float, levels: int = 4, path: Path = Path("memory")
    ) -> None:
        super().__init__(Calibration.square(mpp))
        self.path, self.file_calibration = Path("memory"), None
        self.arrays = pyramid_of(image, levels)
        self.levels = tuple(
            Level(a.shape[1], a.shape[0], 2.0**i, 2.0**i) for i, a in enumerate(self.arrays)
        )

    def read_level(self, level: int, x_lv: int, y_lv: int, width: int, height: int) -> RGB:
        """Pixels of a level, white off the slide."""
        source = self.arrays[level]
        out = np.full((height, width, 3), 255, np.uint8)
        top, left = max(0, y_lv), max(0, x_lv)
        found = source[top : max(0, y_lv + height), left : max(0, x_lv + width)]
        rows, columns = found.shape[:2]
        out[top - y_lv : top - y_lv + rows, left - x_lv : left - x_lv + columns] = found
        return out

    def close(self) -> None:
        """Nothing is held."""

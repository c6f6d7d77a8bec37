"""Pixel calibration: how many µm a level-0 pixel spans, and downsample factors."""

from __future__ import annotations

import math
from dataclasses import dataclass

UM_AT_ONE = 10.0
"""µm/px times magnification, as scanners name it: 40× is 0.25 µm/px, 20× 0.5, 10× 1."""


@dataclass(frozen=True)
class Calibration:
    """Size of a level-0 pixel in µm/px, along x and y.

    Raises:
        ValueError: a size is not a positive finite number.
    """

    mpp_x: float
    mpp_y: float

    def __post_init__(self) -> None:
        for value in (self.mpp_x, self.mpp_y):
            if not (math.isfinite(value) and value > 0):
                raise ValueError(f"µm/px must be a positive number, not {value!r}")

    @classmethod
    def square(cls, mpp: float) -> Calibration:
        """The same µm/px along both axes."""
        return cls(mpp, mpp)

    @property
    def mpp(self) -> float:
        """Mean µm/px of the two axes (QuPath's "averaged pixel size")."""
        return (self.mpp_x + self.mpp_y) / 2

    def downsample(self, spacing_um: float) -> tuple[float, float]:
        """Level-0 pixels per output pixel at `spacing_um`, along x and y."""
        if not (math.isfinite(spacing_um) and spacing_um > 0):
            raise ValueError(f"spacing must be a positive number of µm/px, not {spacing_um!r}")
        return spacing_um / self.mpp_x, spacing_um / self.mpp_y

    def area_um2(self, area_l0: float) -> float:
        """Area in µm² of `area_l0` level-0 square pixels."""
        return area_l0 * self.mpp_x * self.mpp_y

"""A rectangle of output pixels at a spacing, placed on the slide."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Region:
    """`width` × `height` output pixels whose top-left *corner* lies at (`x_l0`, `y_l0`).

    Output pixel ``(i, j)`` (column, row) covers the level-0 rectangle
    ``[x_l0 + i·downsample_x, x_l0 + (i+1)·downsample_x) × …``: corners are integer, pixel centres
    sit at half. The same convention holds for images and for label grids, which is what keeps
    them aligned to 0 offset.
    """

    x_l0: float
    y_l0: float
    width: int
    height: int
    downsample_x: float
    downsample_y: float

    def __post_init__(self) -> None:
        if self.width < 1 or self.height < 1:
            raise ValueError(f"a region needs at least 1 px, not {self.width}×{self.height}")
        if not (self.downsample_x > 0 and self.downsample_y > 0):
            raise ValueError("downsample factors must be positive")

    @classmethod
    def centred(
        cls,
        centre_x_l0: float,
        centre_y_l0: float,
        width: int,
        height: int,
        downsample: tuple[float, float],
    ) -> Region:
        """The region of this size whose centre is the given level-0 point."""
        dx, dy = downsample
        return cls(
            centre_x_l0 - width * dx / 2, centre_y_l0 - height * dy / 2, width, height, dx, dy
        )

    @property
    def centre_l0(self) -> tuple[float, float]:
        """Centre (x, y) in level-0 pixels."""
        x0, y0, x1, y1 = self.bounds_l0
        return (x0 + x1) / 2, (y0 + y1) / 2

    @property
    def bounds_l0(self) -> tuple[float, float, float, float]:
        """(min x, min y, max x, max y) in level-0 pixels."""
        return (
            self.x_l0,
            self.y_l0,
            self.x_l0 + self.width * self.downsample_x,
            self.y_l0 + self.height * self.downsample_y,
        )

    @property
    def affine_l0(self) -> tuple[float, float, float, float, float, float]:
        """(a, b, c, d, e, f) of ``x_l0 = a·col + b·row + c``, ``y_l0 = d·col + e·row + f``."""
        return (self.downsample_x, 0.0, self.x_l0, 0.0, self.downsample_y, self.y_l0)

"""How a whole slide lies in a square of a given size."""

from __future__ import annotations

from dataclasses import dataclass

from hookpath.geometry.pixel_spacing import Calibration
from hookpath.geometry.region import Region


@dataclass(frozen=True)
class Overview:
    """A slide made small enough for a square, in its middle, with the same µm/px along x and y.

    Attributes:
        region: the square; what of it is off the slide is padding.
        spacing_um: µm per px.
        left, top, width, height: px of the square that hold the slide.
    """

    region: Region
    spacing_um: float
    left: int
    top: int
    width: int
    height: int

    @classmethod
    def of(cls, size_l0: tuple[int, int], calibration: Calibration, size: int) -> Overview:
        """The overview of a slide.

        The slide begins at a corner of px (`left`, `top`), so that its output grid has no offset.

        Args:
            size_l0: width and height of the slide in level-0 px.
            size: side of the square in px.
        """
        width_um = size_l0[0] * calibration.mpp_x
        height_um = size_l0[1] * calibration.mpp_y
        spacing_um = max(width_um, height_um) / size
        width = min(size, _px(width_um, spacing_um))
        height = min(size, _px(height_um, spacing_um))
        left, top = (size - width) // 2, (size - height) // 2
        dx, dy = calibration.downsample(spacing_um)
        square = Region(-left * dx, -top * dy, size, size, dx, dy)
        return cls(square, spacing_um, left, top, width, height)


def _px(length_um: float, spacing_um: float) -> int:
    """Px that hold a length; a sliver that is rounding error is no px."""
    return max(1, -int(-(length_um / spacing_um - 1e-6) // 1))

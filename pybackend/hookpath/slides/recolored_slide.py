"""A slide in other colours: every pixel through one function, wherever it lies.

The same pixel gives the same colour in every region that holds it, so what is exact about reading
stays exact.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from hookpath.geometry import Region
from hookpath.slides.slide_base import RGBArray, Slide
from hookpath.slides.slide_wrapper import SlideOf

Matrix = tuple[tuple[float, float, float], ...]
Floats = npt.NDArray[np.float64]

#: Darkest light distinguished from none when taking logarithms.
DARKEST = 1 / 255
#: The function is tabulated for every 4th value of red, green and blue; between two, a pixel is
#: moved by as much as the nearest of them is. The table takes 1.5 MB and 15 ms to make; a full one
#: would take 100 MB a slide.
_STEP_BITS = 2
_NODES = 256 >> _STEP_BITS

IDENTITY: Matrix = ((1.0, 0.0, 0.0), (0.0, 1.0, 0.0), (0.0, 0.0, 1.0))


@dataclass(frozen=True)
class Recolouring:
    """``rgb' = mix⁻¹ · exp(matrix · log(mix · rgb) + shift)``, rgb in [0, 1]; white stays white.

    Cheap to pickle: the table is made when first used.

    Attributes:
        mix: what the logarithm is taken of; the identity for optical densities.
        matrix, shift: what becomes of the logarithms.
        glass: optical density (natural log) below which the change fades out, towards white.
    """

    matrix: Matrix
    shift: tuple[float, float, float] = (0.0, 0.0, 0.0)
    mix: Matrix = IDENTITY
    glass: float = 0.0

    def apply(self, rgb: RGBArray) -> RGBArray:
        """``(…, 3)`` uint8 in other colours."""
        node = (rgb >> _STEP_BITS).astype(np.int32)
        index = (node[..., 0] * _NODES + node[..., 1]) * _NODES + node[..., 2]
        moved = self._table[index]
        moved += rgb
        return np.asarray(moved.clip(0, 255, out=moved).astype(np.uint8))

    def exactly(self, rgb: Floats) -> Floats:
        """``(N, 3)`` in [0, 1], without the table."""
        mix = np.array(self.mix)
        logs = np.log(np.maximum(rgb @ mix.T, DARKEST))
        found = np.exp(logs @ np.array(self.matrix).T + self.shift) @ np.linalg.inv(mix).T
        if self.glass:
            density = -np.log(np.maximum(rgb, DARKEST)).min(axis=1, keepdims=True)
            share = (density / self.glass).clip(0, 1)
            found = rgb + share * (found - rgb)
        return np.asarray(found.clip(0, 1))

    @cached_property
    def _table(self) -> npt.NDArray[np.int16]:
        """``(nodes³, 3)``: what is added to pixels near each node."""
        values = np.arange(_NODES) * (1 << _STEP_BITS) + ((1 << _STEP_BITS) - 1) / 2
        values[-1] = 255  # white is the commonest colour of all
        nodes = np.stack(np.meshgrid(values, values, values, indexing="ij"), -1).reshape(-1, 3)
        moved = (self.exactly(nodes / 255) * 255 - nodes).round()
        return np.asarray(moved.astype(np.int16))


class RecolouredSlide(SlideOf):
    """Another slide's pixels in other colours; all else is that slide's. Closes it, too."""

    def __init__(self, slide: Slide, recolouring: Recolouring) -> None:
        super().__init__(slide)
        self.recolouring = recolouring

    def read(self, region: Region) -> RGBArray:
        """The region of the other slide, recoloured once it has been averaged."""
        return self.recolouring.apply(self.slide.read(region))

    def read_level(self, level: int, x_lv: int, y_lv: int, width: int, height: int) -> RGBArray:
        """Pixels of one level (see `Slide.read_level`)."""
        return self.recolouring.apply(self.slide.read_level(level, x_lv, y_lv, width, height))

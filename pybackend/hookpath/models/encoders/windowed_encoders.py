"""Networks that look at whole images, for pixels: on a fixed lattice of windows.

Squeeze-and-excitation and attention let every px of an image count for every other, so what they
give for a place depends on where the image was cut. Here the cut is part of the network: windows of
one size lie on a lattice, each is run alone, and the middles of their maps make up the map. As
long as tiles start on the lattice (`hookpath.models.unet_arithmetic.BranchShape.phase`), training,
whole slides and preview see the same windows.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from torch import Tensor

LEAST_CUT = 32
"""Px that are at least cut from each side of a window, where the network sees an edge."""


@dataclass(frozen=True)
class Windows:
    """The lattice.

    Attributes:
        side: px of a window.
        step: px between two windows, a power of two; the middle that is kept of each.
    """

    side: int
    step: int

    @classmethod
    def of_side(cls, side: int) -> Windows:
        """The longest step that leaves `LEAST_CUT` px on each side."""
        step = 1
        while 2 * step <= side - 2 * LEAST_CUT:
            step *= 2
        return cls(side, step)

    @property
    def cut(self) -> int:
        """Px between a window's edge and what is kept of it."""
        return (self.side - self.step) // 2

    def apart(self, image: Tensor) -> Tensor:
        """``(N, C, k·step + 2·cut, l·step + 2·cut)`` → ``(N·k·l, C, side, side)``."""
        channels = image.shape[1]
        cut = image.unfold(2, self.side, self.step).unfold(3, self.side, self.step)
        return cut.permute(0, 2, 3, 1, 4, 5).reshape(-1, channels, self.side, self.side)

    def together(self, maps: Mapping[int, Tensor], image: Tensor) -> dict[int, Tensor]:
        """The windows' maps, cut and put side by side: ``(N, C, k·step/2^d, l·step/2^d)``."""
        n, _, height, width = image.shape
        rows, columns = ((s - 2 * self.cut) // self.step for s in (height, width))
        joined: dict[int, Tensor] = {}
        for depth, found in maps.items():
            edge, kept = self.cut >> depth, self.step >> depth
            middle = found[..., edge : edge + kept, edge : edge + kept]
            middle = middle.reshape(n, rows, columns, -1, kept, kept).permute(0, 3, 1, 4, 2, 5)
            joined[depth] = middle.reshape(n, -1, rows * kept, columns * kept)
        return joined

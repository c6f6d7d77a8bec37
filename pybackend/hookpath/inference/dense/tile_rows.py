"""Predicted tiles, and the rows of the output grid that they make."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from hookpath.errors import NoNumberError
from hookpath.inference.aligned_tile_grids import Box
from hookpath.inference.roi.tissue_tiles import BoolGrid

Labels = npt.NDArray[np.uint8]
Probabilities = npt.NDArray[np.uint8] | npt.NDArray[np.float32]


@dataclass(frozen=True)
class PredictedTile:
    """`window` in px of the output grid; labels ``(h, w)``, probabilities ``(C, h, w)``.

    Label c + 1 is class channel c; 0: not wanted there, all probabilities 0. Probabilities are
    0…255 in uint8, or 0…1 in float32.
    """

    window: Box
    labels: Labels
    probabilities: Probabilities

    def moved(self, start: tuple[int, int]) -> PredictedTile | None:
        """See `PredictedRow.moved`."""
        x, y = self.window.x + start[0], self.window.y + start[1]
        left, top = max(0, -x), max(0, -y)
        width, height = self.window.width - left, self.window.height - top
        if width <= 0 or height <= 0:
            return None
        return PredictedTile(
            Box(x + left, y + top, width, height),
            self.labels[top:, left:],
            self.probabilities[:, top:, left:],
        )


@dataclass(frozen=True)
class PredictedRow:
    """A full-width band of the output grid; only computed tiles are held."""

    y_out: int
    height: int
    width: int
    tiles: tuple[PredictedTile, ...]

    def labels(self, top: int = 0, bottom: int | None = None) -> Labels:
        """``(rows, width)`` uint8 of the band's rows `top` up to `bottom`."""
        bottom = self.height if bottom is None else bottom
        out = np.zeros((bottom - top, self.width), np.uint8)
        for tile, here, there in self._parts(top, bottom):
            out[here] = tile.labels[there]
        return out

    def probabilities(
        self, channels: int, top: int = 0, bottom: int | None = None
    ) -> Probabilities:
        """``(channels, rows, width)`` of the band's rows `top` up to `bottom`."""
        bottom = self.height if bottom is None else bottom
        dtype = self.tiles[0].probabilities.dtype if self.tiles else np.dtype(np.uint8)
        out: Probabilities = np.zeros((channels, bottom - top, self.width), dtype)
        for tile, here, there in self._parts(top, bottom):
            out[(slice(None), *here)] = tile.probabilities[(slice(None), *there)]
        return out

    def moved(self, start: tuple[int, int]) -> PredictedRow | None:
        """The band on the slide's own grid, if its grid begins at `start` (≤ 0) of that.

        What lies before the slide's origin is cut off; None if nothing is left.
        """
        x, y = start
        if (x, y) == (0, 0):
            return self
        cut = max(0, -(self.y_out + y))
        if cut >= self.height:
            return None
        tiles = tuple(part for tile in self.tiles if (part := tile.moved(start)) is not None)
        return PredictedRow(self.y_out + y + cut, self.height - cut, self.width + x, tiles)

    def _parts(
        self, top: int, bottom: int
    ) -> Iterator[tuple[PredictedTile, tuple[slice, slice], tuple[slice, slice]]]:
        for tile in self.tiles:
            window = tile.window
            offset = window.y - self.y_out
            first, last = max(top, offset), min(bottom, offset + window.height)
            if first < last:
                columns = slice(window.x, window.x + window.width)
                here = (slice(first - top, last - top), columns)
                there = (slice(first - offset, last - offset), slice(None))
                yield tile, here, there


def classify(logits: Tensor, mask: BoolGrid, as_uint8: bool) -> tuple[Labels, Probabilities]:
    """Labels ``(h, w)`` and softmax probabilities ``(C, h, w)`` where `mask` is true, 0 elsewhere.

    Or of a batch: ``(N, C, h, w)`` scores and an ``(N, h, w)`` mask. On the logits' own device:
    what comes back from it is a quarter of the size.

    Raises:
        NoNumberError: the network's answer is no number; `argmax` would call it the first class.
    """
    wanted = torch.from_numpy(mask).to(logits.device)
    probabilities = logits.softmax(dim=-3) * wanted.unsqueeze(-3)
    if probabilities.isnan().any():
        raise NoNumberError(
            "the network's answer is no number (NaN or infinite), so nothing is predicted; predict "
            "with --precision fp32, copy the model folder again, or train it again"
        )
    labels = (logits.argmax(dim=-3) + 1).to(torch.uint8) * wanted
    if as_uint8:
        probabilities = (probabilities * 255).round_().to(torch.uint8)
    return labels.cpu().numpy(), probabilities.cpu().numpy()


def empty_probabilities(shape: tuple[int, ...], as_uint8: bool) -> Probabilities:
    """All 0: uint8 for 0…255, or float32."""
    return np.zeros(shape, np.uint8) if as_uint8 else np.zeros(shape, np.float32)

"""Class probabilities of what is looked at: the numbers that dense prediction gives there.

A view is cut out of the grid that predicting the whole slide would use (`hookpath.inference`),
so tiles start in the same phase, every branch reads its own context from the slide, and a preview
equals the prediction to rounding, wherever the view lies and however it is cut into tiles.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from hookpath.context_managers import Closing
from hookpath.errors import PredictionError
from hookpath.inference import Predictor, check_spacing
from hookpath.inference.aligned_tile_grids import Box
from hookpath.inference.dense.tile_rows import PredictedTile, Probabilities
from hookpath.qupath.probability_downsampling import shrink
from hookpath.slides import Slide

MOST_PX = 8 * 2**20
"""Most model px that one view may ask for: some seconds on a CPU, a quarter on a GPU. A coarser
view is refused, not sampled: a network with valid convolutions reads a wide margin around every
output px, so one px in k² costs as much as all of them until k is large; and running it on a
coarser image gives other classes than prediction would."""


class CancelledError(Exception):
    """Nobody waits for this view any more."""


@dataclass(frozen=True)
class View:
    """`width` × `height` px at `downsample` level-0 px each, from (`x_l0`, `y_l0`) on."""

    x_l0: float
    y_l0: float
    width: int
    height: int
    downsample: float

    def __post_init__(self) -> None:
        numbers = (self.x_l0, self.y_l0, self.downsample)
        if not all(map(math.isfinite, numbers)) or self.downsample <= 0:
            raise PredictionError(f"cannot preview at {numbers}: not a place on a slide")
        if self.width < 1 or self.height < 1:
            raise PredictionError(f"cannot preview {self.width}×{self.height} px")


def _never() -> bool:
    return False


class Preview(Closing):
    """One model on one slide. Not for several threads at once.

    Args:
        predictor: of the model (`hookpath.inference.predictor_of`).
        slides: handles of the slide, one for each reading thread; closed with the preview.
        tissue: False classifies glass, too (prediction's ``--no-tissue``).

    Raises:
        MissingSpacingError: the slide's µm/px is unknown.
        PredictionError: the slide is too coarse for the model, or the model sees whole slides only.
    """

    def __init__(self, predictor: Predictor, slides: Sequence[Slide], tissue: bool = True) -> None:
        self.predictor, self.slides = predictor, tuple(slides)
        if not predictor.local:
            raise PredictionError(
                "this model looks at whole slides, so there is no preview of a part; run it"
            )
        reads_um = predictor.reads_um(self.slides[0])
        check_spacing(self.slides[0], reads_um)
        self.spacing_um = predictor.spacing_um(self.slides[0])
        # Of the input, per px of output: many where a patch gets one class.
        self._read_px = (self.spacing_um / reads_um) ** 2
        self._job = predictor.job(self.slides[0], tissue=tissue)
        self.grid = self._job.grid

    def classify(
        self, view: View, cancelled: Callable[[], bool] = _never, as_uint8: bool = True
    ) -> Probabilities:
        """Probabilities ``(C, view.height, view.width)``, averaged over each px of the view.

        0…255 in uint8, or 0…1 in float32. Off the slide, and where there is no tissue, all are 0.

        Args:
            cancelled: asked between two pieces.

        Raises:
            CancelledError: it said yes.
            PredictionError: the view is so coarse that it spans more than `MOST_PX` model px.
            SlideError: the slide is damaged there.
        """
        window = self._window(view)
        if window is None:
            return self._empty(view.height, view.width, as_uint8)
        px = window.area * self._read_px
        if px > MOST_PX:
            raise PredictionError(
                f"this view is {px / 2**20:.0f} million px for the model; zoom in until "
                f"it is {MOST_PX / 2**20:.0f} million or less"
            )
        found = self._probabilities(window, cancelled, as_uint8)
        dx, dy = self.grid.downsample
        along_x = (view.x_l0 / dx - window.x, view.downsample / dx, view.width)
        along_y = (view.y_l0 / dy - window.y, view.downsample / dy, view.height)
        return shrink(found, along_y, along_x)

    def _window(self, view: View) -> Box | None:
        """The px of the slide's output grid under the view; None: it is off the slide."""
        (dx, dy), sliver = self.grid.downsample, 1e-6
        x0 = max(0, math.floor(view.x_l0 / dx + sliver))
        y0 = max(0, math.floor(view.y_l0 / dy + sliver))
        right, bottom = (
            view.x_l0 + view.width * view.downsample,
            view.y_l0 + view.height * view.downsample,
        )
        x1 = min(self.grid.width, math.ceil(right / dx - sliver))
        y1 = min(self.grid.height, math.ceil(bottom / dy - sliver))
        return Box(x0, y0, x1 - x0, y1 - y0) if x0 < x1 and y0 < y1 else None

    def _probabilities(
        self, window: Box, cancelled: Callable[[], bool], as_uint8: bool
    ) -> Probabilities:
        out = self._empty(window.height, window.width, as_uint8)

        def ask(_: int = 0) -> None:
            if cancelled():
                raise CancelledError

        ask()
        for tile in self._job.part(self.slides, window, ask, as_uint8):
            _put(tile, window, out)
        return out

    def _empty(self, height: int, width: int, as_uint8: bool) -> Probabilities:
        shape = self.predictor.n_classes, height, width
        return np.zeros(shape, np.uint8) if as_uint8 else np.zeros(shape, np.float32)

    def close(self) -> None:
        """Close the slide's handles."""
        for slide in self.slides:
            slide.close()


def _put(tile: PredictedTile, window: Box, out: Probabilities) -> None:
    """Copy what `tile` (px of the slide's grid) and `window` share into `out`."""
    box = tile.window
    x0, x1 = max(box.x, window.x), min(box.x + box.width, window.x + window.width)
    y0, y1 = max(box.y, window.y), min(box.y + box.height, window.y + window.height)
    if x0 < x1 and y0 < y1:
        part = tile.probabilities[:, y0 - box.y : y1 - box.y, x0 - box.x : x1 - box.x]
        out[:, y0 - window.y : y1 - window.y, x0 - window.x : x1 - window.x] = part

"""Count one slide: truth against prediction, tile by tile where somebody drew."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from hookpath.evaluation.class_metrics import Counts, confusion_matrix
from hookpath.evaluation.predictions.class_map_source import PredictedMap, Probabilities, nearest
from hookpath.evaluation.scoring.annotated_tiles import TILE, labelled_tiles
from hookpath.evaluation.scoring.annotation_scores import AreaTally
from hookpath.evaluation.scoring.ground_truth import Truth
from hookpath.evaluation.scoring.roc import Bins, count_probabilities
from hookpath.evaluation.shape_scoring.shape_counts import ShapeTally
from hookpath.geometry import Region

Tally = npt.NDArray[np.int64]


@dataclass
class ErrorTally:
    """Right and wrong labelled pixels under every pixel of a view, for the error picture.

    Counted at full resolution, so that a thin error is seen however coarse the view is.
    """

    view: Region
    right: Tally = field(init=False)
    wrong: Tally = field(init=False)

    def __post_init__(self) -> None:
        self.right = np.zeros((self.view.height, self.view.width), dtype=np.int64)
        self.wrong = np.zeros_like(self.right)

    def add(self, region: Region, labelled: npt.NDArray[np.bool_], is_right: npt.ArrayLike) -> None:
        """Count one tile: `labelled` and `is_right` are ``(h, w)`` bool over `region`."""
        view = self.view
        rows, columns = np.nonzero(labelled)
        y = nearest(region.y_l0, region.downsample_y, region.height, view.y_l0, view.downsample_y)
        x = nearest(region.x_l0, region.downsample_x, region.width, view.x_l0, view.downsample_x)
        y, x = y[rows], x[columns]
        inside = (y >= 0) & (y < view.height) & (x >= 0) & (x < view.width)
        flat = (y * view.width + x)[inside]
        right = np.asarray(is_right, dtype=bool)[rows, columns][inside]
        for target, chosen in ((self.right, right), (self.wrong, ~right)):
            counted = np.bincount(flat[chosen], minlength=target.size)
            target += counted.reshape(target.shape)


@dataclass
class ProbabilityTally:
    """Counted probabilities of a slide; `bins` ``(C, 2, 256)``, None where there are no maps."""

    bins: Bins | None = None

    def add(self, truth: npt.ArrayLike, probabilities: Probabilities | None) -> None:
        """Count one tile: ``(h, w)`` labels and ``(h, w, C)`` uint8."""
        if probabilities is not None:
            found = count_probabilities(truth, probabilities)
            self.bins = found if self.bins is None else self.bins + found


def count_slide(
    truth: Truth,
    predicted: PredictedMap,
    grid: Region | None = None,
    errors: ErrorTally | None = None,
    tile: int = TILE,
    probabilities: ProbabilityTally | None = None,
    areas: AreaTally | None = None,
    shapes: ShapeTally | None = None,
) -> Counts:
    """Confusion counts of one slide.

    Args:
        truth: its classes begin with those of the prediction.
        predicted: the class map.
        grid: the pixels to count, of the map's size or any other; default: those of the map.
            Pixels that lie off the map are "not predicted".
        errors: also gets what is right and wrong where.
        tile: px of the grid along a tile's side; memory grows with its square, not with the slide.
        probabilities: also gets the probabilities there.
        areas: also gets what is predicted in each annotated area.
        shapes: also gets objects and boundaries.

    Returns:
        ``(truth.n_labels, n_known + 1)``: rows beyond `n_known` are classes that the model does
        not know; the last column is "not predicted".
    """
    counts = np.zeros((truth.n_labels, truth.n_known + 1), dtype=np.int64)
    annotated = [p.geometry for p in truth.labels.polygons]
    grid = grid or predicted.grid
    for region in labelled_tiles(grid, annotated, tile):
        true = truth.labels.rasterize(region)
        if not true.any():
            continue
        guess = predicted.labels_of(region)
        counts += confusion_matrix(true, guess, truth.n_known, truth.n_labels)
        chances = None if probabilities is None else predicted.probabilities_of(region)
        if probabilities is not None:
            probabilities.add(true, chances)
        if areas is not None:
            areas.add(truth.labels.rasterize_polygons(region), guess, chances)
        if shapes is not None:
            shapes.add(grid, region, true, guess)
        if errors is not None:
            errors.add(region, (true > 0) & (true <= truth.n_known), guess == true)
    return counts

"""Confusion matrices as a figure: one for every run, in per cent of what was drawn."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from hookpath.evaluation.class_metrics import Counts, row_normalised
from hookpath.evaluation.csv_and_dataframe import Table
from hookpath.evaluation.plotting import figure_style

_COLUMNS = 3


def matrices_figure(names: Sequence[str], classes: Sequence[str], counts: Sequence[Counts]) -> Any:
    """Matrices beside each other.

    Args:
        names: of the runs.
        classes: of rows and columns.
        counts: of each run, ``(C, C + 1)``, the last column not predicted.
    """
    with_none = any(c[:, -1].any() for c in counts)
    side = max(1.7, 0.44 * (len(classes) + with_none))
    columns = min(_COLUMNS, len(names))
    rows = math.ceil(len(names) / columns)
    labels = [figure_style.plain_text(figure_style.shorten(n, 16)) for n in classes]
    edge = 0.4 + 0.085 * max(map(len, labels))
    width = edge + columns * (side + 0.25)
    height = rows * (side + 0.4) + edge
    drawing = figure_style.new_figure(width, height)
    for number, (name, matrix) in enumerate(zip(names, counts, strict=True)):
        row, column = divmod(number, columns)
        shown = matrix if with_none else matrix[:, :-1]
        wide = side * shown.shape[1] / (len(classes) + with_none)
        tall = side * len(classes) / (len(classes) + with_none)
        axes = drawing.add_axes((
            (edge + column * (side + 0.25)) / width,
            1 - (0.32 + row * (side + 0.4) + tall) / height, wide / width, tall / height,
        ))  # fmt: skip
        _matrix(axes, name, row_normalised(shown), side)
        axes.set_yticks(range(len(classes)), labels if column == 0 else [""] * len(labels))
        last = number + columns >= len(names)
        titles = [*labels, *(["none"] if with_none else [])]
        axes.set_xticks(range(len(titles)), titles if last else [""] * len(titles),
                        rotation=60, ha="right", rotation_mode="anchor")  # fmt: skip
    return drawing


def matrices_table(names: Sequence[str], classes: Sequence[str], counts: Sequence[Counts]) -> Table:
    """One line for every cell."""
    rows = [
        (name, annotated, predicted, int(matrix[i, j]), float(row_normalised(matrix)[i, j]))
        for name, matrix in zip(names, counts, strict=True)
        for i, annotated in enumerate(classes)
        for j, predicted in enumerate([*classes, "(none)"])
    ]
    return Table(("run", "drawn", "predicted", "pixels", "share_of_drawn"), rows)


def _matrix(axes: Any, name: str, shares: Any, side: float) -> None:
    from matplotlib.colors import LinearSegmentedColormap

    blues = LinearSegmentedColormap.from_list("blues", ["#ffffff", "#24568f"])
    axes.imshow(np.nan_to_num(shares), cmap=blues, vmin=0, vmax=1, aspect="auto")
    for (row, column), share in np.ndenumerate(shares):
        if not np.isnan(share):
            axes.text(column, row, f"{100 * share:.0f}", ha="center", va="center", fontsize=8,
                      color="white" if share > 0.55 else figure_style.INK)  # fmt: skip
    title = figure_style.shorten(name, max(12, int(side * 11)))
    axes.set_title(figure_style.plain_text(title), fontsize=9.5, color=figure_style.INK)
    axes.tick_params(length=0, labelsize=8.5, labelcolor=figure_style.INK)
    axes.spines[:].set_color(figure_style.LINE)

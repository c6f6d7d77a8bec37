"""Plots of what probabilities are worth, a panel for every class.

ROC, precision and recall, reliability.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from hookpath.annotations.classes import ClassTable
from hookpath.evaluation.csv_and_dataframe import Table
from hookpath.evaluation.plotting import figure_style
from hookpath.evaluation.scoring.calibration import (
    ap_of_bins,
    ece_of_bins,
    precision_recall,
    reliability,
)
from hookpath.evaluation.scoring.roc import Bins, Roc, roc_of_bins

#: Panels beside each other, and inches along a panel's side.
_COLUMNS, _SIDE = 3, 3.0


@dataclass(frozen=True)
class Curves:
    """The probabilities of one run or slide, and how its curves look.

    `bins` ``(C, 2, 256)`` in the order of the figure's classes.
    """

    name: str
    bins: Bins
    color: str
    width: float = 1.6
    style: str = "-"
    #: Whether the legend names it.
    named: bool = True


def roc_figure(classes: ClassTable, curves: Sequence[Curves]) -> Any:
    """One class against all others, a panel for each class that has a curve.

    The panel's legend gives the areas; the lines' names stand below all panels.
    """
    axes_names = ("false positive rate", "true positive rate")
    return _panels(classes, curves, _roc_panel, axes_names)


def precision_figure(classes: ClassTable, curves: Sequence[Curves]) -> Any:
    """Precision against recall, each class against all others; the legend gives the areas."""
    return _panels(classes, curves, _precision_panel, ("recall", "precision"))


def reliability_figure(classes: ClassTable, curves: Sequence[Curves]) -> Any:
    """How often a class is right where its probability is so high; the legend gives the ECE."""
    return _panels(classes, curves, _reliability_panel, ("probability", "share that is right"))


Panel = Callable[[Any, Sequence[tuple[Curves, Bins]]], None]
"""Draws one class's curves into axes."""


def _panels(
    classes: ClassTable, curves: Sequence[Curves], panel: Panel, axes_names: tuple[str, str]
) -> Any:
    shown = [i for i in range(len(classes)) if any(_has_both(c, i) for c in curves)]
    columns = max(1, min(_COLUMNS, len(shown)))
    rows = max(1, math.ceil(len(shown) / columns))
    legend = 0.23 * math.ceil(sum(c.named for c in curves) / _legend_columns(columns, curves)) + 0.2
    drawing = figure_style.new_figure(columns * _SIDE + 0.5, rows * (_SIDE + 0.35) + legend)
    top = 1 - 0.35 / drawing.get_figheight()
    grid = drawing.add_gridspec(
        rows, columns, left=0.62 / drawing.get_figwidth(), right=0.98, top=top,
        bottom=(legend + 0.5) / drawing.get_figheight(), wspace=0.16, hspace=0.3,
    )  # fmt: skip
    for number, index in enumerate(shown):
        axes = drawing.add_subplot(grid[number // columns, number % columns])
        panel(axes, [(c, c.bins[index]) for c in curves if _has_both(c, index)])
        _frame(axes, classes.names[index])
        if number % columns == 0:
            axes.set_ylabel(axes_names[1], color=figure_style.GREY)
        if number + columns >= len(shown):
            axes.set_xlabel(axes_names[0], color=figure_style.GREY)
    _name_lines(drawing, columns, curves)
    return drawing


def roc_table(classes: ClassTable, curves: Sequence[Curves], what: str) -> Table:
    """Every point of every curve; the first line of a curve has no threshold: nothing is called.

    Args:
        what: column title of the curves' names.
    """
    rows: list[tuple[Any, ...]] = []
    for index, name in enumerate(classes.names):
        for one in curves:
            if roc := _roc(one, index):
                points = zip(roc.thresholds, roc.fpr, roc.tpr, strict=True)
                rows += [(name, one.name, None if np.isinf(t) else float(t), float(f), float(p))
                         for t, f, p in points]  # fmt: skip
    header = ("class", what, "threshold", "false_positive_rate", "true_positive_rate")
    return Table(header, rows)


def precision_table(classes: ClassTable, curves: Sequence[Curves], what: str) -> Table:
    """Every point of every precision–recall curve."""
    rows = _points(classes, curves, precision_recall)
    return Table(("class", what, "threshold", "recall", "precision"), rows)


def reliability_table(classes: ClassTable, curves: Sequence[Curves], what: str) -> Table:
    """Mean probability, share that is right and pixels, in steps of probability."""
    rows = _points(classes, curves, reliability)
    return Table(("class", what, "mean_probability", "share_right", "pixels"), rows)


def _points(
    classes: ClassTable, curves: Sequence[Curves], of_bins: Callable[[Any], Iterable[Any]]
) -> list[tuple[Any, ...]]:
    """Class, name and numbers of each point of the curves that `of_bins` makes."""
    return [
        (name, one.name, *point)
        for index, name in enumerate(classes.names)
        for one in curves
        if _has_both(one, index)
        for point in zip(*(a.tolist() for a in of_bins(one.bins[index])), strict=True)
    ]


def _has_both(curves: Curves, index: int) -> bool:
    """Whether there are pixels of the class, and of others."""
    return bool(curves.bins[index].sum(axis=1).all())


def _roc(curves: Curves, index: int) -> Roc | None:
    """None without pixels of the class, or without others."""
    return roc_of_bins(curves.bins[index]) if _has_both(curves, index) else None


def _roc_panel(axes: Any, curves: Sequence[tuple[Curves, Bins]]) -> None:
    axes.plot([0, 1], [0, 1], color=figure_style.LINE, lw=1, zorder=1)
    found = [(one, roc_of_bins(bins)) for one, bins in curves]
    lines = [(_line(axes, one, roc.fpr, roc.tpr), one, roc.auc) for one, roc in found]
    _legend(axes, "AUC", lines, "lower right")


def _precision_panel(axes: Any, curves: Sequence[tuple[Curves, Bins]]) -> None:
    lines = []
    for one, bins in curves:
        _, recall, precision = precision_recall(bins)
        lines.append((_line(axes, one, recall, precision), one, float(ap_of_bins(bins))))
    _legend(axes, "AP", lines, "lower left")


def _reliability_panel(axes: Any, curves: Sequence[tuple[Curves, Bins]]) -> None:
    axes.plot([0, 1], [0, 1], color=figure_style.LINE, lw=1, zorder=1)
    lines = []
    for one, bins in curves:
        mean, right, pixels = reliability(bins)
        there = pixels > 0
        line = _line(axes, one, mean[there], right[there], "o" if one.named else "")
        lines.append((line, one, float(ece_of_bins(bins))))
    _legend(axes, "ECE", lines, "upper left")


def _line(axes: Any, one: Curves, x: Any, y: Any, marker: str = "") -> Any:
    (line,) = axes.plot(
        x, y, color=one.color, lw=one.width, ls=one.style, marker=marker, markersize=4
    )
    return line


def _legend(axes: Any, title: str, lines: Sequence[tuple[Any, Curves, float]], where: str) -> None:
    named = [(line, f"{value:.3f}") for line, one, value in lines if one.named]
    if not named:
        return
    legend = axes.legend(
        *zip(*named, strict=True), title=title, fontsize=8, title_fontsize=8, loc=where,
        frameon=True, framealpha=0.85, edgecolor="none", handlelength=1.6,
        ncols=2 if len(named) > 5 else 1, columnspacing=1.0,
    )  # fmt: skip
    legend.set_zorder(5)


def _frame(axes: Any, name: str) -> None:
    figure_style.plain_axes(axes)
    axes.set_title(
        figure_style.plain_text(figure_style.shorten(name, 30)), fontsize=10, color=figure_style.INK
    )
    axes.set(xlim=(-0.02, 1.02), ylim=(-0.02, 1.02), aspect="equal")
    axes.set_xticks(np.linspace(0, 1, 5), ["0", "", "0.5", "", "1"])
    axes.set_yticks(np.linspace(0, 1, 5), ["0", "", "0.5", "", "1"])


def _name_lines(drawing: Any, columns: int, curves: Sequence[Curves]) -> None:
    from matplotlib.lines import Line2D

    handles = [
        Line2D([], [], color=c.color, lw=c.width, ls=c.style, label=_label(c.name))
        for c in curves
        if c.named
    ]
    drawing.legend(
        handles=handles, loc="lower center", frameon=False, fontsize=9, labelcolor=figure_style.INK,
        ncols=_legend_columns(columns, curves), bbox_to_anchor=(0.5, 0.0),
    )  # fmt: skip


def _label(name: str) -> str:
    return figure_style.plain_text(figure_style.shorten(name, 40))


def _legend_columns(columns: int, curves: Sequence[Curves]) -> int:
    """Names beside each other: as many as fit below the panels."""
    longest = max((min(40, len(c.name)) for c in curves if c.named), default=1)
    inches = 0.5 + 0.085 * longest
    return max(1, int((columns * _SIDE + 0.3) / inches))

"""Plots of ROC curves: one panel for every class."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from hookpath.annotations.classes import ClassTable
from hookpath.evaluation import _plots
from hookpath.evaluation.plots import Table
from hookpath.evaluation.roc import Bins, Roc, roc_of_bins

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
    shown = [i for i in range(len(classes)) if any(_roc(c, i) for c in curves)]
    columns = max(1, min(_COLUMNS, len(shown)))
    rows = max(1, math.ceil(len(shown) / columns))
    legend = 0.23 * math.ceil(sum(c.named for c in curves) / _legend_columns(columns, curves)) + 0.2
    drawing = _plots.new_figure(columns * _SIDE + 0.5, rows * (_SIDE + 0.35) + legend)
    top = 1 - 0.35 / drawing.get_figheight()
    grid = drawing.add_gridspec(
        rows, columns, left=0.62 / drawing.get_figwidth(), right=0.98, top=top,
        bottom=(legend + 0.5) / drawing.get_figheight(), wspace=0.16, hspace=0.3,
    )  # fmt: skip
    for number, index in enumerate(shown):
        axes = drawing.add_subplot(grid[number // columns, number % columns])
        _panel(axes, classes.names[index], [(c, _roc(c, index)) for c in curves])
        if number % columns == 0:
            axes.set_ylabel("true positive rate", color=_plots.GREY)
        if number + columns >= len(shown):
            axes.set_xlabel("false positive rate", color=_plots.GREY)
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


def _roc(curves: Curves, index: int) -> Roc | None:
    """None without pixels of the class, or without others."""
    bins = curves.bins[index]
    return roc_of_bins(bins) if bins.sum(axis=1).all() else None


def _panel(axes: Any, name: str, curves: Sequence[tuple[Curves, Roc | None]]) -> None:
    axes.plot([0, 1], [0, 1], color=_plots.LINE, lw=1, zorder=1)
    lines = []
    for one, roc in curves:
        if roc is not None:
            (line,) = axes.plot(roc.fpr, roc.tpr, color=one.color, lw=one.width, ls=one.style)
            if one.named:
                lines.append((line, f"{roc.auc:.3f}"))
    _plots.plain_axes(axes)
    axes.set_title(_plots.plain_text(_plots.shorten(name, 30)), fontsize=10, color=_plots.INK)
    axes.set(xlim=(-0.02, 1.02), ylim=(-0.02, 1.02), aspect="equal")
    axes.set_xticks(np.linspace(0, 1, 5), ["0", "", "0.5", "", "1"])
    axes.set_yticks(np.linspace(0, 1, 5), ["0", "", "0.5", "", "1"])
    legend = axes.legend(
        *zip(*lines, strict=True), title="AUC", fontsize=8, title_fontsize=8, loc="lower right",
        frameon=True, framealpha=0.85, edgecolor="none", handlelength=1.6,
        ncols=2 if len(lines) > 5 else 1, columnspacing=1.0,
    )  # fmt: skip
    legend.set_zorder(5)


def _name_lines(drawing: Any, columns: int, curves: Sequence[Curves]) -> None:
    from matplotlib.lines import Line2D

    handles = [
        Line2D([], [], color=c.color, lw=c.width, ls=c.style, label=_label(c.name))
        for c in curves
        if c.named
    ]
    drawing.legend(
        handles=handles, loc="lower center", frameon=False, fontsize=9, labelcolor=_plots.INK,
        ncols=_legend_columns(columns, curves), bbox_to_anchor=(0.5, 0.0),
    )  # fmt: skip


def _label(name: str) -> str:
    return _plots.plain_text(_plots.shorten(name, 40))


def _legend_columns(columns: int, curves: Sequence[Curves]) -> int:
    """Names beside each other: as many as fit below the panels."""
    longest = max((min(40, len(c.name)) for c in curves if c.named), default=1)
    inches = 0.5 + 0.085 * longest
    return max(1, int((columns * _SIDE + 0.3) / inches))

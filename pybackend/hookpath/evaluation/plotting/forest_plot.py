"""Metrics with their intervals, one below the other: runs, differences, groups of slides."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from hookpath.evaluation.plotting import figure_style

#: Rows' names are at most this long.
_LONGEST = 52


@dataclass(frozen=True)
class Series:
    """One metric for every row.

    Attributes:
        name: in the legend; "": not there.
        values, lows, highs: one for each row, NaN where there is none.
        colors: one for each row.
        marker: matplotlib's letter.
        filled: for each row; empty: all.
    """

    name: str
    values: Sequence[float]
    lows: Sequence[float]
    highs: Sequence[float]
    colors: Sequence[str]
    marker: str = "o"
    filled: Sequence[bool] = ()


def forest_figure(
    rows: Sequence[str], series: Sequence[Series], label: str, zero: bool = False
) -> Any:
    """Markers with interval bars.

    Args:
        rows: their names.
        series: drawn below each other within a row.
        label: of the horizontal axis.
        zero: draw a line at 0, where there is no difference.
    """
    step = 0.2 if len(series) > 1 else 0.0
    height = max(0.34, step * len(series) + 0.14)
    named = [s for s in series if s.name]
    drawing = figure_style.new_figure(6.4, 0.7 + height * len(rows))
    axes = drawing.add_axes((0.3, 0.55 / drawing.get_figheight(), 0.68, _share(drawing)))
    if zero:
        axes.axvline(0, color=figure_style.GREY, lw=1, zorder=1)
    for number, one in enumerate(series):
        offset = (number - (len(series) - 1) / 2) * step / height
        _draw(axes, one, np.arange(len(rows)) + offset)
    figure_style.plain_axes(axes)
    axes.set_yticks(
        range(len(rows)), [figure_style.plain_text(figure_style.shorten(r, _LONGEST)) for r in rows]
    )
    axes.set_ylim(len(rows) - 0.5, -0.5)
    axes.grid(axis="x", color=figure_style.LINE, lw=0.7)
    axes.set_axisbelow(True)
    axes.tick_params(axis="y", length=0, labelcolor=figure_style.INK)
    axes.set_xlabel(label, color=figure_style.GREY)
    _pad(axes, series, zero)
    if named:
        _legend(drawing, axes, named)
    return drawing


def _share(drawing: Any) -> float:
    return 1 - 0.6 / float(drawing.get_figheight())


def _draw(axes: Any, one: Series, y: Any) -> None:
    filled = one.filled or [True] * len(one.values)
    for row, (value, low, high) in enumerate(zip(one.values, one.lows, one.highs, strict=True)):
        if np.isnan(value):
            continue
        color = one.colors[row]
        if not np.isnan(low):
            axes.plot([low, high], [y[row]] * 2, color=color, lw=1.5, zorder=2)
        axes.plot([value], [y[row]], marker=one.marker, ms=6, color=color, zorder=3,
                  mfc=color if filled[row] else "white", mew=1.3, clip_on=False)  # fmt: skip


def _pad(axes: Any, series: Sequence[Series], zero: bool) -> None:
    """The axis as wide as what is drawn, and a little wider: markers are not cut."""
    values = np.array([[s.values, s.lows, s.highs] for s in series], dtype=float).ravel()
    known = values[~np.isnan(values)]
    if not known.size:
        return
    low, high = float(known.min()), float(known.max())
    if zero:
        low, high = min(low, 0.0), max(high, 0.0)
    margin = max(0.06 * (high - low), 0.005)
    axes.set_xlim(low - margin, high + margin)


def _legend(drawing: Any, axes: Any, named: Sequence[Series]) -> None:
    from matplotlib.lines import Line2D

    handles = [
        Line2D([], [], color=_legend_color(s), marker=s.marker, lw=1.5, ms=6,
               label=figure_style.plain_text(figure_style.shorten(s.name, 40)))
        for s in named
    ]  # fmt: skip
    longest = max(len(s.name) for s in named)
    axes.legend(
        handles=handles, frameon=False, fontsize=9, loc="lower left", labelcolor=figure_style.INK,
        bbox_to_anchor=(0.0, 1.0), ncols=1 if longest > 24 else min(len(named), 3),
        borderaxespad=0.4,
    )  # fmt: skip


def _legend_color(one: Series) -> str:
    return one.colors[0] if len(set(one.colors)) == 1 else figure_style.GREY

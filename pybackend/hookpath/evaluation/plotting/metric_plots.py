"""The plots of the pages: F1 of slides, paired runs, learning curves."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from hookpath.annotations.objects import RGB
from hookpath.evaluation.class_metrics import spread
from hookpath.evaluation.plotting import figure_style

if TYPE_CHECKING:
    from hookpath.evaluation.report.evaluation_report import EvaluationReport

Values = npt.NDArray[np.float64]

#: Colours of runs, apart from each other also for colour-blind eyes (after Okabe and Ito).
RUN_COLORS: tuple[RGB, ...] = (
    (0, 94, 160), (213, 94, 0), (0, 138, 103), (176, 96, 150), (140, 110, 0), (60, 60, 60),
    (86, 180, 233), (170, 30, 50), (110, 190, 60), (110, 80, 200),
)  # fmt: skip


def f1_strip(report: EvaluationReport) -> Any:
    """F1 of every class (row) on every slide (dot), with the pooled metric as a bar."""
    names = [*report.classes.names, "macro mean"]
    colors = [*report.classes.colors, (28, 35, 48)]
    table = np.array([[*s.scores.annotated("f1"), s.scores.macro("f1")] for s in report.slides])
    pooled = [*report.pooled.annotated("f1"), report.pooled.macro("f1")]
    drawing = figure_style.new_figure(8.6, 0.75 + 0.4 * len(names))
    axes = drawing.add_subplot()
    for row, (values, mark, color) in enumerate(zip(table.T, pooled, colors, strict=True)):
        _dots(axes, row, values, color)
        axes.plot([mark, mark], [row - 0.3, row + 0.3], color=figure_style.INK, lw=2.2, zorder=4)
    _rows(axes, names)
    axes.set_xlabel("F1", color=figure_style.GREY)
    return drawing


def _dots(axes: Any, row: int, values: Values, color: RGB) -> None:
    kept = values[~np.isnan(values)]
    # Spread over the row's height in turns, so that equal slides are both seen.
    offsets = np.linspace(-0.2, 0.2, kept.size) if kept.size > 1 else np.zeros(kept.size)
    axes.scatter(
        kept, row + offsets, s=34, color=figure_style.hex_color(color), alpha=0.8, lw=0.7,
        edgecolor=figure_style.GREY, zorder=3, clip_on=False,
    )  # fmt: skip


def _rows(axes: Any, names: Sequence[str]) -> None:
    figure_style.plain_axes(axes)
    axes.set_yticks(
        range(len(names)), [figure_style.plain_text(figure_style.shorten(n, 34)) for n in names]
    )
    axes.set_ylim(len(names) - 0.5, -0.5)
    axes.set_xlim(0, 1)
    axes.grid(axis="x", color=figure_style.LINE, lw=0.7)
    axes.set_axisbelow(True)
    axes.tick_params(axis="y", length=0, labelcolor=figure_style.INK)


def paired_lines(axes: Any, names: Sequence[str], table: Values, label: str) -> None:
    """One line per slide through its metric in every run; the mean as a bar.

    Args:
        names: of the runs.
        table: ``(slides, runs)``, NaN where undefined.
        label: of the vertical axis.
    """
    x = np.arange(len(names))
    for values in table:
        axes.plot(x, values, color="#9aa5b1", lw=1, alpha=0.75, zorder=2)
    for run in range(len(names)):
        color, values = run_color(run), table[:, run]
        axes.scatter(np.full(len(table), run), values, s=30, color=color, zorder=3,
                     edgecolor="white", lw=0.6, clip_on=False)  # fmt: skip
        mean = values[~np.isnan(values)].mean() if not np.isnan(values).all() else np.nan
        axes.plot([run - 0.16, run + 0.16], [mean, mean], color=figure_style.INK, lw=2.4, zorder=4)
    _run_ticks(axes, names)
    figure_style.plain_axes(axes)
    axes.tick_params(axis="x", length=0, labelcolor=figure_style.INK)
    axes.set_ylabel(label, color=figure_style.GREY)
    axes.set_xlim(-0.5, len(names) - 0.5)
    axes.grid(axis="y", color=figure_style.LINE, lw=0.7)
    axes.set_axisbelow(True)


def run_color(run: int) -> str:
    """Colour of a run in all plots of a comparison."""
    return figure_style.hex_color(RUN_COLORS[run % len(RUN_COLORS)])


def _run_ticks(axes: Any, names: Sequence[str]) -> None:
    shown = [figure_style.plain_text(figure_style.shorten(n, 26)) for n in names]
    crowded = max(map(len, shown)) * len(shown) > 34
    turn = {"rotation": 30, "ha": "right", "rotation_mode": "anchor"} if crowded else {}
    axes.set_xticks(range(len(names)), shown, **turn)


def class_bars(
    axes: Any, names: Sequence[str], classes: Sequence[str], per_class: Values, label: str
) -> None:
    """Mean ± std over slides of every class (row), the runs below each other.

    Args:
        per_class: ``(runs, slides, classes)``, NaN where undefined.
    """
    runs = len(names)
    offsets = (np.arange(runs) - (runs - 1) / 2) * min(0.24, 0.7 / runs)
    shown = []
    for run, name in enumerate(names):
        found = [spread(column) for column in per_class[run].T]
        shown += [s for s in found if s.n]
        axes.errorbar(
            [s.mean for s in found], np.arange(len(classes)) + offsets[run],
            xerr=np.nan_to_num([s.std for s in found]), fmt="o", ms=5.5, lw=1.3, capsize=2,
            label=figure_style.plain_text(figure_style.shorten(name, 40)), color=run_color(run),
        )  # fmt: skip
    _rows(axes, classes)
    if (per_class > 1).any():  # distances, no shares
        axes.set_xlim(0, 1.05 * max(s.mean + np.nan_to_num(s.std) for s in shown))
    axes.set_xlabel(label, color=figure_style.GREY)
    axes.legend(
        frameon=False, fontsize=9, loc="lower center", bbox_to_anchor=(0.5, 1.0),
        ncols=1 if max(map(len, names)) > 18 else min(runs, 4),
    )  # fmt: skip


def lines_figure(names: Sequence[str], table: Values, label: str) -> Any:
    """`paired_lines` as a figure of its own."""
    drawing = figure_style.new_figure(max(4.2, 1.6 + 1.15 * len(names)), 4.2)
    paired_lines(drawing.add_subplot(), names, table, label)
    return drawing


def bars_figure(names: Sequence[str], classes: Sequence[str], per_class: Values, label: str) -> Any:
    """`class_bars` as a figure of its own."""
    drawing = figure_style.new_figure(6.4, _bars_height(len(names), len(classes)))
    class_bars(drawing.add_subplot(), names, classes, per_class, label)
    return drawing


def both_figure(
    names: Sequence[str],
    classes: Sequence[str],
    table: Values,
    per_class: Values,
    labels: tuple[str, str],
) -> Any:
    """Slides on the left, classes on the right: the picture for a slide show or a paper."""
    left = max(3.6, 1.2 + 1.1 * len(names))
    if not classes:
        return lines_figure(names, table, labels[0])
    height = max(4.4, _bars_height(len(names), len(classes)))
    drawing = figure_style.new_figure(left + 7.2, height, dpi=150)
    drawing.set_layout_engine("constrained")
    one, two = drawing.subplots(1, 2, width_ratios=[left, 6.6])
    paired_lines(one, names, table, labels[0])
    class_bars(two, names, classes, per_class, labels[1])
    return drawing


def _bars_height(runs: int, classes: int) -> float:
    return 1.2 + 0.2 * runs + classes * max(0.42, 0.2 * runs + 0.14)


def curves(
    epochs: Sequence[int],
    series: Mapping[str, Sequence[float]],
    label: str,
    colors: Mapping[str, RGB] | None = None,
    best_epoch: int | None = None,
    bold: str | None = None,
) -> Any:
    """Lines over epochs.

    Args:
        series: name → value per epoch, NaN where it was not measured.
        label: of the vertical axis.
        best_epoch: marked by a vertical line.
        bold: the series to draw thicker and black.
    """
    from matplotlib.ticker import MaxNLocator

    drawing = figure_style.new_figure(6.4, 3.7)
    axes = drawing.add_subplot()
    for number, (name, values) in enumerate(series.items()):
        color = (colors or {}).get(name, RUN_COLORS[number % len(RUN_COLORS)])
        style = {"lw": 2.4, "color": figure_style.INK} if name == bold else {
            "lw": 1.6, "color": figure_style.hex_color(color)}  # fmt: skip
        axes.plot(epochs, values, label=figure_style.plain_text(figure_style.shorten(name, 30)),
                  marker="o" if len(epochs) < 25 else "", ms=3.5, **style)  # fmt: skip
    if best_epoch:
        axes.axvline(best_epoch, color=figure_style.GREY, lw=1, ls=":", zorder=1)
    figure_style.plain_axes(axes)
    axes.xaxis.set_major_locator(MaxNLocator(8, integer=True, min_n_ticks=1))
    axes.set_xlim(min(epochs) - 0.5, max(epochs) + 0.5)
    axes.set_xlabel("epoch", color=figure_style.GREY)
    axes.set_ylabel(label, color=figure_style.GREY)
    axes.grid(color=figure_style.LINE, lw=0.7)
    axes.legend(frameon=False, fontsize=8.5, loc="upper left", bbox_to_anchor=(1.0, 1.0))
    return drawing

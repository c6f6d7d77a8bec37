"""The plots of a comparison, each with the numbers behind it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

from hookpath.evaluation.class_metrics import spread
from hookpath.evaluation.comparison.comparison_result import Comparison
from hookpath.evaluation.csv_and_dataframe import Table
from hookpath.evaluation.plotting.confusion_matrix_plot import matrices_figure, matrices_table
from hookpath.evaluation.plotting.figure_style import distinct_names
from hookpath.evaluation.plotting.forest_plot import Series, forest_figure
from hookpath.evaluation.plotting.metric_plots import bars_figure, lines_figure, run_color
from hookpath.evaluation.plotting.probability_plots import Curves, roc_figure, roc_table
from hookpath.evaluation.report.plot_files import GROUPS, Plot
from hookpath.evaluation.scoring.slide_metrics import TITLES, title_of
from hookpath.evaluation.statistics.bootstrap import Interval, mean_interval
from hookpath.evaluation.statistics.paired_test import PairedTest
from hookpath.safe_names import file_stem

#: Line styles of runs beyond the number of colours that the eye can tell apart.
STYLES = ("-", "--", ":")
_COLORS_IN_ROC = 5

#: Characters of a run's name in a plot.
LONGEST_NAME = 26

_INTERVAL = ("low_95", "high_95")


def comparison_plots(comparison: Comparison) -> list[Plot]:
    """Every plot of the page, in its order."""
    found = [runs_plot(comparison), slides_plot(comparison)]
    if comparison.by_class:
        found.append(classes_plot(comparison))
    found.append(differences_plot(comparison))
    found += [group_plot(comparison, key) for key in comparison.groups]
    if comparison.has_probabilities:
        found.append(roc_plot(comparison))
    return [*found, confusion_plot(comparison)]


def short(comparison: Comparison) -> list[str]:
    """The runs' names as plots have room for; the numbers behind them have the full ones."""
    return distinct_names(comparison.names, LONGEST_NAME)


def runs_plot(comparison: Comparison) -> Plot:
    """Mean over slides and pooled metric of every run, with their intervals."""
    colors = [run_color(i) for i in range(len(comparison.names))]
    pooled = [m.value(comparison.metric) for m in comparison.pooled]
    over = [spread(column) for column in comparison.macro.T]
    series = [
        _series("mean over slides", [s.mean for s in over], comparison.intervals, colors, "o"),
        _series("all slides pooled", pooled, comparison.pooled_intervals, colors, "D"),
    ]
    rows = [
        (name, s.n, s.mean, s.std, *_bounds(interval), together, *_bounds(around))
        for name, s, interval, together, around in zip(
            comparison.names, over, comparison.intervals, pooled, comparison.pooled_intervals,
            strict=True,
        )
    ]  # fmt: skip
    header = ("run", "slides", "mean", "std", *_INTERVAL, "pooled", "pooled_low_95",
              "pooled_high_95")  # fmt: skip
    return Plot(
        "runs",
        forest_figure(short(comparison), series, title_of(comparison.metric)),
        Table(header, rows),
        "Bars: 95 % bootstrap intervals, slides drawn again.",
        "Runs",
    )


def slides_plot(comparison: Comparison) -> Plot:
    """Every slide through all runs."""
    label = f"{title_of(comparison.metric)} of a slide"
    rows = [(s, *row) for s, row in zip(comparison.slides, comparison.macro.tolist(), strict=True)]
    return Plot(
        "slides",
        lines_figure(short(comparison), comparison.macro, label),
        Table(("slide", *comparison.names), rows),
        "A line is a slide; bars are means.",
        "Slides",
    )


def classes_plot(comparison: Comparison) -> Plot:
    """Mean ± std over slides of every class."""
    label = f"{TITLES[comparison.metric]} (mean ± std over slides)"
    classes = comparison.classes.names
    rows = []
    for run, table in zip(comparison.names, comparison.per_class, strict=True):
        for name, values in zip(classes, table.T, strict=True):
            over = spread(values)
            rows.append((run, name, over.n, over.mean, over.std, *_bounds(mean_interval(values))))
    return Plot(
        "classes",
        bars_figure(short(comparison), classes, comparison.per_class, label),
        Table(("run", "class", "slides", "mean", "std", *_INTERVAL), rows),
        title="Classes",
    )


def differences_plot(comparison: Comparison) -> Plot:
    """Mean paired difference of every pair, with its interval; all tests in the table."""
    tests = comparison.tests
    color = "#1c2330"
    series = Series(
        "", [t.mean for t in tests], [t.interval.low for t in tests],
        [t.interval.high for t in tests], [color] * len(tests),
        filled=[t.p_corrected is not None and t.p_corrected < 0.05 for t in tests],
    )  # fmt: skip
    label = f"difference in {title_of(comparison.metric)}"
    names = dict(zip(comparison.names, short(comparison), strict=True))
    rows = [f"{names[t.second]} − {names[t.first]}" for t in tests]
    return Plot(
        "differences",
        forest_figure(rows, [series], label, zero=True),
        Table(_TEST_HEADER, [_test_row(t) for t in (*tests, *comparison.class_tests)]),
        "Mean difference of the same slides, and its 95 % bootstrap interval. "
        "Filled: corrected p < 0.05.",
        "Differences",
    )


_TEST_HEADER = ("figure", "first", "second", "slides", "mean", "std", "median", *_INTERVAL,
                "higher", "lower", "same", "p", "p_corrected")  # fmt: skip


def _test_row(test: PairedTest) -> tuple[object, ...]:
    return (
        test.figure, test.first, test.second, test.n, test.mean, test.std, test.median,
        *_bounds(test.interval), test.better, test.worse, test.equal, test.p, test.p_corrected,
    )  # fmt: skip


def group_plot(comparison: Comparison, key: str) -> Plot:
    """Mean over the slides of every group, of every run."""
    parts = comparison.groups[key]
    names = [f"{value} ({len(i)} slide{'' if len(i) == 1 else 's'})" for value, i in parts.items()]
    series, rows = [], []
    for number, (run, called) in enumerate(zip(comparison.names, short(comparison), strict=True)):
        columns = [comparison.macro[indices, number] for indices in parts.values()]
        over = [spread(c) for c in columns]
        intervals = [mean_interval(c) for c in columns]
        colors = [run_color(number)] * len(parts)
        series.append(_series(called, [s.mean for s in over], intervals, colors, "o"))
        rows += [
            (value, run, s.n, s.mean, s.std, *_bounds(i))
            for value, s, i in zip(parts, over, intervals, strict=True)
        ]
    return Plot(
        GROUPS + file_stem(key.casefold(), 40),
        forest_figure(names, series, title_of(comparison.metric)),
        Table((key, "run", "slides", "mean", "std", *_INTERVAL), rows),
        "Mean over the slides of a group, and its 95 % bootstrap interval (three slides or more).",
        f"By {key}",
    )


def roc_plot(comparison: Comparison) -> Plot:
    """The curves of all runs over each other, all slides pooled."""
    curves = [
        Curves(name, pooled.bins, run_color(i), style=STYLES[i // _COLORS_IN_ROC % len(STYLES)])
        for i, (name, pooled) in enumerate(zip(comparison.names, comparison.pooled, strict=True))
        if pooled.bins is not None
    ]
    annotated = [replace(c, name=name) for c, name in zip(curves, short(comparison), strict=True)]
    return Plot(
        "roc",
        roc_figure(comparison.classes, annotated),
        roc_table(comparison.classes, curves, "run"),
        "One class against all others, the labelled pixels of all slides together.",
        "ROC curves",
    )


def confusion_plot(comparison: Comparison) -> Plot:
    """The confusion matrices of all runs, all slides pooled."""
    counts = [pooled.counts for pooled in comparison.pooled]
    names, classes = comparison.names, comparison.classes.names
    return Plot(
        "confusion",
        matrices_figure(short(comparison), classes, counts),
        matrices_table(names, classes, counts),
        "Rows: what was annotated. Columns: what was predicted there, in per cent of the row.",
        "Confusion matrices",
    )


def _series(
    name: str,
    values: Sequence[float],
    intervals: Sequence[Interval],
    colors: Sequence[str],
    marker: str,
) -> Series:
    lows, highs = [i.low for i in intervals], [i.high for i in intervals]
    return Series(name, values, lows, highs, colors, marker)


def _bounds(interval: Interval) -> tuple[float | None, float | None]:
    if math.isnan(interval.low):
        return None, None
    return interval.low, interval.high

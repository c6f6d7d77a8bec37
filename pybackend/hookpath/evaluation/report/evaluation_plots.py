"""The plots of one evaluation, each with the numbers behind it."""

from __future__ import annotations

from hookpath.evaluation.class_metrics import WHOLE_METRICS
from hookpath.evaluation.csv_and_dataframe import Table
from hookpath.evaluation.plotting.confusion_matrix_plot import matrices_figure, matrices_table
from hookpath.evaluation.plotting.figure_style import INK, shorten
from hookpath.evaluation.plotting.forest_plot import Series, forest_figure
from hookpath.evaluation.plotting.metric_plots import f1_strip
from hookpath.evaluation.plotting.probability_plots import (
    Curves,
    precision_figure,
    precision_table,
    reliability_figure,
    reliability_table,
    roc_figure,
    roc_table,
)
from hookpath.evaluation.report.evaluation_report import EvaluationReport
from hookpath.evaluation.report.plot_files import GROUPS, Plot
from hookpath.evaluation.report.scores_and_slides_csv import POOLED
from hookpath.evaluation.scoring.slide_metrics import title_of
from hookpath.safe_names import file_stem

#: With more slides than this, their ROC curves are not drawn one by one.
_MOST_CURVES = 40


def report_plots(report: EvaluationReport) -> list[Plot]:
    """Every plot of the page, in its order."""
    found = [f1_plot(report), *(group_plot(report, key) for key in report.groups)]
    if report.has_probabilities:
        found += probability_plots(report)
    return [*found, confusion_plot(report)]


def f1_plot(report: EvaluationReport) -> Plot:
    """F1 of every class on every slide."""
    names = report.classes.names
    parts = [*((s.name, s.measured) for s in report.slides), (POOLED, report.pooled_measured)]
    rows = [
        (slide, name, float(value))
        for slide, measured in parts
        for name, value in [
            *zip(names, measured.per_class("f1"), strict=True),
            ("(macro)", measured.value("f1")),
        ]
    ]
    caption = "A dot is a slide on which the class is annotated; the bar is the pooled metric."
    return Plot("f1", f1_strip(report), Table(("slide", "class", "f1"), rows), caption,
                "F1 on every slide")  # fmt: skip


def probability_plots(report: EvaluationReport) -> list[Plot]:
    """ROC, precision and recall, and reliability: of all slides pooled, and of each."""
    slides = [
        Curves(s.name, s.bins, "#9aa5b1", 0.7, named=False)
        for s in report.slides
        if s.bins is not None
    ]
    bins = report.pooled_measured.bins
    assert bins is not None
    few = slides if 1 < len(slides) <= _MOST_CURVES else []
    pooled = Curves("all slides pooled", bins, INK, 2.2)
    curves, classes = [*few, pooled], report.classes
    caption = "One class against all others, on labelled pixels that were predicted."
    thin = " A thin line is a slide." if few else ""
    return [
        Plot("roc", roc_figure(classes, curves), roc_table(classes, curves, "slide"),
             caption + thin, "ROC curves"),
        Plot("precision", precision_figure(classes, curves),
             precision_table(classes, curves, "slide"), caption + thin, "Precision and recall"),
        Plot("reliability", reliability_figure(classes, [pooled]),
             reliability_table(classes, [pooled], "slide"),
             caption + " On the diagonal probabilities mean what they say; below it they promise "
             "too much. ECE: mean distance from it.", "Reliability"),
    ]  # fmt: skip


def group_plot(report: EvaluationReport, key: str) -> Plot:
    """Macro F1 of the slides of every group; the table has the other metrics as well."""
    parts = report.groups[key]
    metrics = (*report.metrics, *WHOLE_METRICS)
    over = {value: part.spread("f1") for value, part in parts.items()}
    intervals = [part.interval("f1") for part in parts.values()]
    series = Series(
        "", [s.mean for s in over.values()], [i.low for i in intervals],
        [i.high for i in intervals], [INK] * len(parts),
    )  # fmt: skip
    rows = [
        (value, metric, spread.n, spread.mean, spread.std, interval.low, interval.high)
        for value, part in parts.items()
        for metric in metrics
        for spread, interval in [(part.spread(metric), part.interval(metric))]
    ]
    names = [
        f"{shorten(value, 34)} ({s.n} slide{'' if s.n == 1 else 's'})" for value, s in over.items()
    ]
    return Plot(
        GROUPS + file_stem(key.casefold(), 40),
        forest_figure(names, [series], title_of("f1")),
        Table((key, "figure", "slides", "mean", "std", "low_95", "high_95"), rows),
        "Mean over the slides of a group, and its 95 % bootstrap interval (three slides or more).",
        f"By {key}",
    )


def confusion_plot(report: EvaluationReport) -> Plot:
    """The pooled confusion matrix, for a paper; the page has it as a table."""
    names, classes, counts = ["all slides"], report.classes.names, [report.pooled.counts]
    return Plot(
        "confusion",
        matrices_figure(names, classes, counts),
        matrices_table(names, classes, counts),
        title="Confusion matrix",
    )

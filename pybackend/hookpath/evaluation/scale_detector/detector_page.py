"""``report.html``, ``report.json``, ``scores.csv`` and ``slides.csv`` of a scale detector."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from hookpath.annotations.objects import PathClass
from hookpath.evaluation.class_metrics import row_normalised
from hookpath.evaluation.csv_and_dataframe import Table
from hookpath.evaluation.plotting import figure_style
from hookpath.evaluation.plotting.confusion_matrix_plot import matrices_figure
from hookpath.evaluation.report.evaluation_page import (
    confusion_rows,
    facts,
    seen_slides,
    write_data,
)
from hookpath.evaluation.report.evaluation_report import REPORT_HTML
from hookpath.evaluation.report.html_templates import render, save_page
from hookpath.evaluation.report.plot_files import Plot
from hookpath.evaluation.report.scores_and_slides_csv import POOLED
from hookpath.evaluation.scale_detector.detector_metrics import (
    SCALE_METRICS,
    SCALE_TITLES,
    ScaleMeasured,
)
from hookpath.evaluation.scale_detector.detector_report import ScaleReport


def write_scale_report(report: ScaleReport, out_dir: Path) -> Path:
    """Write the page and the data behind it; returns the page's path.

    Raises:
        EvaluationError: a file cannot be written.
    """
    plots = [answers_plot(report), confusion_plot(report)]
    write_data(report.as_dict(), scores_table(report), slides_table(report), plots, out_dir)
    save_page(scale_page(report, plots[0]), out_dir / REPORT_HTML)
    return out_dir / REPORT_HTML


def scale_page(report: ScaleReport, answers: Plot | None = None) -> str:
    """The whole page."""
    names = _names(report)
    grey = [PathClass(name, (150, 160, 172)) for name in names]
    matrix = [(c, True, row) for c, row in zip(grey, report.pooled.counts, strict=True)]
    return render(
        "scale.html.j2",
        title=report.title,
        created=report.created.replace("T", " "),
        model_line=f"{report.model.get('family', 'scale')} at {', '.join(names)}",
        patches=int(report.pooled.patches.sum()),
        cards=[
            (SCALE_TITLES[m], report.pooled.value(m), report.pooled_intervals[m],
             report.spread(m), report.interval(m))
            for m in SCALE_METRICS
        ],
        problems=report.problems,
        notes=_notes(report),
        rows=_magnification_rows(report),
        answers=answers or answers_plot(report),
        classes=grey,
        matrix=confusion_rows(matrix),
        titles=list(SCALE_TITLES.values()),
        groups=_groups(report),
        has_splits=any(s.split for s in report.slides),
        slides=[(s, [s.measured.value(m) for m in SCALE_METRICS]) for s in report.slides],
        facts=facts(report.settings, report.model),
    )  # fmt: skip


def scores_table(report: ScaleReport) -> Table:
    """One line for every slide and magnification, pooled metrics last."""
    header = ("slide", "split", "magnification", "patches", "mean_answer", "mse", "nearest_right")
    parts = [*((s.name, s.split, s.measured) for s in report.slides), (POOLED, None, report.pooled)]
    rows = [
        (name, split, f"{magnification:g}", int(patches), *map(float, metrics))
        for name, split, measured in parts
        for magnification, patches, *metrics in _by_magnification(measured)
    ]
    return Table(header, rows)


def slides_table(report: ScaleReport) -> Table:
    """One line for every slide: its groups and metrics, pooled metrics last."""
    keys = list(report.groups)
    header = ["slide", "split", *keys, "spacing_um", "patches", *SCALE_METRICS]
    rows: list[Sequence[Any]] = [
        [s.name, s.split, *(s.groups.get(k) for k in keys), s.spacing_um, len(s.asked),
         *(s.measured.value(m) for m in SCALE_METRICS)]
        for s in report.slides
    ]  # fmt: skip
    pooled = [report.pooled.value(m) for m in SCALE_METRICS]
    empty = [None] * (len(keys) + 2)
    return Table(header, [*rows, [POOLED, *empty, int(report.pooled.patches.sum()), *pooled]])


def answers_plot(report: ScaleReport) -> Plot:
    """Every patch: the magnification it was read at, and the detector's answer."""
    asked = np.concatenate([s.asked for s in report.slides])
    found = np.concatenate([s.found for s in report.slides])
    steps = np.array(report.magnifications)
    drawing = figure_style.new_figure(6.4, 4.2)
    axes = drawing.add_subplot()
    axes.plot(steps, steps, color=figure_style.GREY, lw=1, zorder=1)
    # Spread out in turns, so that equal answers are both seen.
    jitter = 1 + np.linspace(-0.04, 0.04, 9)[np.arange(len(asked)) % 9]
    axes.scatter(asked * jitter, found, s=9, color="#24568f", alpha=0.45, lw=0, zorder=3)
    figure_style.plain_axes(axes)
    axes.set_xscale("log")
    axes.set_xticks(steps, [f"{m:g}×" for m in steps])
    axes.minorticks_off()
    axes.set_xlabel("read at", color=figure_style.GREY)
    axes.set_ylabel("answer", color=figure_style.GREY)
    axes.grid(color=figure_style.LINE, lw=0.7)
    axes.set_axisbelow(True)
    rows = [
        (s.name, float(at), float(answer))
        for s in report.slides
        for at, answer in zip(s.asked, s.found, strict=True)
    ]
    caption = "A dot is a patch; on the line the answer is right."
    header = ("slide", "magnification", "answer")
    return Plot("answers", drawing, Table(header, rows), caption, "Answers")


def confusion_plot(report: ScaleReport) -> Plot:
    """The pooled confusion matrix, for a paper; the page has it as a table."""
    names, counts = _names(report), report.pooled.counts
    shares = row_normalised(counts)
    rows = [
        (f"{at:g}", f"{near:g}", int(counts[i, j]), float(shares[i, j]))
        for i, at in enumerate(report.magnifications)
        for j, near in enumerate(report.magnifications)
    ]
    figure = matrices_figure(["all slides"], names, [np.pad(counts, ((0, 0), (0, 1)))])
    header = ("magnification", "nearest", "patches", "share_of_magnification")
    return Plot("confusion", figure, Table(header, rows), title="Confusion matrix")


def _names(report: ScaleReport) -> list[str]:
    return [f"{m:g}×" for m in report.magnifications]


def _by_magnification(measured: ScaleMeasured) -> list[tuple[Any, ...]]:
    columns = measured.per_magnification.values()
    return list(zip(measured.magnifications, measured.patches, *columns, strict=True))


def _magnification_rows(report: ScaleReport) -> list[tuple[Any, ...]]:
    """Name, slides that offer it, patches, mean answer, MSE, share nearest to the truth."""
    offering = np.sum([s.measured.patches > 0 for s in report.slides], axis=0)
    return [
        (f"{at:g}×", int(slides), int(patches), *map(float, metrics))
        for slides, (at, patches, *metrics) in zip(
            offering, _by_magnification(report.pooled), strict=True
        )
    ]


def _groups(report: ScaleReport) -> list[dict[str, Any]]:
    return [
        {
            "key": key,
            "rows": [
                (value, len(part.slides),
                 [(part.spread(m), part.interval(m)) for m in SCALE_METRICS])
                for value, part in parts.items()
            ],
        }
        for key, parts in report.groups.items()
    ]  # fmt: skip


def _notes(report: ScaleReport) -> list[str]:
    """Things that a reader of the figures should know."""
    patches = zip(report.magnifications, report.pooled.patches, strict=True)
    missing = [f"{m:g}×" for m, count in patches if not count]
    notes = [seen_slides(report.slides, report.model)]
    if missing:
        notes.append(f"No slide is fine and large enough for {', '.join(missing)}: not measured.")
    if len(report.slides) == 1:
        notes.append("One slide only: nothing is known about how results differ between slides.")
    return [note for note in notes if note]

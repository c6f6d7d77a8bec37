"""``comparison.html``, ``comparison.json``, ``comparison.png`` and ``plots/``."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from hookpath.atomic_files import replace_file
from hookpath.errors import EvaluationError, write_code
from hookpath.evaluation.class_metrics import spread
from hookpath.evaluation.comparison.comparison_plots import comparison_plots, short
from hookpath.evaluation.comparison.comparison_result import Comparison
from hookpath.evaluation.plotting.metric_plots import both_figure
from hookpath.evaluation.report.evaluation_page import embedded, model_line
from hookpath.evaluation.report.html_templates import render, save_page
from hookpath.evaluation.report.plot_files import Plot, write_plots
from hookpath.evaluation.scoring.slide_metrics import TITLES, title_of
from hookpath.evaluation.shape_scoring.shape_metrics import DISTANCES
from hookpath.evaluation.statistics.bootstrap import mean_interval

COMPARISON_HTML = "comparison.html"
COMPARISON_JSON = "comparison.json"
COMPARISON_PNG = "comparison.png"

#: Metrics for all classes that the table of runs shows.
SHOWN_WHOLE = ("accuracy", "balanced_accuracy", "kappa")

#: Below this many slides bootstrap intervals are too narrow, and the page says so.
FEW_SLIDES = 10

#: More pairs than this are folded away: the plot of the differences says it sooner.
MANY_PAIRS = 10

CORRECTION_NAMES = {
    "holm": "after Holm",
    "benjamini-hochberg": "after Benjamini and Hochberg (the share of false findings)",
    "bonferroni": "after Bonferroni",
    "none": "",
}

#: Slides whose pictures are shown: those on which the runs differ most.
MOST_PICTURED = 12

#: Longest side of a picture in the page, px.
PICTURE_PX = 480


def write_comparison(comparison: Comparison, out_dir: Path, title: str) -> Path:
    """Write page, data, picture and plots; returns the page's path.

    Raises:
        EvaluationError: a file cannot be written.
    """
    text = json.dumps(comparison.as_dict(), indent=1, ensure_ascii=False, allow_nan=False)
    save_page(text + "\n", out_dir / COMPARISON_JSON)
    plots = comparison_plots(comparison)
    write_plots(plots, out_dir)
    save_page(comparison_page(comparison, title, plots), out_dir / COMPARISON_HTML)
    _save_picture(comparison, out_dir / COMPARISON_PNG)
    return out_dir / COMPARISON_HTML


def _save_picture(comparison: Comparison, path: Path) -> None:
    whole = title_of(comparison.metric)
    classes = comparison.classes.names if comparison.by_class else ()
    drawing = both_figure(
        short(comparison), classes, comparison.macro, comparison.per_class,
        (f"{whole} of a slide", f"{TITLES[comparison.metric]} (mean ± std over slides)"),
    )  # fmt: skip
    try:
        replace_file(path, drawing.savefig)
    except OSError as error:
        raise EvaluationError(
            f"{path}: cannot be written ({error.strerror})", code=write_code(error)
        ) from error


def comparison_page(comparison: Comparison, title: str, plots: Sequence[Plot]) -> str:
    """The whole page, pictures of the runs' reports inside."""
    names, macro = comparison.names, comparison.macro
    return render(
        "comparison.html.j2",
        title=title,
        metric=TITLES[comparison.metric],
        whole=title_of(comparison.metric),
        best="lowest" if comparison.metric in DISTANCES else "highest",
        whole_titles=[TITLES[m] for m in _others(comparison)],
        by_class=comparison.by_class,
        classes=list(comparison.classes),
        names=names,
        rows=[_run_row(comparison, i) for i in range(len(names))],
        has_auc=comparison.has_probabilities and comparison.metric != "auc",
        tests=comparison.tests,
        class_tests=comparison.class_tests,
        range_tests=comparison.range_tests,
        correction=CORRECTION_NAMES[comparison.correction],
        groups=_groups(comparison),
        many_pairs=MANY_PAIRS,
        has_intervals=any(not math.isnan(i.low) for i in comparison.intervals),
        few_slides=len(comparison.slides) < FEW_SLIDES,
        plots=plots,
        slides=[
            {"name": name, "macro": row.tolist(), "best": _best(row, comparison.metric)}
            for name, row in zip(comparison.slides, macro, strict=True)
        ],
        notes=comparison.notes,
        pictures=_pictures(comparison),
    )


def _others(comparison: Comparison) -> list[str]:
    """The metrics for all classes beside the one that is compared."""
    return [m for m in SHOWN_WHOLE if m != comparison.metric]


def _run_row(comparison: Comparison, number: int) -> dict[str, Any]:
    run = comparison.runs[number]
    pooled = comparison.pooled[number]
    return {
        "name": run.name,
        "model": model_line(run.report.model),
        "macro": spread(comparison.macro[:, number]),
        "interval": comparison.intervals[number],
        "pooled": pooled.value(comparison.metric),
        "pooled_interval": comparison.pooled_intervals[number],
        "whole": [spread(comparison.table(m)[:, number]) for m in _others(comparison)],
        "auc": spread(comparison.table("auc")[:, number]),
        "classes": [spread(column) for column in comparison.per_class[number].T],
        "class_intervals": [mean_interval(column) for column in comparison.per_class[number].T],
        "best": [_best(means, comparison.metric) == number for means in _means(comparison).T],
    }


def _groups(comparison: Comparison) -> list[dict[str, Any]]:
    """For every key a table: rows are runs, columns the groups."""
    return [
        {
            "key": key,
            "columns": [(value, len(indices)) for value, indices in parts.items()],
            "rows": [
                (
                    name,
                    [
                        (spread(column), mean_interval(column))
                        for column in (comparison.macro[i, number] for i in parts.values())
                    ],
                )
                for number, name in enumerate(comparison.names)
            ],
        }
        for key, parts in comparison.groups.items()
    ]


def _means(comparison: Comparison) -> Any:
    """``(runs, 1 + classes)``: mean over slides of the macro metric and of every class."""
    return np.array(
        [
            [spread(comparison.macro[:, i]).mean, *(spread(c).mean for c in per_class.T)]
            for i, per_class in enumerate(comparison.per_class)
        ]
    )


def _best(values: Any, metric: str) -> int | None:
    """Index of the best metric (of distances the least); None where none beats all others."""
    values = -values if metric in DISTANCES else values
    known = np.flatnonzero(~np.isnan(values))
    if known.size < 2:
        return None
    order = known[np.argsort(values[known])]
    return int(order[-1]) if round(values[order[-1]] - values[order[-2]], 3) > 0 else None


def _pictures(comparison: Comparison) -> list[dict[str, Any]]:
    """The slides that differ most: slide, annotations, and the prediction of every run."""
    macro = comparison.macro
    gap = np.nan_to_num(np.ptp(macro, axis=1), nan=-1.0)
    shown = np.argsort(-gap, kind="stable")[:MOST_PICTURED]
    found = []
    for index in shown.tolist():
        views = _views_of(comparison, index)
        if views:
            found.append({"name": comparison.slides[index], "views": views})
    return found


def _views_of(comparison: Comparison, index: int) -> list[dict[str, str]]:
    views = []
    for number, (run, results) in enumerate(zip(comparison.runs, comparison.results, strict=True)):
        pictures = results[index].pictures
        wanted = [("slide", "slide"), ("truth", "annotated")] if number == 0 else []
        figure = comparison.macro[index, number]
        text = f"{run.name} ({figure:.3f})" if not np.isnan(figure) else run.name
        for kind, caption in [*wanted, ("prediction", text)]:
            path = run.folder / pictures.get(kind, "-")
            if path.is_file():
                views.append({"data": embedded(path, PICTURE_PX), "caption": caption})
    return views

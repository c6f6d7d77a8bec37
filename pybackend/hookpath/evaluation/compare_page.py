"""``comparison.html``, ``comparison.json`` and ``comparison.png``."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np

from hookpath.errors import EvaluationError, write_code
from hookpath.evaluation.compare import Comparison
from hookpath.evaluation.figures import bars_figure, both_figure, lines_figure
from hookpath.evaluation.page import inline_svg, render, save_page
from hookpath.evaluation.pages import embedded, model_line
from hookpath.evaluation.scores import spread

COMPARISON_HTML = "comparison.html"
COMPARISON_JSON = "comparison.json"
COMPARISON_PNG = "comparison.png"

METRIC_NAMES = {"f1": "F1", "precision": "precision", "recall": "recall", "iou": "IoU"}

#: Slides whose pictures are shown: those on which the runs differ most.
MOST_PICTURED = 12

#: Longest side of a picture in the page, px.
PICTURE_PX = 480


def write_comparison(comparison: Comparison, out_dir: Path, title: str) -> Path:
    """Write page, data and picture; returns the page's path.

    Raises:
        EvaluationError: a file cannot be written.
    """
    text = json.dumps(comparison.as_dict(), indent=1, ensure_ascii=False, allow_nan=False)
    save_page(text + "\n", out_dir / COMPARISON_JSON)
    save_page(comparison_page(comparison, title), out_dir / COMPARISON_HTML)
    drawing = both_figure(
        comparison.names, comparison.classes.names, comparison.macro, comparison.per_class,
        _labels(comparison),
    )  # fmt: skip
    try:
        drawing.savefig(out_dir / COMPARISON_PNG)
    except OSError as error:
        path = out_dir / COMPARISON_PNG
        raise EvaluationError(
            f"{path}: cannot be written ({error.strerror})", code=write_code(error)
        ) from error
    return out_dir / COMPARISON_HTML


def comparison_page(comparison: Comparison, title: str) -> str:
    """The whole page, pictures of the runs' reports inside."""
    names, macro = comparison.names, comparison.macro
    slide_label, class_label = _labels(comparison)
    return render(
        "comparison.html.j2",
        title=title,
        metric=METRIC_NAMES[comparison.metric],
        classes=list(comparison.classes),
        names=names,
        rows=[_run_row(comparison, i) for i in range(len(names))],
        tests=comparison.tests,
        lines=inline_svg(lines_figure(names, macro, slide_label)),
        bars=inline_svg(
            bars_figure(names, comparison.classes.names, comparison.per_class, class_label)
        ),
        slides=[
            {"name": name, "macro": row.tolist(), "best": _best(row)}
            for name, row in zip(comparison.slides, macro, strict=True)
        ],
        notes=comparison.notes,
        pictures=_pictures(comparison),
    )


def _labels(comparison: Comparison) -> tuple[str, str]:
    metric = METRIC_NAMES[comparison.metric]
    return f"macro {metric} of a slide", f"{metric} (mean ± std over slides)"


def _run_row(comparison: Comparison, number: int) -> dict[str, Any]:
    run, results = comparison.runs[number], comparison.results[number]
    return {
        "name": run.name,
        "model": model_line(run.report.model),
        "macro": spread(comparison.macro[:, number]),
        "accuracy": spread([r.scores.accuracy for r in results]),
        "classes": [spread(column) for column in comparison.per_class[number].T],
        "best": [_best(means) == number for means in _means(comparison).T],
    }


def _means(comparison: Comparison) -> Any:
    """``(runs, 1 + classes)``: mean over slides of the macro figure and of every class."""
    return np.array(
        [
            [spread(comparison.macro[:, i]).mean, *(spread(c).mean for c in per_class.T)]
            for i, per_class in enumerate(comparison.per_class)
        ]
    )


def _best(values: Any) -> int | None:
    """Index of the highest figure; None where none is higher than all others."""
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
        wanted = [("slide", "slide"), ("truth", "drawn")] if number == 0 else []
        figure = comparison.macro[index, number]
        text = f"{run.name} ({figure:.3f})" if not np.isnan(figure) else run.name
        for kind, caption in [*wanted, ("prediction", text)]:
            path = run.folder / pictures.get(kind, "-")
            if path.is_file():
                views.append({"data": embedded(path, PICTURE_PX), "caption": caption})
    return views

"""``report.html``, ``report.json`` and ``scores.csv`` of an evaluation."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from hookpath.annotations.objects import PathClass
from hookpath.evaluation.class_metrics import Counts, Spread, row_normalised
from hookpath.evaluation.csv_and_dataframe import Table
from hookpath.evaluation.plotting import overlay_drawing
from hookpath.evaluation.report.evaluation_plots import report_plots
from hookpath.evaluation.report.evaluation_report import REPORT_HTML, REPORT_JSON, EvaluationReport
from hookpath.evaluation.report.html_templates import render, save_page
from hookpath.evaluation.report.plot_files import GROUPS, Plot, write_plots
from hookpath.evaluation.report.scores_and_slides_csv import scores_table, slides_table
from hookpath.evaluation.report.shape_section import shape_section
from hookpath.evaluation.report.worst_places import ON_PAGE
from hookpath.evaluation.scoring.annotation_scores import areas_table
from hookpath.evaluation.scoring.slide_metrics import TITLES
from hookpath.evaluation.scoring.slide_result import SlideResult

if TYPE_CHECKING:
    from hookpath.evaluation.scale_detector.detector_report import ScaleSlide

SCORES_CSV, SLIDES_CSV, AREAS_CSV = "scores.csv", "slides.csv", "areas.csv"

#: Metrics for all classes that the page shows.
WHOLE = ("accuracy", "balanced_accuracy", "kappa")

METRIC_COLUMNS = {"f1": "F1 = Dice"}

#: Pictures inside the page are at most this long, px; the files in ``pictures/`` are sharper.
EMBEDDED_PX = 640

#: More slides than this: only those with the lowest F1 are shown, so that the page stays light.
MOST_PICTURED = 40

CAPTIONS = {"slide": "slide", "truth": "annotated", "prediction": "predicted", "errors": "errors"}


def write_report(report: EvaluationReport, out_dir: Path) -> Path:
    """Write the page and the data behind it; returns the page's path.

    Raises:
        EvaluationError: a file cannot be written.
    """
    plots = report_plots(report)
    write_data(report.as_dict(), scores_table(report), slides_table(report), plots, out_dir)
    areas = areas_table((s.name, s.split, s.areas) for s in report.slides)
    if areas.rows:
        save_page(areas.csv(), out_dir / AREAS_CSV)
    save_page(report_page(report, out_dir, plots), out_dir / REPORT_HTML)
    return out_dir / REPORT_HTML


def write_data(
    values: Mapping[str, Any], scores: Table, slides: Table, plots: Sequence[Plot], out_dir: Path
) -> None:
    """All that lies beside a report's page.

    Raises:
        EvaluationError: a file cannot be written.
    """
    text = json.dumps(values, indent=1, ensure_ascii=False, allow_nan=False)
    save_page(text + "\n", out_dir / REPORT_JSON)
    save_page(scores.csv(), out_dir / SCORES_CSV)
    save_page(slides.csv(), out_dir / SLIDES_CSV)
    write_plots(plots, out_dir)


def report_page(
    report: EvaluationReport, folder: Path | None = None, plots: Sequence[Plot] | None = None
) -> str:
    """The whole page; with `folder`, the pictures found there are put inside."""
    annotated = {plot.name: plot for plot in (report_plots(report) if plots is None else plots)}
    pictured = _pictured(report, folder)
    views = [_views(s, folder) if i in pictured else [] for i, s in enumerate(report.slides)]
    spacings = sorted({s.spacing_um for s in report.slides})
    maps = {s.map_spacing_um or s.spacing_um for s in report.slides}
    coarse = sorted(um for um in maps if um > max(spacings))
    return render(
        "report.html.j2",
        title=report.title,
        created=report.created.replace("T", " "),
        model_line=model_line(report.model),
        classes=list(report.classes),
        legend=[*report.classes, *(_unknown_class(n, " (not scored)") for n in report.unknown)],
        pooled=report.pooled,
        macro=report.macro_spread("f1"),
        accuracy=report.accuracy_spread,
        patients=report.over_patients("f1") if report.patients else None,
        macro_interval=report.interval("f1"),
        pooled_interval=report.pooled_intervals["f1"],
        pooled_measured=report.pooled_measured,
        metric_titles=[METRIC_COLUMNS.get(m, TITLES[m]) for m in report.metrics],
        whole=[(TITLES[m], report.spread(m), report.pooled_measured.value(m)) for m in WHOLE],
        groups=_groups(report),
        labelled_mm2=sum(s.labelled_mm2 for s in report.slides),
        class_rows=_class_rows(report),
        macro_cells=[
            _Cell(report.pooled_measured.value(metric), report.spread(metric))
            for metric in report.metrics
        ],
        annotators=report.settings.get("annotators"),
        shapes=shape_section(report),
        strip=annotated["f1"],
        probability_plots=[
            annotated[n] for n in ("roc", "precision", "reliability") if n in annotated
        ],
        group_plots=[plot for name, plot in annotated.items() if name.startswith(GROUPS)],
        matrix=_matrix(report),
        has_splits=any(s.split for s in report.slides),
        slides=[_slide_row(s, v) for s, v in zip(report.slides, views, strict=True)],
        places=_places(report, folder),
        pictured=any(views),
        pictured_note=_pictured_note(report, pictured),
        right_color=overlay_drawing.RIGHT_COLOR,
        wrong_color=overlay_drawing.WRONG_COLOR,
        problems=report.problems,
        notes=_notes(report),
        spacings=", ".join(f"{s:g}" for s in spacings),
        coarse=", ".join(f"{s:g}" for s in coarse),
        facts=facts(report.settings, report.model),
    )


@dataclass(frozen=True)
class _Cell:
    """A pooled metric and its spread over slides."""

    pooled: float
    spread: Spread


def _class_rows(report: EvaluationReport) -> list[dict[str, Any]]:
    pooled = report.pooled
    measured = report.pooled_measured
    spreads = {metric: report.class_spread(metric) for metric in report.metrics}
    areas = np.sum([s.scores.support * s.spacing_um**2 / 1e6 for s in report.slides], axis=0)
    return [
        {
            "cls": c,
            "mm2": areas[i],
            "support": pooled.support[i],
            "cells": [
                _Cell(float(measured.per_class(m)[i]), spreads[m][i]) for m in report.metrics
            ],
        }
        for i, c in enumerate(report.classes)
    ]


def _groups(report: EvaluationReport) -> list[dict[str, Any]]:
    """For every key: value, number of slides, and its metrics."""
    return [
        {
            "key": key,
            "rows": [
                {
                    "value": value,
                    "slides": len(part.slides),
                    "macro": part.spread("f1"),
                    "interval": part.interval("f1"),
                    "whole": [part.spread(m) for m in WHOLE],
                    "classes": part.class_spread("f1"),
                }
                for value, part in parts.items()
            ],
        }
        for key, parts in report.groups.items()
    ]


def _matrix(report: EvaluationReport) -> list[dict[str, Any]]:
    known = [(c, True, row) for c, row in zip(report.classes, report.pooled.counts, strict=True)]
    unknown = [(_unknown_class(name), False, row) for name, row in report.unknown.items()]
    return confusion_rows(known + unknown)


def confusion_rows(rows: Sequence[tuple[PathClass, bool, Counts]]) -> list[dict[str, Any]]:
    """Rows of a confusion matrix for the page.

    Args:
        rows: class, whether the model knows it, and its counts.
    """
    shares = row_normalised(np.array([row for _, _, row in rows]))
    return [
        {
            "cls": c,
            "known": known,
            "index": i,
            "cells": [
                {"share": float(s), "count": int(n)} for s, n in zip(shares[i], row, strict=True)
            ],
        }
        for i, (c, known, row) in enumerate(rows)
    ]


def _unknown_class(name: str, remark: str = "") -> PathClass:
    return PathClass(name + remark, overlay_drawing.UNKNOWN_COLOR)


def _slide_row(slide: SlideResult, views: list[dict[str, str]]) -> dict[str, Any]:
    return {
        "name": slide.name,
        "split": slide.split,
        "mm2": slide.labelled_mm2,
        "groups": slide.groups,
        "scores": slide.scores,
        "measured": slide.measured,
        "views": views,
    }


def _pictured(report: EvaluationReport, folder: Path | None) -> set[int]:
    """Indices of the slides whose pictures go into the page."""
    if folder is None:
        return set()
    with_pictures = [i for i, s in enumerate(report.slides) if s.pictures]
    worst = sorted(with_pictures, key=lambda i: report.slides[i].scores.macro("f1"))
    return set(worst[:MOST_PICTURED])


def _pictured_note(report: EvaluationReport, pictured: set[int]) -> str:
    if len(pictured) >= len(report.slides):
        return ""
    return f" Shown: the {len(pictured)} slides with the lowest F1; all are in pictures/."


def _places(report: EvaluationReport, folder: Path | None) -> list[dict[str, Any]]:
    """The worst of all slides, those with the largest wrong area first."""
    every = [(place, slide.name) for slide in report.slides for place in slide.places]
    every.sort(key=lambda pair: -pair[0].wrong_mm2)
    there = [(p, n) for p, n in every if ((folder or Path()) / p.picture).is_file()]
    return [
        {
            "slide": name,
            "link": place.picture,
            "data": embedded((folder or Path()) / place.picture, 900),
            "label": place.label,
            "predicted": place.predicted or "nothing",
            "wrong_mm2": place.wrong_mm2,
            "right": place.right,
        }
        for place, name in there[:ON_PAGE]
    ]


def _views(slide: SlideResult, folder: Path | None) -> list[dict[str, str]]:
    found = []
    for kind, relative in slide.pictures.items():
        path = (folder or Path()) / relative
        if path.is_file():
            caption = CAPTIONS.get(kind, kind)
            found.append({"link": relative, "data": embedded(path), "caption": caption})
    return found


def embedded(path: Path, longest: int = EMBEDDED_PX) -> str:
    """A picture file as a ``data:`` address, made smaller to `longest` px."""
    from PIL import Image

    with Image.open(path) as opened:
        opened.thumbnail((longest, longest), Image.Resampling.LANCZOS)
        small = np.asarray(opened.convert("RGB"))
    return overlay_drawing.data_uri(overlay_drawing.encode(small, "jpeg", quality=80), "image/jpeg")


def model_line(model: Mapping[str, Any]) -> str:
    """A model in a few words: ``hooknet at 0.5 + 2 µm/px``."""
    spacings = model.get("spacings_um")
    family = str(model.get("family", "predictions"))
    return family + (f" at {' + '.join(f'{s:g}' for s in spacings)} µm/px" if spacings else "")


def _notes(report: EvaluationReport) -> list[str]:
    """Things that a reader of the figures should know."""
    notes = []
    if annotators := report.settings.get("annotators"):
        first, second = (*map(str, annotators), "", "")[:2]
        notes.append(
            f"Two people's annotations, not a model's: annotated stands for {first}, "
            f"predicted for {second}. Only pixels that both labelled count; κ and Dice "
            "are the same the other way round."
        )
    missing, total = report.pooled.counts[:, -1].sum(), report.pooled.counts.sum()
    if missing > 0.005 * total:
        notes.append(
            f"{100 * missing / total:.1f} % of the labelled pixels were not predicted (outside the "
            "tissue mask or the predicted region); they count as misses."
        )
    absent = [n for n, s in zip(report.classes.names, report.pooled.support, strict=True) if not s]
    if absent:
        notes.append(f"Annotated on no slide, so not measured: {', '.join(absent)}.")
    if report.unknown:
        notes.append(
            f"Annotated but not known to the model, so not scored: {', '.join(report.unknown)}. "
            "The last rows of the confusion matrix say what was predicted there."
        )
    if seen := seen_slides(report.slides, report.model):
        notes.append(seen)
    unlike = [(s.name, *s.ood) for s in report.slides if s.ood is not None]
    if strange := [f"{name} ({score:.1f})" for name, score, limit in unlike if score > limit]:
        notes.append(
            "Unlike the training slides to the network (out-of-distribution score; theirs are "
            f"about 1): {', '.join(strange)}."
        )
    if len(report.slides) == 1:
        notes.append("One slide only: nothing is known about how results differ between slides.")
    if bare := report.settings.get("not_annotated"):
        notes.append(
            f"{len(bare)} image{'' if len(bare) == 1 else 's'} without annotated areas left out."
        )
    return notes


def seen_slides(slides: Sequence[SlideResult | ScaleSlide], model: Mapping[str, Any]) -> str:
    """A note where the model learned from some of the slides, else ""."""
    seen = learned_slides(slides, model)
    if not seen:
        return ""
    return (
        f"Training slides are among these ({len(seen)} of {len(slides)}): their metrics "
        "say little about other slides."
    )


def learned_slides(
    slides: Sequence[SlideResult | ScaleSlide], model: Mapping[str, Any]
) -> list[str]:
    """Names of the slides that the model learned from: by their content, else by their names."""
    learned = set(model.get("trained_on") or ())
    known = {s.name: s.taught for s in slides if isinstance(s, SlideResult)}
    return [
        s.name
        for s in slides
        if known.get(s.name) == "train"
        or (known.get(s.name) is None and (s.name in learned or s.split == "train"))
    ]


def facts(settings: Mapping[str, Any], model: Mapping[str, Any]) -> list[tuple[str, str]]:
    """What was asked and of which model, for the end of a page."""
    plain = {**settings, **{f"model {k}": v for k, v in model.items()}}
    return [(key.replace("_", " "), _plain(value)) for key, value in plain.items() if value]


def _plain(value: Any) -> str:
    if isinstance(value, Mapping):
        return ", ".join(f"{k} {_plain(v)}" for k, v in value.items())
    if isinstance(value, list | tuple):
        return ", ".join(map(_plain, value))
    return f"{value:g}" if isinstance(value, float) else str(value)

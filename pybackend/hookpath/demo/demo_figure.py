"""What the demo shows: what was drawn, and what either network made of it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from hookpath.annotations import LabelSource, read_geojson
from hookpath.demo.context_slides import CLASSES
from hookpath.evaluation import EvaluationReport
from hookpath.evaluation.plotting.map_grid import ComparisonRow, save_comparison
from hookpath.evaluation.plotting.overlay_drawing import Labels
from hookpath.evaluation.predictions.prediction_folder import PredictionsFolder
from hookpath.geometry import Region
from hookpath.projects import FolderProject, ImageEntry
from hookpath.slides import Slide

_SIDE = 640
"""Longest side of one slide in a picture, px."""

Scores = Mapping[str, EvaluationReport]


def draw_annotations(project: FolderProject, path: Path) -> Path:
    """The training slides with the polygons that the networks learn from."""
    rows = []
    for entry in project.images:
        if not entry.name.startswith("train"):
            continue
        with entry.slide.open() as slide:
            view = _whole(slide)
            annotated = LabelSource(entry.objects(), CLASSES).rasterize(view)
            rows.append(_row(entry, slide, view, {"annotations": annotated}))
    return save_comparison(path, rows[:2], CLASSES.classes, "All that is known of a slide")


def draw_comparison(
    project: FolderProject,
    truth: Path,
    predictions: Mapping[str, Path],
    reports: Scores,
    path: Path,
) -> Path:
    """The test slides: what is there, and what each network predicts, with its macro F1."""
    rows = []
    maps = {title: PredictionsFolder(folder) for title, folder in predictions.items()}
    for entry in project.images:
        if not entry.name.startswith("test"):
            continue
        with entry.slide.open() as slide:
            view = _whole(slide)
            there = read_geojson(truth / f"{Path(entry.name).stem}.geojson")
            columns = {"truth": LabelSource(there, CLASSES).rasterize(view)}
            for title, find in maps.items():
                found = find(entry)
                columns[title] = found.labels_of(view)
                found.close()
            row = _row(entry, slide, view, columns)
        row["notes"] = {t: f"macro F1 {_macro(r, entry):.3f}" for t, r in reports.items()}
        rows.append(row)
    title = "Slides that no network has seen: a few polygons taught both"
    return save_comparison(path, rows, CLASSES.classes, title)


def _whole(slide: Slide) -> Region:
    downsample = max(slide.width_l0, slide.height_l0) / _SIDE
    width, height = (round(side / downsample) for side in (slide.width_l0, slide.height_l0))
    return Region(0, 0, width, height, downsample, downsample)


def _row(
    entry: ImageEntry, slide: Slide, view: Region, maps: Mapping[str, Labels]
) -> ComparisonRow:
    row: ComparisonRow = {
        "title": Path(entry.name).stem,
        "image": slide.read(view),
        "maps": maps,
        "spacing_um": slide.calibration.mpp * view.downsample_x,
    }
    return row


def _macro(report: EvaluationReport, entry: ImageEntry) -> float:
    return next(s.scores.macro("f1") for s in report.slides if s.id == entry.id)

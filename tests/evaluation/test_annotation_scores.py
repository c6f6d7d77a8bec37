"""Every annotated area alone: what is said of it, and how unlike that it is."""

from __future__ import annotations

import csv
import math
from pathlib import Path

import numpy as np
import pytest
from shapely.geometry import box

from hookpath.annotations import PathClass, PathObject
from hookpath.evaluation import evaluate_project
from hookpath.evaluation.predictions.class_map_source import ArrayMap
from hookpath.evaluation.scoring.annotation_scores import RIGHT_KEY, AreaResult, AreaTally, LeftOut
from hookpath.evaluation.scoring.ground_truth import truth_of
from hookpath.evaluation.scoring.pixel_counting import ProbabilityTally, count_slide
from hookpath.projects import open_project
from support.evaluation import (
    BLUE,
    RED,
    TABLE,
    annotated,
    map_of_labels,
    write_prediction,
    write_slide,
)

NECROSIS = PathClass("Necrosis", (0, 0, 0))


def results_of(
    objects: list[PathObject], predicted: ArrayMap, tile: int = 1024
) -> tuple[AreaResult, ...]:
    truth = truth_of(objects, TABLE)
    assert truth is not None
    areas = AreaTally(truth)
    count_slide(truth, predicted, tile=tile, probabilities=ProbabilityTally(), areas=areas)
    return areas.results(0.25e-6, {o.id: o for o in objects})


def with_probabilities(rows: dict[int, tuple[int, int, int]]) -> ArrayMap:
    """A map of 64 px whose rows from each key on have these probabilities."""
    values = np.zeros((64, 64, 3), np.uint8)
    for start, row in rows.items():
        values[start:] = row
    plain = map_of_labels((values.argmax(2) + 1).astype(np.uint8))
    return ArrayMap(plain.labels, plain.grid, plain.classes, plain.spacing_um, values)


@pytest.mark.parametrize("tile", [16, 1024])
def test_an_area_has_the_loss_of_its_own_class(tile: int) -> None:
    """A fifth of the first lies where it is 20 % of its class, the rest where it is 80 %."""
    predicted = with_probabilities({0: (204, 51, 0), 40: (51, 204, 0)})
    first, second = results_of(
        annotated([(RED, 0, 0, 10, 50), (BLUE, 20, 44, 30, 54)]), predicted, tile
    )
    sure, unsure = -math.log(0.8), -math.log(0.2)
    assert first.loss == pytest.approx(0.8 * sure + 0.2 * unsure, abs=2e-3)
    assert (first.pixels, first.counts, first.right) == (500, (400, 100, 0, 0), 0.8)
    assert first.predicted == "Tumor"
    assert second.loss == pytest.approx(sure, abs=2e-3)
    entropy = (0.8 * sure + 0.2 * unsure) / math.log(3)
    assert second.uncertainty == pytest.approx(entropy, abs=0.02)
    assert second.area_mm2 == pytest.approx(100 * 0.25e-6)
    assert first.doubt > second.doubt


def test_where_areas_overlap_a_pixel_is_of_the_smaller_one() -> None:
    objects = annotated([(RED, 0, 0, 40, 40), (BLUE, 10, 10, 20, 20)])
    large, small = results_of(objects, map_of_labels(np.full((64, 64), 2, np.uint8)))
    assert [large.object_id, small.object_id] == [o.id for o in objects]
    assert (large.pixels, small.pixels) == (1500, 100)
    assert (large.right, small.right, large.predicted) == (0, 1, "Stroma")


def test_without_probabilities_what_is_wrong_ranks() -> None:
    (area,) = results_of(
        annotated([(RED, 0, 0, 10, 10)]), map_of_labels(np.ones((64, 64), np.uint8))
    )
    assert math.isnan(area.loss)
    assert area.doubt == 0
    assert area.as_dict()["loss"] is None


def test_what_was_not_predicted_or_is_of_an_unknown_class_has_no_loss() -> None:
    values = with_probabilities({0: (0, 0, 0), 32: (255, 0, 0)})
    labels = values.labels.copy()
    labels[:32] = 0
    predicted = ArrayMap(labels, values.grid, values.classes, 0.5, values.probabilities)
    bare, unknown = results_of(
        annotated([(RED, 0, 0, 20, 10), (NECROSIS, 0, 40, 10, 50)]), predicted
    )
    assert bare.predicted is None
    assert math.isnan(bare.loss)
    assert bare.counts == (0, 0, 0, 200)
    assert (unknown.label, unknown.predicted, unknown.right) == ("Necrosis", "Tumor", 0)
    assert math.isnan(unknown.loss)


def test_a_mark_says_nothing_of_another_class() -> None:
    square = box(0, 0, 10, 10)
    marks = [{RIGHT_KEY: "Tumor"}, {RIGHT_KEY: "Stroma"}, {}]
    objects = [PathObject(square, path_class=RED, metadata=m) for m in marks]
    for obj, is_marked in zip(objects, (True, False, False), strict=True):
        (area,) = results_of([obj], map_of_labels(np.ones((64, 64), np.uint8)))
        assert area.marked_right is is_marked


def test_an_evaluation_lists_the_areas_the_most_doubtful_first(tmp_path: Path) -> None:
    write_slide(tmp_path / "s", "a.tif", [(RED, 0, 0, 100, 100)])
    write_slide(tmp_path / "s", "b.tif", [(RED, 0, 0, 100, 50), (BLUE, 0, 100, 100, 150)])
    project = open_project(tmp_path / "s")
    for entry in project.images:
        write_prediction(tmp_path / "p", entry, np.ones((256, 256), np.uint8))
    ids = {e.name: [o.id for o in e.objects()] for e in project.images}
    report = evaluate_project(
        project,
        predictions_dir=tmp_path / "p",
        out_dir=tmp_path / "out",
        left_out=lambda images, classes, reporter: {
            (project.images[0].id, ids["a.tif"][0]): LeftOut(3.0, "Stroma", 0.25)
        },
    )
    rows = list(csv.DictReader((tmp_path / "out" / "areas.csv").open(newline="")))
    assert [(r["slide"], r["class"], r["predicted"]) for r in rows] == [
        ("a.tif", "Tumor", "Tumor"), ("b.tif", "Stroma", "Tumor"), ("b.tif", "Tumor", "Tumor"),
    ]  # fmt: skip
    assert [r["object"] for r in rows] == [ids["a.tif"][0], ids["b.tif"][1], ids["b.tif"][0]]
    assert [r["left_out_loss"] for r in rows] == ["3.000000", "", ""]
    assert report.as_dict()["slides"][0]["areas"][0]["left_out"] == {
        "loss": 3.0, "predicted": "Stroma", "right": 0.25}  # fmt: skip


def test_parts_of_the_split_have_metrics_of_their_own(tmp_path: Path) -> None:
    """Right on the training slide (100 px), wrong on the validation slide (300 px)."""
    for name, (wide, red) in {"a.tif": (10, RED), "b.tif": (30, BLUE)}.items():
        write_slide(tmp_path / "s", name, [(red, 0, 0, wide, 10)])
    project = open_project(tmp_path / "s")
    for entry, part in zip(project.images, ("train", "val"), strict=True):
        write_prediction(tmp_path / "p", entry, np.ones((256, 256), np.uint8))
        entry.set_metadata({"hookpath.split": part})
    report = evaluate_project(project, predictions_dir=tmp_path / "p", out_dir=tmp_path / "out")
    parts = report.as_dict()["parts"]
    assert {name: part["slides"] for name, part in parts.items()} == {
        "all": 2, "train": 1, "val": 1}  # fmt: skip
    assert parts["train"]["macro_f1"] == {"value": 1, "low": None, "high": None}
    assert parts["val"]["f1"]["Stroma"]["value"] == 0
    assert parts["val"]["f1"]["Tumor"]["value"] is None
    assert parts["all"]["confusion"] == [[100, 0, 0, 0], [300, 0, 0, 0], [0, 0, 0, 0]]

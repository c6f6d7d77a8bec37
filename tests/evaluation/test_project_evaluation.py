"""From a project and a model, or predictions on disk, to a report."""

from __future__ import annotations

import csv
import json
import re
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from hookpath.annotations import ClassTable, PathClass
from hookpath.errors import EvaluationError, UsageError
from hookpath.evaluation import evaluate_project, load_report
from hookpath.evaluation.predictions.class_map_tiff import FileMap
from hookpath.evaluation.project_evaluation import setting_of_model
from hookpath.geometry import Region
from hookpath.models import ModelCard, build_model, save_model
from hookpath.projects import REST_KEY, Project, Rest, open_project
from support.evaluation import BLUE, RED, TABLE, map_of_labels, write_prediction, write_slide


def two_slides(folder: Path) -> Project:
    """a.tif: 10 000 px Tumor; b.tif: 5000 px of each; bare.tif: nothing."""
    write_slide(folder, "a.tif", [(RED, 0, 0, 100, 100)])
    write_slide(folder, "b.tif", [(RED, 0, 0, 100, 50), (BLUE, 0, 100, 100, 150)])
    write_slide(folder, "bare.tif", [])
    return open_project(folder)


def all_tumor(size: int = 256) -> np.ndarray:
    return np.full((size, size), 1, np.uint8)


def test_predictions_on_disk_are_scored(tmp_path: Path) -> None:
    project = two_slides(tmp_path / "slides")
    for entry in project.images[:2]:
        write_prediction(tmp_path / "predictions", entry, all_tumor())
    out = tmp_path / "evaluation"
    report = evaluate_project(project, predictions_dir=tmp_path / "predictions", out_dir=out)
    assert report.pooled.counts.tolist() == [[15000, 0, 0, 0], [5000, 0, 0, 0], [0, 0, 0, 0]]
    assert [s.scores.macro() for s in report.slides] == pytest.approx([1.0, (2 / 3 + 0) / 2])
    assert report.classes.colors == TABLE.colors
    assert report.settings["not_annotated"] == ["bare.tif"]

    read = load_report(out)
    assert read.pooled.counts.tolist() == report.pooled.counts.tolist()
    raw = json.loads((out / "report.json").read_text())
    assert raw["pooled"]["confusion_row_normalised"] == [[1, 0, 0, 0], [1, 0, 0, 0], [None] * 4]
    assert raw["pooled"]["classes"]["Tumor"]["dice"] == raw["pooled"]["classes"]["Tumor"]["f1"]
    rows = list(csv.DictReader((out / "scores.csv").open(newline="")))
    assert [(r["slide"], r["class"], r["f1"]) for r in rows[4:6]] == [
        ("b.tif", "Tumor", "0.666667"), ("b.tif", "Stroma", "0.000000")]  # fmt: skip
    assert rows[1]["f1"] == ""


def test_undrawn_tissue_is_scored_where_it_is_of_a_class(tmp_path: Path) -> None:
    """All of the slide is tissue: 256² px, of which those not annotated are Other."""
    project = two_slides(tmp_path / "slides")
    for entry in project.images:
        write_prediction(tmp_path / "predictions", entry, all_tumor())
    project.images[2].set_metadata({REST_KEY: "Other"})
    report = evaluate_project(
        project,
        predictions_dir=tmp_path / "predictions",
        out_dir=tmp_path / "evaluation",
        rest=Rest(class_name="Stroma"),
    )
    size = 256 * 256
    stroma = 2 * size - 15000
    assert report.pooled.counts[:, 0].tolist() == [15000, stroma, size]
    assert [s.name for s in report.slides] == ["a.tif", "b.tif", "bare.tif"]


def test_undrawn_tissue_is_what_it_was_in_training(tmp_path: Path) -> None:
    network = build_model("unet", n_classes=3, spacings=[1.0], input_size=24, depth=1, filters=2)
    settings = {"rest": {"class_name": "Other", "tissue": "saturation"}}
    for name, training in (("new", {"config": settings}), ("old", {})):
        card = ModelCard.describe(network, TABLE, training=training)
        save_model(tmp_path / name, network, card)
    assert setting_of_model(tmp_path / "new", "rest", Rest) == Rest(
        class_name="Other", tissue="saturation"
    )
    assert setting_of_model(tmp_path / "old", "rest", Rest) == Rest()


def test_probability_maps_and_groups_reach_the_report(tmp_path: Path) -> None:
    project = two_slides(tmp_path / "slides")
    for entry, grade in zip(project.images[:2], ("2", "10"), strict=True):
        shares = np.zeros((256, 256, 3), np.uint8)
        shares[:75, :, 0], shares[75:, :, 1] = 200, 200  # all of the truth but a part of b's
        write_prediction(tmp_path / "predictions", entry, all_tumor(), probabilities=shares)
        entry.set_metadata({"grade": grade})
    run: dict[str, Any] = {
        "predictions_dir": tmp_path / "predictions",
        "out_dir": tmp_path / "evaluation",
    }
    report = evaluate_project(project, group_by=["grade"], **run)
    read = load_report(tmp_path / "evaluation")
    assert read.pooled_measured.bins is not None
    assert read.pooled_measured.bins[0].sum() == 20000
    assert 0.5 < read.pooled_measured.auc[0] <= 1
    assert read.metrics[-3:] == ("auc", "ap", "ece")
    assert {v: [s.name for s in part.slides] for v, part in read.groups["grade"].items()} == {
        "2": ["a.tif"], "10": ["b.tif"]}  # fmt: skip
    raw = json.loads((tmp_path / "evaluation" / "report.json").read_text())
    assert list(raw["groups"]["grade"]) == ["2", "10"]
    assert raw["groups"]["grade"]["2"]["macro"]["f1"]["mean"] == report.slides[0].scores.macro()
    with pytest.raises(UsageError, match=r"metadata 'hospital' to group by; there are: grade"):
        evaluate_project(project, group_by=["hospital"], **run)


def test_a_probability_map_of_another_size_is_a_problem(tmp_path: Path) -> None:
    project = two_slides(tmp_path / "slides")
    a, b, _ = project.images
    write_prediction(tmp_path / "predictions", a, all_tumor())
    folder = write_prediction(tmp_path / "predictions", b, all_tumor())
    shares = np.zeros((64, 64, 3), np.uint8)
    small = write_prediction(tmp_path / "small", b, all_tumor(64), probabilities=shares)
    shutil.copy(small / "probabilities.tif", folder)
    report = evaluate_project(
        project, predictions_dir=tmp_path / "predictions", out_dir=tmp_path / "out"
    )
    (problem,) = report.problems
    assert "probabilities.tif: is 64 × 64 px with 3 channels" in problem.message


def test_only_the_named_images_are_scored(tmp_path: Path) -> None:
    project = two_slides(tmp_path / "slides")
    for entry in project.images[:2]:
        write_prediction(tmp_path / "predictions", entry, all_tumor())
    report = evaluate_project(
        project,
        predictions_dir=tmp_path / "predictions",
        out_dir=tmp_path / "evaluation",
        names=["b.tif"],
    )
    assert [s.name for s in report.slides] == ["b.tif"]
    assert report.settings["not_annotated"] == []


def test_a_model_predicts_what_is_missing_and_never_touches_the_project(tmp_path: Path) -> None:
    from hookpath.inference import PredictConfig
    from hookpath.models import ModelCard, save_model
    from support.networks import random_network

    project = two_slides(tmp_path / "slides")
    before = {p.name: p.read_bytes() for p in (tmp_path / "slides").iterdir()}
    model = random_network("unet", n_classes=2, filters=2, depth=2, spacings=(1.0,), input_size=76)
    save_model(tmp_path / "model", model, ModelCard.describe(model, [BLUE, RED]))
    config = PredictConfig(device="cpu", readers=1, tissue=False)
    out = tmp_path / "evaluation"
    run: dict[str, Any] = {"model_dir": tmp_path / "model", "out_dir": out, "predict": config}
    report = evaluate_project(project, **run)
    assert report.classes.names == ("Stroma", "Tumor")
    # 1 µm/px pixels of the 0.5 µm/px slides: a quarter of the annotated ones; all are predicted.
    assert report.pooled.counts.sum() == (10000 + 5000 + 5000) / 4
    assert report.pooled.counts[:, -1].sum() == 0
    assert report.model["spacings_um"] == [1.0]
    assert {p.name: p.read_bytes() for p in (tmp_path / "slides").iterdir()} == before

    records = sorted(out.glob("predictions/*/prediction.json"))
    assert len(records) == 2  # the bare slide is not predicted
    stamps = [p.stat().st_mtime_ns for p in records]
    again = evaluate_project(project, **run)
    assert [p.stat().st_mtime_ns for p in records] == stamps
    assert again.pooled.counts.tolist() == report.pooled.counts.tolist()


def test_one_source_of_predictions_must_be_given(tmp_path: Path) -> None:
    project = two_slides(tmp_path)
    with pytest.raises(UsageError, match="either a model"):
        evaluate_project(project, out_dir=tmp_path / "out")
    with pytest.raises(UsageError, match="either a model"):
        evaluate_project(project, model_dir=tmp_path, predictions_dir=tmp_path,
                         out_dir=tmp_path / "out")  # fmt: skip


def test_folders_without_predictions_are_named(tmp_path: Path) -> None:
    project = two_slides(tmp_path / "slides")
    for folder, message in (("nowhere", "no such folder"), ("slides", "no finished prediction")):
        with pytest.raises(EvaluationError, match=message):
            evaluate_project(project, predictions_dir=tmp_path / folder, out_dir=tmp_path / "o")


def test_a_file_where_the_report_should_go_is_named(tmp_path: Path) -> None:
    project = two_slides(tmp_path / "slides")
    write_prediction(tmp_path / "predictions", project.images[0], all_tumor())
    (tmp_path / "out").write_text("")
    with pytest.raises(EvaluationError, match=r"out: cannot be written.*-o"):
        evaluate_project(
            project, predictions_dir=tmp_path / "predictions", out_dir=tmp_path / "out"
        )


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        ("absent", "was not predicted"),
        ("no map", r"no classes.tif"),
        ("cut", "damaged|not a readable map"),
        ("other model", "another model"),
        ("other classes", "one model"),
        ("other slide", "was predicted, the slide was another file"),
        ("other size", "its record says"),
    ],
)
def test_a_bad_prediction_is_one_line_and_the_rest_is_scored(
    tmp_path: Path, damage: str, message: str
) -> None:
    project = two_slides(tmp_path / "slides")
    a, b, _ = project.images
    predictions = tmp_path / "predictions"
    write_prediction(predictions, a, all_tumor())
    changed: dict[str, Any] = {"weights": "bb" * 32} if damage == "other model" else {}
    table = ClassTable((RED,)) if damage == "other classes" else TABLE
    folder = write_prediction(predictions, b, all_tumor(), table, **changed)
    if damage == "absent":
        shutil.rmtree(folder)
    elif damage == "no map":
        (folder / "classes.tif").unlink()
    elif damage == "cut":
        data = (folder / "classes.tif").read_bytes()
        (folder / "classes.tif").write_bytes(data[:40])
    elif damage == "other slide":
        with (tmp_path / "slides" / "b.tif").open("ab") as file:
            file.write(b"more")
    elif damage == "other size":
        small = write_prediction(tmp_path / "small", b, all_tumor(64))
        shutil.copy(small / "classes.tif", folder)
    report = evaluate_project(project, predictions_dir=predictions, out_dir=tmp_path / "out")
    assert [s.name for s in report.slides] == ["a.tif"]
    (problem,) = report.problems
    assert problem.image == "b.tif"
    assert "\n" not in problem.message
    assert re.search(message, problem.message)


def test_predictions_from_another_project_of_the_same_slides_are_found(tmp_path: Path) -> None:
    project = two_slides(tmp_path / "slides")
    folder = write_prediction(tmp_path / "predictions", project.images[0], all_tumor())
    folder.rename(folder.with_name("a-000000"))  # another image id
    report = evaluate_project(
        project, predictions_dir=tmp_path / "predictions", out_dir=tmp_path / "out"
    )
    assert [s.name for s in report.slides] == ["a.tif"]


def test_predictions_at_another_pixel_size_are_refused(tmp_path: Path) -> None:
    write_slide(tmp_path / "s", "a.tif", [(RED, 0, 0, 50, 50)])
    write_prediction(tmp_path / "p", open_project(tmp_path / "s").images[0], all_tumor())
    corrected = open_project(tmp_path / "s", override_mpp=1.0)
    with pytest.raises(EvaluationError, match=r"another pixel size \(1 µm/px, then 0.5\)"):
        evaluate_project(corrected, predictions_dir=tmp_path / "p", out_dir=tmp_path / "o")


def test_classes_the_model_does_not_know_are_reported_and_not_scored(tmp_path: Path) -> None:
    from support.reporting import Notes

    write_slide(tmp_path / "s", "a.tif", [(RED, 0, 0, 50, 50), (PathClass("Fat"), 60, 0, 70, 10)])
    project = open_project(tmp_path / "s")
    write_prediction(tmp_path / "p", project.images[0], all_tumor())
    notes = Notes()
    report = evaluate_project(
        project, predictions_dir=tmp_path / "p", out_dir=tmp_path / "o", reporter=notes
    )
    assert report.pooled.counts.sum() == 2500
    assert report.unknown["Fat"].tolist() == [100, 0, 0, 0]
    assert any("'Fat' is annotated (100 px)" in line for line in notes.warnings)
    assert notes.results[-1][0] == "evaluation"


def test_an_area_smaller_than_a_pixel_is_not_called_off_the_slide(tmp_path: Path) -> None:
    write_slide(tmp_path / "s", "a.tif", [(RED, 10.6, 10.6, 11.3, 11.3)])
    project = open_project(tmp_path / "s")
    write_prediction(tmp_path / "p", project.images[0], all_tumor(64), downsample=4)
    with pytest.raises(EvaluationError, match="smaller than a pixel"):
        evaluate_project(project, predictions_dir=tmp_path / "p", out_dir=tmp_path / "o")


def test_the_file_gives_the_same_labels_as_the_array(tmp_path: Path) -> None:
    write_slide(tmp_path / "s", "a.tif", [])
    entry = open_project(tmp_path / "s").images[0]
    labels = np.random.default_rng(0).integers(0, 4, (201, 333)).astype(np.uint8)
    folder = write_prediction(tmp_path / "p", entry, labels, downsample=2.5)
    array = map_of_labels(labels, downsample=2.5)
    file = FileMap.open(folder / "classes.tif", array.grid, TABLE.names, 1.25)
    for region in (
        array.grid,
        Region(-30, 400, 77, 60, 2.5, 2.5),
        Region(100, 100, 50, 40, 1.0, 1.0),
        Region(5000, 5000, 10, 10, 2.5, 2.5),
        Region(0, 0, 100, 100, 4.9, 4.9),
    ):
        assert (file.labels_of(region) == array.labels_of(region)).all()
    file.close()


def test_coarse_regions_come_from_coarse_levels(tmp_path: Path) -> None:
    write_slide(tmp_path / "s", "a.tif", [])
    entry = open_project(tmp_path / "s").images[0]
    labels = np.kron([[1, 2], [3, 1]], np.ones((128, 128))).astype(np.uint8)
    labels[0::2, 1::2] = 0  # one in four: gone on the next level
    folder = write_prediction(tmp_path / "p", entry, labels)
    file = FileMap.open(folder / "classes.tif", Region(0, 0, 256, 256, 1, 1), TABLE.names, 0.5)
    coarse = file.labels_of(Region(0, 0, 64, 64, 4, 4))
    assert (coarse == np.kron([[1, 2], [3, 1]], np.ones((32, 32)))).all()
    file.close()

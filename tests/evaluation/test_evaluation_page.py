"""The report's page: every metric on it, nothing from elsewhere, names are text."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest

from hookpath.annotations import ClassTable, PathClass
from hookpath.errors import EvaluationError
from hookpath.evaluation import (
    SlideResult,
    evaluate_project,
    load_report,
    make_report,
    write_report,
)
from hookpath.evaluation.class_metrics import spread
from hookpath.evaluation.report.evaluation_page import MOST_PICTURED, report_page
from hookpath.evaluation.report.html_templates import (
    count,
    figure,
    p_value,
    percent,
    plus_minus,
    signed,
)
from hookpath.evaluation.scoring.slide_metrics import Measured
from hookpath.projects import Problem, open_project
from support.evaluation import BLUE, RED, write_prediction, write_slide
from support.pages import outside_addresses, text_of

NAN = float("nan")
TWO = ClassTable((RED, BLUE))


def result(name: str, counts: list[list[int]], **more: object) -> SlideResult:
    return SlideResult(name, name, 0.5, np.array(counts, dtype=np.int64), **more)  # type: ignore[arg-type]


def test_metrics_of_two_slides_stand_on_the_page() -> None:
    slides = [
        result("one", [[900, 100, 0], [0, 0, 0]], split="val"),
        result("two", [[300, 0, 100], [50, 550, 0]], unknown={"Fat": np.array([0, 7, 3])}),
    ]
    visible = text_of(report_page(make_report("T", slides, TWO, [Problem("x", "x: broken")])))
    # Pooled Tumor: 1200 of 1400 found, 1250 predicted; Stroma: 550 of 600, 650 predicted.
    for text in (
        "Tumor 0.00035 mm² 1\u202f400 px".replace("\u202f", " "),
        f"{2 * 1200 / (1400 + 1250):.3f}", f"{1200 / 1250:.3f}", f"{1200 / 1400:.3f}",
        f"{550 / 650:.3f}", f"{550 / 600:.3f}", f"{1200 / (1400 + 1250 - 1200):.3f}",
        "86 % 1 200 7.1 % 100 7.1 % 100",
        "Fat not a class of the model: not scored 0 % 0 70 % 7 30 % 3",
        "1 slide could not be scored x: broken",
        "5.0 % of the labelled pixels were not predicted",
        "one val", "two –",
    ):  # fmt: skip
        assert text in visible.replace("\u202f", " "), text


def test_slides_unlike_the_training_slides_are_named() -> None:
    counts = [[900, 100, 0], [0, 500, 0]]
    slides = [result("a", counts, ood=(2.34, 1.5)), result("b", counts, ood=(1.1, 1.5))]
    visible = text_of(report_page(make_report("T", slides, TWO)))
    assert "Unlike the training slides to the network" in visible
    assert "about 1): a (2.3)." in visible
    back = SlideResult.from_dict(slides[0].as_dict(["Tumor", "Stroma"]))
    assert back.ood == (2.34, 1.5)


def test_notes_name_absent_classes_and_a_single_slide() -> None:
    visible = text_of(report_page(make_report("T", [result("a", [[5, 0, 0], [0, 0, 0]])], TWO)))
    assert "Annotated on no slide, so not measured: Stroma." in visible
    assert "One slide only" in visible
    assert "not predicted" not in visible.split("Confusion")[0]


def test_training_slides_among_the_scored_are_named() -> None:
    slides = [result(n, [[5, 0, 0], [0, 5, 0]], split=part) for n, part in
              (("a", None), ("b", "train"), ("c", "test"))]  # fmt: skip
    visible = text_of(report_page(make_report("T", slides, TWO, model={"trained_on": ["a", "z"]})))
    assert "Training slides are among these (2 of 3)" in visible
    visible = text_of(report_page(make_report("T", slides[2:], TWO, model={"trained_on": ["a"]})))
    assert "Training slides" not in visible


def test_names_are_text_and_nothing_is_fetched(tmp_path: Path) -> None:
    evil = PathClass('"><script>alert(1)</script>', (1, 2, 3))
    write_slide(tmp_path / "s", "<b>x<:b>.tif", [(evil, 0, 0, 90, 90), (BLUE, 100, 0, 150, 50)])
    project = open_project(tmp_path / "s")
    table = ClassTable((evil, BLUE))
    write_prediction(tmp_path / "p", project.images[0], np.full((256, 256), 1, np.uint8), table)
    out = tmp_path / "out"
    evaluate_project(project, predictions_dir=tmp_path / "p", out_dir=out, title="<u>T</u> & $1$")
    page = (out / "report.html").read_text()
    assert "<script" not in page
    assert "<b>x" not in page
    assert "<u>" not in page
    assert "<b>x<:b>.tif" in text_of(page)
    assert outside_addresses(page) == []
    assert page.count("data:image/jpeg;base64,") == 4 + 1  # and the worst place
    moved = tmp_path / "moved.html"
    (out / "report.html").rename(moved)
    assert page.count("<img") == 5  # inside the page, so they move with it


def test_pictures_of_an_earlier_evaluation_go_and_foreign_files_stay(tmp_path: Path) -> None:
    write_slide(tmp_path / "s", "a.tif", [(RED, 0, 0, 90, 90)])
    project = open_project(tmp_path / "s")
    write_prediction(tmp_path / "p", project.images[0], np.full((256, 256), 1, np.uint8))
    pictures = tmp_path / "out" / "pictures"
    pictures.mkdir(parents=True)
    for name in ("009_old_slide.jpg", "holiday.jpg"):
        (pictures / name).write_text("")
    evaluate_project(project, predictions_dir=tmp_path / "p", out_dir=tmp_path / "out")
    names = sorted(p.name for p in pictures.iterdir())
    kinds = ("errors", "prediction", "slide", "truth")
    assert names == [*(f"001_a_{k}.jpg" for k in kinds), "holiday.jpg"]


def test_many_slides_show_the_worst_and_stay_light(tmp_path: Path) -> None:
    from hookpath.evaluation.plotting.overlay_drawing import encode

    (tmp_path / "pictures").mkdir()
    (tmp_path / "pictures" / "p.jpg").write_bytes(encode(np.zeros((9, 9, 3), np.uint8), "jpeg"))
    shown = {"slide": "pictures/p.jpg"}
    slides = [
        result(f"s{i:02d}", [[100 + i, 50, 0], [0, 9, 0]], pictures=shown)
        for i in range(MOST_PICTURED + 3)
    ]
    page = report_page(make_report("T", slides, TWO), tmp_path)
    assert page.count("<img") == MOST_PICTURED
    assert f"the {MOST_PICTURED} slides with the lowest F1" in text_of(page)
    assert 'alt="s00: slide"' in page
    assert 'alt="s42: slide"' not in page


def test_a_page_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    report = make_report("T", [result("a", [[5, 0, 0], [0, 0, 0]])], TWO)
    (tmp_path / "file").write_text("")
    with pytest.raises(EvaluationError, match="cannot be written"):
        write_report(report, tmp_path / "file")
    (tmp_path / "locked").mkdir(mode=0o555)
    for folder in ("locked", "locked/new/below"):
        with pytest.raises(EvaluationError, match="locked is marked read-only"):
            write_report(report, tmp_path / folder)
    assert list((tmp_path / "locked").iterdir()) == []


def test_number_formats() -> None:
    assert (figure(0.87345), figure(NAN), figure(None)) == ("0.873", "–", "–")
    assert [percent(v) for v in (0, 0.0001, 0.004, 0.5, 0.995, 0.9999, 1, NAN)] == [
        "0 %", "< 0.1 %", "0.4 %", "50 %", "99.5 %", "> 99.9 %", "100 %", "–"]  # fmt: skip
    assert count(1234567) == "1\u202f234\u202f567"
    assert plus_minus(spread([0.8, 0.9])) == "0.850 ± 0.071"
    assert plus_minus(spread([0.8])) == "0.800"
    assert (signed(0.0312), signed(-0.5), signed(NAN)) == ("+0.031", "−0.500", "–")
    assert (p_value(0.03125), p_value(0.0004), p_value(None)) == ("0.031", "< 0.001", "–")


def binned(seed: int) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 9, (2, 2, 256))


def grouped_report(folder: Path) -> None:
    slides = [
        result(f"s{i}", [[900 - 100 * i, 100, 0], [50, 550, 0]], bins=binned(i),
               groups={"grade": str(i % 2 + 1)}, map_spacing_um=256.0)
        for i in range(4)
    ]  # fmt: skip
    write_report(make_report("T", slides, TWO), folder)


def test_groups_and_curves_are_on_the_page_and_in_files(tmp_path: Path) -> None:
    grouped_report(tmp_path)
    page = (tmp_path / "report.html").read_text()
    visible = text_of(page)
    slides = load_report(tmp_path).slides
    second = spread([slides[i].scores.macro() for i in (1, 3)])
    for text in ("By grade", f"2 2 {plus_minus(second)}", "ROC curves", "AUC",
                 "the class maps are coarser (256 µm/px)"):  # fmt: skip
        assert text in visible, text
    pooled = Measured.pooled([s.measured for s in slides])
    assert f"pooled: {pooled.value('kappa'):.3f}" in visible
    assert outside_addresses(page) == []
    names = {p.name for p in (tmp_path / "plots").iterdir()}
    assert names == {f"{n}.{e}" for n in ("f1", "groups-grade", "roc", "precision",
                                               "reliability", "confusion")
                     for e in ("svg", "csv")}  # fmt: skip


def test_csv_files_hold_the_metrics_of_the_slides(tmp_path: Path) -> None:
    grouped_report(tmp_path)
    slides = load_report(tmp_path).slides
    rows = list(csv.DictReader((tmp_path / "slides.csv").open(newline="")))
    assert [(r["slide"], r["grade"]) for r in rows] == [
        ("s0", "1"), ("s1", "2"), ("s2", "1"), ("s3", "2"), ("(pooled)", "")]  # fmt: skip
    for row, slide in zip(rows, slides, strict=False):
        assert float(row["kappa"]) == pytest.approx(slide.scores.kappa, abs=1e-6)
        assert float(row["macro_auc"]) == pytest.approx(slide.measured.value("auc"), abs=1e-6)
    scored = list(csv.DictReader((tmp_path / "scores.csv").open(newline="")))
    assert float(scored[0]["auc"]) == pytest.approx(slides[0].measured.auc[0], abs=1e-6)
    graded = list(csv.DictReader((tmp_path / "plots" / "groups-grade.csv").open(newline="")))
    assert {r["figure"] for r in graded} >= {"f1", "auc", "kappa"}
    curve = list(csv.DictReader((tmp_path / "plots" / "roc.csv").open(newline="")))
    assert {r["slide"] for r in curve} == {"s0", "s1", "s2", "s3", "all slides pooled"}


def test_without_probabilities_nothing_is_said_of_curves(tmp_path: Path) -> None:
    slides = [result(f"s{i}", [[9, 1, 0], [0, 5, 0]]) for i in range(2)]
    write_report(make_report("T", slides, TWO), tmp_path)
    visible = text_of((tmp_path / "report.html").read_text())
    assert "ROC curves" not in visible
    assert "IoU AUC" not in visible
    assert not (tmp_path / "plots" / "roc.svg").exists()


def test_plots_of_an_earlier_report_do_not_stay(tmp_path: Path) -> None:
    (tmp_path / "plots").mkdir()
    for name in ("groups-hospital.svg", "roc.csv", "of-mine.csv"):
        (tmp_path / "plots" / name).write_text("")
    slides = [result("s", [[9, 1, 0], [0, 5, 0]])]
    write_report(make_report("T", slides, TWO), tmp_path)
    names = {p.name for p in (tmp_path / "plots").iterdir()}
    assert names == {"f1.svg", "f1.csv", "confusion.svg", "confusion.csv", "of-mine.csv"}


def test_objects_and_boundaries_are_on_the_page_and_in_the_tables(tmp_path: Path) -> None:
    """Tumor of 60 × 60 px in Stroma (0.5 µm/px); predicted 4 px too far right, and a stray one."""
    write_slide(tmp_path, "a.tif", [(BLUE, 0, 0, 200, 200), (RED, 40, 40, 100, 100)])
    project = open_project(tmp_path)
    labels = np.full((256, 256), 2, np.uint8)
    labels[40:100, 40:104] = 1
    labels[150:180, 150:180] = 1
    write_prediction(tmp_path / "p", project.images[0], labels, TWO)
    report = evaluate_project(project, predictions_dir=tmp_path / "p", out_dir=tmp_path / "out")
    # Both annotations are found, and the stray one is false: F1 = 2/3 and 1.
    visible = text_of((tmp_path / "out" / "report.html").read_text("utf-8"))
    assert "Tumor 1 1 1 0 0.667" in visible
    assert "Stroma 1 1 0 0 1.000" in visible
    assert "objects below 100 µm² are left out" in visible
    rows = list(csv.DictReader((tmp_path / "out" / "scores.csv").open(encoding="utf-8")))
    tumor = next(row for row in rows if row["slide"] == "a.tif" and row["class"] == "Tumor")
    assert (tumor["objects_drawn"], tumor["objects_false"]) == ("1", "1")
    assert float(tumor["object_precision"]) == pytest.approx(0.5)
    assert float(tumor["assd_um"]) == pytest.approx(report.slides[0].measured.value("assd_um"))
    again = load_report(tmp_path / "out")
    for metric in ("object_f1", "hd95_um", "assd_um"):
        expected = report.slides[0].measured.per_class(metric)
        np.testing.assert_array_equal(again.slides[0].measured.per_class(metric), expected)
    large = tmp_path / "large"
    report = evaluate_project(
        project, predictions_dir=tmp_path / "p", out_dir=large, object_um2=400
    )
    assert report.slides[0].measured.per_class("object_f1").tolist() == [1, 1]

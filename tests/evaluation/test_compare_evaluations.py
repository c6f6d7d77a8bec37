"""Runs side by side: the same slides, the same classes, the same annotations."""

from __future__ import annotations

import csv
import json
from collections.abc import Mapping
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest
from scipy import stats
from sklearn.metrics import auc

from hookpath.annotations import ClassTable
from hookpath.errors import EvaluationError, UsageError
from hookpath.evaluation import (
    SlideResult,
    compare_reports,
    confusion_matrix,
    make_report,
    write_report,
)
from hookpath.evaluation.comparison.compare_evaluations import short_names
from hookpath.evaluation.plotting.figure_style import distinct_names
from hookpath.evaluation.scoring.roc import count_probabilities
from hookpath.evaluation.shape_scoring.shape_metrics import ShapeMetrics
from hookpath.evaluation.statistics.bootstrap import mean_interval
from support.evaluation import BLUE, GREEN, RED
from support.pages import outside_addresses

TWO = ClassTable((RED, BLUE))


def write_run(
    folder: Path,
    right: Mapping[str, int],
    classes: ClassTable = TWO,
    spacing_um: float = 1.0,
    scale: int = 1,
) -> Path:
    """An evaluation: slide → how many of 1000 Tumor pixels are right; of 1000 Stroma all."""
    results = []
    for name, hits in right.items():
        counts = np.zeros((len(classes), len(classes) + 1), np.int64)
        tumor, stroma = classes.names.index("Tumor"), classes.names.index("Stroma")
        counts[tumor, tumor], counts[tumor, stroma] = hits * scale, (1000 - hits) * scale
        counts[stroma, stroma] = 1000 * scale
        results.append(SlideResult(name, f"id of {name}", spacing_um, counts))
    write_report(make_report(folder.name, results, classes), folder)
    return folder


def f1_mean(hits: int) -> float:
    """Macro F1 of such a slide, by hand."""
    return (2 * hits / (2 * hits + 1000 - hits) + 2000 / (2000 + 1000 - hits)) / 2


def test_metrics_of_two_runs_slide_by_slide(tmp_path: Path) -> None:
    a = write_run(tmp_path / "a", {"s1": 500, "s2": 600, "s3": 700})
    b = write_run(tmp_path / "b", {"s3": 800, "s1": 900, "s2": 600})
    found = compare_reports([a, b], out_dir=tmp_path / "out")
    assert found.names == ("a", "b")
    assert found.slides == ("s1", "s2", "s3")
    expected = [[f1_mean(500), f1_mean(900)], [f1_mean(600)] * 2, [f1_mean(700), f1_mean(800)]]
    assert found.macro.tolist() == [pytest.approx(row) for row in expected]
    (test,) = found.tests
    assert (test.better, test.worse, test.equal, test.p) == (2, 0, 1, None)
    raw = json.loads((tmp_path / "out" / "comparison.json").read_text())
    assert raw["runs"][1]["macro"]["n"] == 3
    assert raw["tests"][0]["verdict"].startswith("Too few slides")
    assert (tmp_path / "out" / "comparison.png").read_bytes()[:4] == b"\x89PNG"
    page = (tmp_path / "out" / "comparison.html").read_text()
    assert "Too few slides" in page
    assert outside_addresses(page) == []


def test_classes_in_another_order_are_the_same_classes(tmp_path: Path) -> None:
    a = write_run(tmp_path / "a", {"s1": 500})
    b = write_run(tmp_path / "b", {"s1": 500}, ClassTable((BLUE, RED)))
    found = compare_reports([a, b])
    assert found.per_class[0].tolist() == found.per_class[1].tolist()
    assert found.notes == ()


def test_other_classes_are_refused_in_one_line(tmp_path: Path) -> None:
    a = write_run(tmp_path / "a", {"s1": 500})
    b = write_run(tmp_path / "b", {"s1": 500}, ClassTable((RED, BLUE, GREEN)))
    with pytest.raises(EvaluationError, match="b has the classes Tumor, Stroma, Other, a has"):
        compare_reports([a, b])


def test_only_common_slides_count_and_the_others_are_named(tmp_path: Path) -> None:
    a = write_run(tmp_path / "a", {"s1": 500, "s2": 600})
    b = write_run(tmp_path / "b", {"s2": 700, "s3": 900})
    found = compare_reports([a, b])
    assert found.slides == ("s2",)
    assert found.notes == (
        "Not scored by all runs, so left out of a: s1.",
        "Not scored by all runs, so left out of b: s3.",
    )
    c = write_run(tmp_path / "c", {"s9": 1})
    with pytest.raises(EvaluationError, match=r"no slide in common \(a: s1, s2; c: s9\)"):
        compare_reports([a, c])


def test_annotations_that_changed_are_noticed_pixels_of_another_size_are_not(
    tmp_path: Path,
) -> None:
    a = write_run(tmp_path / "a", {"s1": 500, "s2": 500})
    finer = write_run(tmp_path / "finer", {"s1": 500, "s2": 500}, spacing_um=0.5, scale=4)
    assert compare_reports([a, finer]).notes == ()
    changed = write_run(tmp_path / "changed", {"s1": 500, "s2": 500}, scale=2)
    (note,) = compare_reports([a, changed]).notes
    assert note.startswith("The annotations are not the same in all runs on s1, s2")


def test_calls_that_make_no_sense_are_refused(tmp_path: Path) -> None:
    a = write_run(tmp_path / "a", {"s1": 500})
    b = write_run(tmp_path / "b", {"s1": 500})
    with pytest.raises(UsageError, match="at least two"):
        compare_reports([a])
    with pytest.raises(UsageError, match="given twice"):
        compare_reports([a, a / "report.json"])
    with pytest.raises(UsageError, match="one name of its own"):
        compare_reports([a, b], names=["x", "x"])
    with pytest.raises(UsageError, match="none of f1"):
        compare_reports([a, b], metric="beauty")
    with pytest.raises(EvaluationError, match=r"no report.json here; run `hookpath evaluate`"):
        compare_reports([a, tmp_path])
    (b / "report.json").write_text("{}")
    with pytest.raises(EvaluationError, match="not a report of"):
        compare_reports([a, b])


def test_names_are_the_shortest_that_tell_folders_apart() -> None:
    assert short_names([Path("/x/unet/evaluation"), Path("/x/hook/evaluation")]) == ["unet", "hook"]
    assert short_names([Path("/x/1/run"), Path("/x/2/run")]) == ["1/run", "2/run"]


def test_names_are_text_not_markup(tmp_path: Path) -> None:
    runs = [write_run(tmp_path / n, {"<b>x</b>": 500}) for n in ("a", "b")]
    compare_reports(runs, out_dir=tmp_path / "out", names=["<i>1</i>", "$x_1$"], title="<u>t</u>")
    page = (tmp_path / "out" / "comparison.html").read_text()
    for tag in ("<b>x", "<i>1", "<u>t"):
        assert tag not in page
    assert "&lt;b&gt;x&lt;/b&gt;" in page


def test_many_runs_are_tested_in_pairs_and_corrected(tmp_path: Path) -> None:
    slides = [f"s{i}" for i in range(8)]
    runs = [
        write_run(tmp_path / f"r{k}", {s: 400 + 20 * i + 90 * k for i, s in enumerate(slides)})
        for k in range(3)
    ]
    found = compare_reports(runs)
    assert [(t.first, t.second) for t in found.tests] == [("r0", "r1"), ("r0", "r2"), ("r1", "r2")]
    assert {t.p for t in found.tests} == {2 / 2**8}
    assert {t.p_corrected for t in found.tests} == {3 * 2 / 2**8}


def graded_run(folder: Path, gain: float, seed: int = 0, classes: ClassTable = TWO) -> Path:
    """Seven slides of two classes with probabilities, in two grades; the higher gain is better."""
    rng = np.random.default_rng(seed)
    results = []
    for number in range(7):
        labels = rng.integers(1, 3, (1, 500))
        certain = rng.normal(110, 40, labels.shape) + gain * (labels == 2) + 3 * number
        stroma = np.clip(certain, 0, 255).astype(np.uint8)
        guess = np.where(stroma > 127, 2, 1)
        order = [classes.names.index(n) for n in ("Tumor", "Stroma")]
        shares = np.stack([255 - stroma, stroma], axis=-1)[..., np.argsort(order)]
        renamed = np.array([0, order[0] + 1, order[1] + 1])
        counts = confusion_matrix(renamed[labels], renamed[guess], 2)
        bins = count_probabilities(renamed[labels], shares)
        groups = {"grade": str(number % 2 + 1)}
        results.append(SlideResult(f"s{number}", "", 1.0, counts, groups=groups, bins=bins))
    write_report(make_report(folder.name, results, classes), folder)
    return folder


@pytest.fixture(scope="module")
def graded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A comparison of three such runs on disk, the last with the classes in another order."""
    folder = tmp_path_factory.mktemp("graded")
    runs = [graded_run(folder / f"r{i}", 30 * i) for i in range(2)]
    runs.append(graded_run(folder / "r2", 60, classes=ClassTable((BLUE, RED))))
    compare_reports(runs, out_dir=folder / "out")
    return folder


def rows_of(path: Path) -> list[dict[str, str]]:
    return list(csv.DictReader(path.open(newline="", encoding="utf-8")))


def test_every_plot_is_a_picture_with_its_numbers(graded: Path) -> None:
    plots = graded / "out" / "plots"
    named = {p.stem for p in plots.glob("*.svg")}
    assert named == {p.stem for p in plots.glob("*.csv")}
    assert named == {
        "runs", "slides", "classes", "differences", "groups-grade", "roc", "confusion"}  # fmt: skip
    page = (graded / "out" / "comparison.html").read_text()
    for name in named:
        root = ElementTree.parse(plots / f"{name}.svg").getroot()
        assert root.tag.endswith("svg")
        assert (plots / f"{name}.csv").read_text().count("\n") > 1
    assert page.count("<svg") == len(named)
    assert outside_addresses(page) == []


def test_numbers_behind_the_plots_are_those_of_the_comparison(graded: Path) -> None:
    found = compare_reports([graded / f"r{i}" for i in range(3)])
    plots = graded / "out" / "plots"
    for number, row in enumerate(rows_of(plots / "runs.csv")):
        assert float(row["mean"]) == pytest.approx(found.macro[:, number].mean(), abs=1e-6)
        interval = mean_interval(found.macro[:, number])
        assert float(row["low_95"]) == pytest.approx(interval.low, abs=1e-6)
        assert float(row["pooled_low_95"]) < float(row["pooled"]) < float(row["pooled_high_95"])
    first = rows_of(plots / "differences.csv")[0]
    assert float(first["p_corrected"]) == pytest.approx(found.tests[0].p_corrected, abs=1e-6)
    grades = rows_of(plots / "groups-grade.csv")
    assert [(r["grade"], r["run"], r["slides"]) for r in grades[:2]] == [
        ("1", "r0", "4"), ("2", "r0", "3")]  # fmt: skip
    odd = found.macro[1::2, 0].mean()
    assert float(grades[1]["mean"]) == pytest.approx(odd, abs=1e-6)


def test_roc_curves_are_of_pooled_slides_and_of_the_right_class(graded: Path) -> None:
    found = compare_reports([graded / f"r{i}" for i in range(3)])
    areas = np.array([m.auc for m in found.pooled])
    assert areas[0].tolist() == pytest.approx([0.5, 0.5], abs=0.03)  # knows nothing
    assert (np.diff(areas, axis=0) > 0.1).all()
    rows = rows_of(graded / "out" / "plots" / "roc.csv")
    for name in ("Tumor", "Stroma"):
        curve = [r for r in rows if (r["class"], r["run"]) == (name, "r2")]
        points = [[float(r[f"{k}_positive_rate"]) for r in curve] for k in ("false", "true")]
        area = auc(*points)
        assert area == pytest.approx(areas[2][found.classes.names.index(name)], abs=1e-5)


def test_confusion_matrices_have_the_classes_in_one_order(graded: Path) -> None:
    found = compare_reports([graded / "r0", graded / "r2"])
    shares = [m.scores.accuracy for m in found.pooled]
    assert shares == pytest.approx([r.report.pooled.accuracy for r in found.runs])
    assert found.pooled[1].counts[0].tolist() == found.runs[1].report.pooled.counts[
        1, [1, 0, 2]
    ].tolist()  # fmt: skip


def test_any_figure_can_be_compared(graded: Path, tmp_path: Path) -> None:
    runs = [graded / "r0", graded / "r1"]
    kappa = compare_reports(runs, metric="kappa", out_dir=tmp_path)
    expected = [s.measured.value("kappa") for s in kappa.results[1]]
    assert kappa.macro[:, 1].tolist() == expected
    assert kappa.class_tests == ()
    assert not (tmp_path / "plots" / "classes.svg").exists()  # no single class has a κ
    area = compare_reports(runs, metric="auc")
    assert area.per_class[1, 3].tolist() == area.results[1][3].measured.auc.tolist()
    assert area.macro[3, 1] == pytest.approx(area.per_class[1, 3].mean())


def test_of_distances_the_least_is_best(tmp_path: Path) -> None:
    runs = []
    for name, um in (("near", 3.0), ("far", 40.0)):
        edges = np.array([[100, 100, 0, 200, 200 * um, 2 * um]] * 2)
        shapes = ShapeMetrics(np.array([[2, 1, 1, 0]] * 2), edges)
        counts = np.array([[900, 100, 0], [0, 1000, 0]])
        results = [SlideResult(s, s, 1.0, counts, shapes=shapes) for s in ("s1", "s2", "s3")]
        write_report(make_report(name, results, TWO), tmp_path / name)
        runs.append(tmp_path / name)
    found = compare_reports(runs, metric="assd_um", out_dir=tmp_path / "out")
    assert found.macro.tolist() == [[3, 40]] * 3
    assert [round(i.high, 6) for i in found.pooled_intervals] == [3, 40]
    page = (tmp_path / "out" / "comparison.html").read_text("utf-8")
    assert "Bold: the lowest macro ASSD, µm" in page
    assert "<b>3.000 ± 0.000</b>" in page
    assert "<b>40.000" not in page
    assert compare_reports(runs, metric="hd95_um").macro.tolist() == [[6, 80]] * 3
    assert compare_reports(runs, metric="object_f1").macro[0].tolist() == pytest.approx([2 / 4] * 2)


def test_correction_baseline_and_groups_can_be_chosen(graded: Path) -> None:
    runs = [graded / f"r{i}" for i in range(3)]
    found = compare_reports(runs, correction="bonferroni", baseline="r2", group_by=[])
    assert [(t.first, t.second) for t in found.tests] == [("r2", "r0"), ("r2", "r1")]
    assert [t.p_corrected for t in found.tests] == [min(1, 2 * t.p) for t in found.tests]
    assert len(found.class_tests) == 4
    assert [t.p_corrected for t in found.class_tests] == [
        min(1, 4 * t.p) for t in found.class_tests
    ]
    assert found.groups == {}
    assert compare_reports(runs).groups == {"grade": {"1": [0, 2, 4, 6], "2": [1, 3, 5]}}
    with pytest.raises(UsageError, match="no run is called 'x'; there are: r0, r1, r2"):
        compare_reports(runs, baseline="x")
    with pytest.raises(UsageError, match="--group-by hospital"):
        compare_reports(runs, group_by=["hospital"])
    with pytest.raises(UsageError, match="'sidak' is none of holm"):
        compare_reports(runs, correction="sidak")


def test_ranges_are_tested_over_all_runs(graded: Path) -> None:
    found = compare_reports([graded / f"r{i}" for i in range(3)])
    theirs = stats.tukey_hsd(*found.macro.T).pvalue
    assert [t.p for t in found.range_tests] == pytest.approx(
        [theirs[0, 1], theirs[0, 2], theirs[1, 2]]
    )


def test_names_in_plots_stay_apart() -> None:
    long = [f"HookNet (0.5 + 8.0 µm/px), λ = 0.75, fold {i}, all slides" for i in range(3)]
    short = distinct_names(long, 26)
    assert short == [f"…µm/px), λ = 0.75, fold {i}…" for i in range(3)]
    assert distinct_names(["unet", "hooknet"], 26) == ["unet", "hooknet"]
    same = [f"{'a' * 40}{i}{'b' * 40}" for i in range(2)]
    assert len(set(distinct_names(same, 26))) == 2


def test_runs_that_were_predicted_otherwise_are_reported(tmp_path: Path) -> None:
    same = [write_run(tmp_path / name, {"s1": 500, "s2": 400}) for name in ("a", "b")]
    for folder, settings in zip(
        same, ({"tissue": True, "tta": False}, {"tissue": False, "tta": False}), strict=True
    ):
        raw = json.loads((folder / "report.json").read_text("utf-8"))
        raw["settings"] = {"predicted_with": settings, "scored_at_um": None}
        (folder / "report.json").write_text(json.dumps(raw), "utf-8")
    (note,) = [n for n in compare_reports(same).notes if "otherwise" in n]
    assert note.startswith("Predicted or scored otherwise (tissue – a: yes, b: no)")
    old = write_run(tmp_path / "c", {"s1": 500, "s2": 400})
    assert not any("otherwise" in n for n in compare_reports([same[0], old]).notes)

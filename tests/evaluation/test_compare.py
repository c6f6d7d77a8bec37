"""Runs side by side: the same slides, the same classes, the same annotations."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pytest

from hookpath.annotations import ClassTable
from hookpath.errors import EvaluationError, UsageError
from hookpath.evaluation import SlideResult, compare_reports, make_report, write_report
from hookpath.evaluation.compare import short_names
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


def test_figures_of_two_runs_slide_by_slide(tmp_path: Path) -> None:
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
    found = compare_reports(runs, out_dir=tmp_path / "out")
    assert [(t.first, t.second) for t in found.tests] == [("r0", "r1"), ("r0", "r2"), ("r1", "r2")]
    assert {t.p for t in found.tests} == {2 / 2**8}
    assert {t.p_corrected for t in found.tests} == {3 * 2 / 2**8}

"""A scale detector against slides of known µm/px: its metrics, its report, and what goes wrong."""

from __future__ import annotations

import csv
import json
import math
import warnings
from pathlib import Path

import numpy as np
import pytest
import sklearn.metrics as skmetrics

from hookpath.errors import EvaluationError, ModelFolderError, UsageError
from hookpath.evaluation import evaluate_scale, load_report
from hookpath.evaluation.scale_detector import score_detector
from hookpath.evaluation.scale_detector.detector_metrics import (
    SCALE_METRICS,
    ScaleMeasured,
    scale_intervals,
)
from hookpath.evaluation.statistics.bootstrap import resampled_slides
from hookpath.models import FAMILIES, ModelCard, save_model
from hookpath.projects import SPLIT_KEY, open_project
from support.networks import random_network
from support.pages import outside_addresses, text_of
from support.ruler import Ruler, ramp_slide
from support.training import Recorder

STEPS = (5.0, 10.0, 20.0, 40.0)


def answers(seed: int, n: int = 60) -> tuple[np.ndarray, np.ndarray]:
    """Magnifications, and answers that are off by a few."""
    rng = np.random.default_rng(seed)
    asked = rng.choice(STEPS, n)
    return asked, asked + rng.normal(0, 4, n)


def theirs(asked: np.ndarray, found: np.ndarray) -> dict[str, float]:
    """The metrics by scikit-learn."""
    true, guess = (np.abs(v[:, None] - np.array(STEPS)).argmin(1) for v in (asked, found))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # an answer that is near no true one
        balanced = skmetrics.balanced_accuracy_score(true, guess)
    return {
        "r2": skmetrics.r2_score(asked, found),
        "mse": skmetrics.mean_squared_error(asked, found),
        "balanced_accuracy": balanced,
        "quadratic_kappa": skmetrics.cohen_kappa_score(
            true, guess, labels=range(len(STEPS)), weights="quadratic"
        ),
    }


def ours(measured: ScaleMeasured) -> dict[str, float]:
    return {metric: measured.value(metric) for metric in SCALE_METRICS}


@pytest.mark.parametrize("seed", range(4))
def test_metrics_of_a_slide_are_those_of_scikit_learn(seed: int) -> None:
    asked, found = answers(seed)
    measured = ScaleMeasured.of(asked, found, STEPS)
    assert ours(measured) == pytest.approx(theirs(asked, found), abs=1e-9)


def test_pooled_metrics_are_those_of_all_patches_together() -> None:
    parts = [answers(seed, n) for seed, n in ((1, 20), (2, 50), (3, 7))]
    pooled = ScaleMeasured.pooled([ScaleMeasured.of(*part, STEPS) for part in parts])
    asked, found = (np.concatenate(column) for column in zip(*parts, strict=True))
    assert ours(pooled) == pytest.approx(theirs(asked, found), abs=1e-9)


def test_intervals_draw_slides_again() -> None:
    parts = [answers(seed, 30) for seed in range(5)]
    intervals = scale_intervals([ScaleMeasured.of(*part, STEPS) for part in parts])
    drawn = resampled_slides(5)
    redone = [
        skmetrics.r2_score(*(np.concatenate([parts[i][k] for i in row]) for k in (0, 1)))
        for row in drawn
    ]
    assert intervals["r2"].low == pytest.approx(np.percentile(redone, 2.5), abs=1e-9)
    assert intervals["r2"].high == pytest.approx(np.percentile(redone, 97.5), abs=1e-9)
    few = scale_intervals([ScaleMeasured.of(*part, STEPS) for part in parts[:2]])
    assert all(math.isnan(interval.low) for interval in few.values())


def test_one_magnification_alone_has_no_r_squared() -> None:
    measured = ScaleMeasured.of(np.full(3, 10.0), np.array([9.0, 10.0, 14.0]), STEPS)
    assert math.isnan(measured.value("r2"))
    assert measured.value("mse") == pytest.approx(17 / 3)
    assert measured.per_magnification["mean_answer"][1] == pytest.approx(11)
    assert np.isnan(measured.per_magnification["mse"][[0, 2, 3]]).all()


@pytest.fixture
def ruler(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A detector that is right, and few patches."""
    monkeypatch.setitem(FAMILIES, Ruler.family, Ruler)
    monkeypatch.setattr(score_detector, "PATCHES", 3)
    split = {"split": {"train": ["a.tif"]}}
    save_model(tmp_path / "ruler", Ruler(), ModelCard.describe(Ruler(), [], training=split))
    return tmp_path / "ruler"


@pytest.fixture
def slides(tmp_path: Path) -> Path:
    """0.25 µm/px (all magnifications), 0.5 µm/px (5 to 20×), and one that states nothing."""
    folder = tmp_path / "slides"
    folder.mkdir()
    ramp_slide(folder / "a.tif", mpp=0.25)
    ramp_slide(folder / "b.tif", mpp=0.5)
    ramp_slide(folder / "c.tif", mpp=0.5, stated=None)
    for entry, part in zip(open_project(folder).images, ("train", "test", "test"), strict=True):
        entry.set_metadata({SPLIT_KEY: part, "scanner": part.upper()})
    return folder


def test_a_detector_that_is_right_is_measured_as_right(
    ruler: Path, slides: Path, tmp_path: Path
) -> None:
    recorder = Recorder()
    report = evaluate_scale(
        open_project(slides), model_dir=ruler, out_dir=tmp_path / "out", device="cpu",
        group_by=["scanner"], reporter=recorder,
    )  # fmt: skip
    assert [s.name for s in report.slides] == ["a.tif", "b.tif"]
    assert report.slides[0].measured.patches.tolist() == [3, 3, 3, 3]
    assert report.slides[1].measured.patches.tolist() == [3, 3, 3, 0]
    assert report.pooled.value("r2") > 0.9
    assert report.pooled.value("balanced_accuracy") == 1
    assert report.pooled.value("quadratic_kappa") == 1
    (problem,) = report.problems
    assert (problem.image, problem.code) == ("c.tif", "missing_spacing")
    assert any("c.tif" in warning for warning in recorder.warnings)
    assert {v: len(part.slides) for v, part in report.groups["scanner"].items()} == {
        "TEST": 1, "TRAIN": 1,
    }  # fmt: skip


def test_the_folder_has_page_tables_and_plots(ruler: Path, slides: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    report = evaluate_scale(open_project(slides), model_dir=ruler, out_dir=out, device="cpu")
    page = (out / "report.html").read_text(encoding="utf-8")
    assert outside_addresses(page) == []
    visible = text_of(page)
    for text in ("R²", "quadratic κ", "a.tif train 0.25 12", "1 slide could not be measured",
                 "Training slides are among these (1 of 2)"):  # fmt: skip
        assert text in visible, text
    raw = json.loads((out / "report.json").read_text(encoding="utf-8"))
    assert raw["pooled"]["r2"] == pytest.approx(report.pooled.value("r2"))
    with (out / "scores.csv").open(newline="") as table:
        rows = list(csv.DictReader(table))
    assert [(r["slide"], r["magnification"], r["patches"]) for r in rows[:2]] == [
        ("a.tif", "5", "3"), ("a.tif", "10", "3"),
    ]  # fmt: skip
    assert [r["mse"] for r in rows if (r["slide"], r["patches"]) == ("b.tif", "0")] == [""]
    with (out / "slides.csv").open(newline="") as table:
        assert [r["slide"] for r in csv.DictReader(table)] == ["a.tif", "b.tif", "(pooled)"]
    assert {p.name for p in (out / "plots").iterdir()} == {
        "answers.svg", "answers.csv", "confusion.svg", "confusion.csv",
    }  # fmt: skip
    with pytest.raises(EvaluationError, match=r"of a scale detector.*report\.html"):
        load_report(out)


def test_one_part_of_the_split_is_measured(ruler: Path, slides: Path, tmp_path: Path) -> None:
    report = evaluate_scale(
        open_project(slides), model_dir=ruler, out_dir=tmp_path / "out", split="test", device="cpu"
    )
    assert [s.name for s in report.slides] == ["b.tif"]
    page = text_of((tmp_path / "out" / "report.html").read_text(encoding="utf-8"))
    assert "No slide is fine and large enough for 40×" in page
    assert "Training slides" not in page


def test_nothing_that_can_be_measured_is_an_error(ruler: Path, tmp_path: Path) -> None:
    (tmp_path / "bare").mkdir()
    ramp_slide(tmp_path / "bare" / "a.tif", mpp=0.5, stated=None)
    with pytest.raises(EvaluationError, match=r"no slide could be measured.*a\.tif"):
        evaluate_scale(
            open_project(tmp_path / "bare"), model_dir=ruler, out_dir=tmp_path / "o", device="cpu"
        )
    with pytest.raises(UsageError, match="grade"):
        evaluate_scale(
            open_project(tmp_path / "bare"), model_dir=ruler, out_dir=tmp_path / "o",
            group_by=["grade"],
        )  # fmt: skip


def test_another_kind_of_model_is_refused(slides: Path, tmp_path: Path) -> None:
    model = random_network("unet", n_classes=2, filters=2)
    save_model(tmp_path / "m", model, ModelCard.describe(model, []))
    with pytest.raises(ModelFolderError, match="no scale detector"):
        evaluate_scale(open_project(slides), model_dir=tmp_path / "m", out_dir=tmp_path / "o")

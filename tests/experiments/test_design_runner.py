"""A whole experiment in small: folds, training, scoring, merging, the page."""

from __future__ import annotations

import csv
import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from shapely.geometry import box

from hookpath.annotations import PathObject, write_geojson
from hookpath.errors import UsageError
from hookpath.evaluation.statistics.bootstrap import Interval
from hookpath.experiments import (
    DESIGNS,
    Contestant,
    Design,
    Expectation,
    ExperimentResult,
    Options,
    run_design,
    summarise,
)
from hookpath.experiments.design_runner import configure
from hookpath.experiments.experiment_summary import Verdict
from hookpath.experiments.folds_and_seeds import project_trials
from hookpath.projects import open_project
from support.evaluation import BLUE, RED, write_slide
from support.slides import write_pyramid

TINY = {"preset": "fast", "epochs": 1, "steps_per_epoch": 2, "batch_size": 2}


def unet(title: str, filters: int) -> Contestant:
    model = {"spacings": [1.0], "input_size": 76, "depth": 2, "filters": filters}
    return Contestant(title, {"family": "unet", "model": model}, {"n": str(filters)})


DESIGN = Design(
    "tiny",
    "Two networks.",
    (unet("small", 2), unet("larger", 3)),
    TINY,
    (
        Expectation("larger", "small"),
        Expectation("small", "larger", "Tumor"),
        Expectation("larger", "small", "Necrosis"),
    ),
    folds=2,
)


@pytest.fixture(scope="module")
def slides(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("project")
    for number in range(4):
        boxes = [(RED, 0, 0, 120, 120), (BLUE, 0, 130, 120, 250)]
        write_slide(folder, f"s{number}.tif", boxes)
    return folder


@pytest.fixture(scope="module")
def out(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("experiment") / "out"


@pytest.fixture(scope="module")
def result(slides: Path, out: Path) -> ExperimentResult:
    return run_design(DESIGN, out, open_project(slides))


def test_every_slide_is_tested_once_and_the_table_is_written(
    result: ExperimentResult, out: Path
) -> None:
    assert [(s.trial.name, s.contestant.title) for s in result.scores] == [
        (f"seed-0-fold-{fold}", title) for fold in (1, 2) for title in ("small", "larger")
    ]
    summary = summarise(result, "hookpath compare slides --design tiny -o OUT")
    assert summary.slides == 4
    assert summary.header[:5] == ["", "n", "Tumor", "Stroma", "macro"]
    report = json.loads((out / "reports/small/report.json").read_text())
    assert sorted(s["name"] for s in report["slides"]) == [f"s{i}.tif" for i in range(4)]
    pooled = np.sum([s.report.pooled.counts for s in result.of("small")], axis=0)
    assert report["pooled"]["confusion"] == pooled.tolist()
    page = (out / "results.md").read_text()
    assert "hookpath compare slides --design tiny -o OUT" in page
    assert "larger > small (macro): " in page
    rows = list(csv.DictReader((out / "results.csv").open()))
    assert [(r["contestant"], r["figure"]) for r in rows[:3]] == [
        ("small", "Tumor"), ("small", "Stroma"), ("small", "macro")]  # fmt: skip
    assert float(rows[2]["value"]) == pytest.approx(summary.table["small"]["macro"].value, abs=1e-6)
    first, second, third = summary.verdicts
    assert first.difference == pytest.approx(
        summary.table["larger"]["macro"].value - summary.table["small"]["macro"].value
    )
    assert second.within.low <= second.difference <= second.within.high
    assert str(third) == "larger > small (Necrosis): not asked, these slides have no class Necrosis"
    assert summary.as_dict()["expected"][2]["difference"] is None
    assert (out / "comparison.html").is_file()


def test_a_verdict_says_no_more_than_its_interval() -> None:
    wanted = Expectation("a", "b")
    assert Verdict(wanted, 0.2, Interval(0.1, 0.3)).outcome == "as expected"
    assert Verdict(wanted, -0.2, Interval(-0.3, -0.1)).outcome == "the other way round"
    assert "its interval holds 0" in Verdict(wanted, 0.1, Interval(-0.1, 0.3)).outcome
    few = Verdict(wanted, 0.1, Interval(float("nan"), float("nan")))
    assert "too few slides" in few.outcome
    assert str(few).endswith("difference +0.100")


def test_started_again_nothing_is_trained_twice(
    result: ExperimentResult, slides: Path, out: Path
) -> None:
    weights = {p: p.stat().st_mtime_ns for p in out.rglob("weights.safetensors")}
    assert len(weights) == 4
    again = run_design(DESIGN, out, open_project(slides))
    assert {p: p.stat().st_mtime_ns for p in out.rglob("weights.safetensors")} == weights
    for one, other in zip(result.scores, again.scores, strict=True):
        assert one.report.pooled.counts.tolist() == other.report.pooled.counts.tolist()


def test_truth_of_one_s_own_counts_all_over_the_slides_and_on_glass(tmp_path: Path) -> None:
    slides, truth = tmp_path / "slides", tmp_path / "truth"
    truth.mkdir()
    boxes = [(RED, 0, 0, 120, 120), (BLUE, 0, 130, 120, 250)]
    for number in range(4):
        path = write_slide(slides, f"s{number}.tif", boxes)
        glass = np.full((1024, 1024, 3), 245, np.uint8)
        glass[:256, :256] = np.random.default_rng(number).integers(90, 200, (256, 256, 3))
        write_pyramid(path, glass, 0.5)
    everything = PathObject(box(0, 0, 1024, 1024), path_class=RED)
    for number in range(4):
        write_geojson(truth / f"s{number}.geojson", [everything])
    options = Options(truth=truth, only=("small",))
    found = run_design(DESIGN, tmp_path / "out", open_project(slides), options)
    for score in found.scores:
        counts = score.report.pooled.counts
        assert counts.sum() == 2 * 512 * 512
        # The last column: nothing was predicted there.
        assert counts[:, -1].sum() == 0


def test_another_experiments_folder_is_left_alone(slides: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    out.mkdir()
    (out / "mine.txt").write_text("mine")
    with pytest.raises(UsageError, match="holds another experiment or other files"):
        run_design(DESIGN, out, open_project(slides))
    assert [p.name for p in out.iterdir()] == ["mine.txt"]


def test_a_design_without_slides_of_its_own_needs_a_project(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="needs a SOURCE"):
        run_design(DESIGN, tmp_path / "out")


def test_of_the_contestants_some_may_be_chosen() -> None:
    only = DESIGN.only(("small",))
    assert [c.title for c in only.contestants] == ["small"]
    assert only.expectations == ()
    with pytest.raises(UsageError, match="no contestant 'huge'; there are: small, larger"):
        DESIGN.only(("huge",))


def test_every_contestant_gets_the_same_slides_and_the_papers_size(slides: Path) -> None:
    design = DESIGNS["hooknet-paper"]
    (trial, _) = project_trials(open_project(slides), 2, (0,), None, validation=1 / 3)
    options = Options(preset="paper")
    named = {c.title: c for c in design.contestants}
    hooknet = configure(
        design, named["HookNet(0.5, 8) λ=0.75"], trial, ["Tumor", "Stroma"], options
    )
    unet = configure(design, named["U-Net(0.5)"], trial, ["Tumor", "Stroma"], options)
    assert hooknet.model["filters"] == 64
    assert unet.model["filters"] > 64
    assert hooknet.loss_weight == 0.75
    assert hooknet.validation == unet.validation
    assert set(hooknet.validation.train) | set(hooknet.validation.val) == (
        {f"s{i}.tif" for i in range(4)} - set(trial.test)
    )
    chosen = replace(options, overrides=("model.filters=16",))
    assert configure(design, named["U-Net(0.5)"], trial, ["a", "b"], chosen).model["filters"] == 16

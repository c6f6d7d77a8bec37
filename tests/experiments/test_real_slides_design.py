"""Leaving one slide out: pixel classifiers and networks on the same strokes, with a budget."""

from __future__ import annotations

import csv
import json
from dataclasses import replace
from pathlib import Path

import pytest

from hookpath.baselines import PixelSettings
from hookpath.baselines.qupath_pixels import QuPathSettings
from hookpath.errors import UsageError
from hookpath.events import Reporter
from hookpath.experiments import (
    DESIGNS,
    Contestant,
    Design,
    ExperimentResult,
    Lesson,
    Options,
    run_design,
    summarise,
)
from hookpath.experiments.contestant_registry import METHODS
from hookpath.experiments.folds_and_seeds import project_trials
from hookpath.experiments.step_budget import PACE_NAME
from hookpath.models import SegmentationModel, build_model, read_card
from hookpath.projects import open_project
from hookpath.training import RunFolder, TrainConfig
from support.evaluation import BLUE, RED, write_slide
from support.training import Recorder

PIXELS = Contestant(
    "pixels",
    {"sigmas": [1.0], "trees": 3, "pixels": 100},
    {"features": "hand-made"},
    method="pixel-classifier",
)
NETWORK = Contestant(
    "network",
    {"family": "unet", "model": {"spacings": [1.0], "input_size": 24, "depth": 1, "filters": 2}},
)
SETTINGS = {"preset": "fast", "batch_size": 2, "epochs": 2, "steps_per_epoch": 500}

BY_PATIENT = Options(by="patient", budget_s=1.0)

DESIGN = Design("alone", "", (PIXELS, NETWORK), SETTINGS, folds=None, validation=0.0)


@pytest.fixture(scope="module")
def slides(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("project")
    for number in range(3):
        boxes = [(RED, 0, 0, 120, 120), (BLUE, 0, 130, 120, 250)]
        write_slide(folder, f"s{number}.tif", boxes)
    marks = {f"s{n}.tif": {"patient": "A" if n < 2 else "B"} for n in range(3)}
    (folder / "hookpath-project.json").write_text(
        json.dumps({"images": {name: {"metadata": m} for name, m in marks.items()}})
    )
    return folder


@pytest.fixture(scope="module")
def out(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("experiment") / "out"


@pytest.fixture(scope="module")
def result(slides: Path, out: Path) -> ExperimentResult:
    return run_design(DESIGN, out, open_project(slides), BY_PATIENT)


def test_every_slide_is_left_out_once_and_nothing_is_kept_to_validate(slides: Path) -> None:
    trials = project_trials(open_project(slides), None, (0, 1), None, validation=0.0)
    assert [(t.name, t.test) for t in trials[:3]] == [
        (f"seed-0-fold-{n + 1}", (f"s{n}.tif",)) for n in range(3)
    ]
    assert [t.test for t in trials[3:]] == [t.test for t in trials[:3]]
    assert all(len(t.train) == 2 and t.val == () for t in trials)


def test_slides_of_one_patient_are_left_out_together(slides: Path) -> None:
    project = open_project(slides)
    trials = project_trials(project, None, (0,), None, validation=0.0, by="patient")
    assert [t.test for t in trials] == [("s0.tif", "s1.tif"), ("s2.tif",)]
    with pytest.raises(UsageError, match="no annotated image has metadata 'hospital'"):
        project_trials(project, None, (0,), None, validation=0.0, by="hospital")


def test_both_learn_the_same_slides_and_are_scored_on_the_same_pixels(
    result: ExperimentResult,
) -> None:
    pixels, network = result.of("pixels"), result.of("network")
    for one, other in zip(pixels, network, strict=True):
        assert tuple(s.name for s in one.report.slides) == one.trial.test
        assert tuple(s.name for s in other.report.slides) == one.trial.test
        assert one.report.pooled.counts.sum() == other.report.pooled.counts.sum() > 0
    folder = result.out / pixels[0].trial.name
    assert read_card(folder / "pixels/run/model").training["split"]["train"] == ["s2.tif"]
    assert RunFolder(folder / "network/run").record().split["train"] == ["s2.tif"]


def test_the_budget_sets_the_steps_and_the_cost_is_in_the_table(
    result: ExperimentResult, out: Path
) -> None:
    pace = json.loads((out / "seed-0-fold-1/network" / PACE_NAME).read_text())
    config = RunFolder(out / "seed-0-fold-1/network/run").record().config
    fit = max(1, int((1.0 - pace["around_s"]) / pace["step_s"]))
    assert config["epochs"] == min(2, fit)
    assert config["steps_per_epoch"] == fit // config["epochs"]
    assert not (out / "seed-0-fold-1/network/pace").exists()
    summary = summarise(result, "hookpath compare")
    assert summary.header[:5] == ["", "features", "Tumor", "Stroma", "macro"]
    assert summary.header[5:] == ["learning, CPU s", "predicting, CPU s"]
    costs = [s.cost for s in result.scores]
    assert all(c is not None and c.learn_s > 0 and c.predict_s > 0 for c in costs)
    page = (out / "results.md").read_text()
    assert "as many steps as fit into 1 CPU seconds" in page
    assert "- pixels: pixel-classifier(sigmas=[1.0], trees=3, pixels=100)" in page
    rows = {(r["contestant"], r["figure"]): r for r in csv.DictReader((out / "results.csv").open())}
    spent = [s.cost.learn_s for s in result.of("pixels") if s.cost]
    found = rows["pixels", "learning, CPU s"]
    assert float(found["value"]) == pytest.approx(sum(spent) / 2, abs=1e-3)


class Absent:
    """A method that needs something that is not here."""

    def missing(self) -> str | None:
        return "no such program found; install it"

    def learn(self, lesson: Lesson, reporter: Reporter) -> None:
        raise AssertionError

    def predict(self, lesson: Lesson, reporter: Reporter) -> Path | None:
        raise AssertionError


@pytest.fixture
def absent(monkeypatch: pytest.MonkeyPatch) -> Design:
    monkeypatch.setitem(METHODS, "absent", Absent())
    program = Contestant("program", method="absent")
    return replace(DESIGN, contestants=(PIXELS, program))


def test_what_cannot_be_had_is_left_out_unless_it_was_asked_for(
    absent: Design, slides: Path, tmp_path: Path
) -> None:
    heard = Recorder()
    project = open_project(slides)
    found = run_design(absent, tmp_path / "a", project, Options(by="patient"), heard)
    assert [c.title for c in found.design.contestants] == ["pixels"]
    assert "program is left out: no such program found; install it" in heard.warnings
    with pytest.raises(UsageError, match="program: no such program found"):
        run_design(absent, tmp_path / "b", project, Options(only=("program",)))


def test_real_leaves_one_out_and_keeps_nothing_to_validate() -> None:
    assert DESIGNS["real"].folds is None
    assert DESIGNS["real"].validation == 0
    assert {c.method for c in DESIGNS["real"].contestants} <= set(METHODS)


@pytest.mark.parametrize("contestant", DESIGNS["real"].contestants, ids=lambda c: str(c.slug))
def test_every_contestant_of_real_can_be_built_and_sees_what_its_row_says(
    contestant: Contestant,
) -> None:
    seen_um = int(contestant.columns["sees µm"])
    if contestant.method == "pixel-classifier":
        bank = PixelSettings.of(contestant.settings).bank
        assert seen_um == 2 * bank.margin * bank.spacing_um
        return
    if contestant.method == "qupath":
        settings = QuPathSettings.of(contestant.settings)
        # A window of four deviations to each side, over derivatives that have one of their own.
        assert seen_um == 2 * 2 * 4 * max(settings.scales) * settings.spacing_um
        return
    config = TrainConfig.of({**DESIGNS["real"].settings, **contestant.settings})
    model = build_model(config.family, n_classes=2, **config.model)
    assert isinstance(model, SegmentationModel)
    assert seen_um == 2 * model.shapes[-1].margin() * model.branches[-1].spacing_um


def test_the_deeper_network_sees_about_as_far_as_hooknet_s_context() -> None:
    sees = {c.title: int(c.columns["sees µm"]) for c in DESIGNS["real"].contestants}
    both = sees["pretrained HookNet(1, 4)"]
    assert sees["pretrained U-Net(1), deeper"] == pytest.approx(both, rel=0.1)

"""Training on a folder of tiny slides, from slides to a model folder."""

from __future__ import annotations

import json
import math
from pathlib import Path

import pytest
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

from hookpath.models import load_model
from hookpath.projects import open_project
from hookpath.revision import commit
from hookpath.training import TrainConfig, TrainResult, train_network
from support.leftovers import leftovers
from support.training import LEARNS, Recorder, rows_of


@pytest.fixture(scope="module")
def run(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[TrainResult, Recorder]:
    recorder = Recorder()
    run_dir = tmp_path_factory.mktemp("runs") / "run"
    config = TrainConfig.load(overrides=LEARNS)
    return train_network([open_project(folder)], config, run_dir, reporter=recorder), recorder


def test_two_easy_classes_are_learned(run: tuple[TrainResult, Recorder]) -> None:
    result, recorder = run
    assert result.best_f1 is not None
    assert result.best_f1 > 0.9
    assert (result.epochs, result.steps, recorder.steps) == (3, 48, 48)


def test_the_model_folder_is_the_best_epoch(run: tuple[TrainResult, Recorder]) -> None:
    result, recorder = run
    model, card = load_model(result.model_dir)
    assert [c.name for c in card.classes] == ["Dark", "Pale"]
    assert card.metrics["epoch"] == result.best_epoch
    assert card.metrics["validation_macro_f1"] == max(row["f1"] for row in recorder.rows)
    assert card.training["steps"] == result.best_epoch * 16
    assert model.heads == (0, 1), "a loss weight below 1 gives the context branch a head"


def test_the_run_folder_says_what_was_done(run: tuple[TrainResult, Recorder], folder: Path) -> None:
    run_dir = run[0].run_dir
    record = json.loads((run_dir / "run.json").read_text())
    assert record["config"]["batch_size"] == 4
    assert record["projects"] == [str(folder)]
    assert len(record["split"]["train"]) == 2
    assert len(record["split"]["val"]) == 1
    assert {s["name"] for s in record["data"]["slides"]} == {"s0.tif", "s1.tif", "s2.tif"}
    assert record["versions"]["torch"]
    built_from = record["versions"].get("hookpath commit", "")  # somebody may be editing meanwhile
    assert built_from.removesuffix("-dirty") == commit().removesuffix("-dirty")
    assert [row["epoch"] for row in rows_of(run_dir)] == ["1", "2", "3"]
    assert record["machine"]["device"] == "cpu"
    assert record["parameters"]["learned"] == record["parameters"]["all"] > 0
    events = EventAccumulator(str(run_dir / "tensorboard"))
    events.Reload()
    assert [image.step for image in events.Images("validation")] == [1, 2, 3]
    assert {p.name for p in (run_dir / "checkpoints").iterdir()} == {"best.pt", "last.pt"}
    assert not leftovers(run_dir)


def test_rows_hold_every_figure(run: tuple[TrainResult, Recorder]) -> None:
    rows = rows_of(run[0].run_dir)
    for row in rows:
        assert all(math.isfinite(float(v)) for v in row.values())
        assert 0 <= float(row["data_wait"]) <= 1
    pixels = [int(row["pixels:Dark"]) + int(row["pixels:Pale"]) for row in rows]
    assert 0 < pixels[0] < pixels[1] < pixels[2] <= 48 * 4 * 6 * 6

"""Training on a folder of tiny slides, from nothing to a model folder."""

from __future__ import annotations

import csv
import json
import math
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
import torch

from hookpath.events import SilentReporter
from hookpath.models import load_model
from hookpath.projects import open_project
from hookpath.training import TrainConfig, TrainResult, train
from support.textures import texture_folder

TINY = (
    "preset=fast",
    "model.depth=1",
    "model.input_size=24",
    "model.filters=4",
    "model.spacings=[1.0, 2.0]",
    "batch_size=4",
    "epochs=3",
    "steps_per_epoch=8",
    "warmup=0.1",
    "learning_rate=0.01",
    "loss_weight=0.75",
    "validation.max_patches=24",
)


class Recorder(SilentReporter):
    """Keeps what was said."""

    def __init__(self) -> None:
        self.warnings: list[str] = []
        self.infos: list[str] = []
        self.rows: list[Mapping[str, Any]] = []
        self.steps = 0

    def advance(self, task: str, n: int = 1, **figures: float) -> None:
        self.steps += n

    def warn(self, message: str) -> None:
        self.warnings.append(message)

    def info(self, message: str) -> None:
        self.infos.append(message)

    def result(self, kind: str, payload: Mapping[str, Any]) -> None:
        self.rows.append(payload)


@pytest.fixture(autouse=True)
def _one_thread() -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return texture_folder(tmp_path_factory.mktemp("project"))


@pytest.fixture(scope="module")
def run(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[TrainResult, Recorder]:
    recorder = Recorder()
    run_dir = tmp_path_factory.mktemp("runs") / "run"
    return train([open_project(folder)], tiny(), run_dir, reporter=recorder), recorder


def tiny(*overrides: str) -> TrainConfig:
    return TrainConfig.load(overrides=[*TINY, *overrides])


def rows_of(run_dir: Path) -> list[dict[str, str]]:
    with (run_dir / "metrics.csv").open(newline="") as file:
        return list(csv.DictReader(file))


def test_two_easy_classes_are_learned(run: tuple[TrainResult, Recorder]) -> None:
    result, recorder = run
    assert result.best_f1 is not None
    assert result.best_f1 > 0.9
    assert (result.epochs, result.steps, recorder.steps) == (3, 24, 24)


def test_the_model_folder_is_the_best_epoch(run: tuple[TrainResult, Recorder]) -> None:
    result, recorder = run
    model, card = load_model(result.model_dir)
    assert [c.name for c in card.classes] == ["Dark", "Pale"]
    assert card.metrics["epoch"] == result.best_epoch
    assert card.metrics["validation_macro_f1"] == max(row["f1"] for row in recorder.rows)
    assert card.training["steps"] == result.best_epoch * 8
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
    assert [row["epoch"] for row in rows_of(run_dir)] == ["1", "2", "3"]
    assert list((run_dir / "tensorboard").glob("events*"))
    assert {p.name for p in (run_dir / "checkpoints").iterdir()} == {"best.pt", "last.pt"}
    assert not list(run_dir.rglob("*.part"))


def test_rows_hold_every_figure(run: tuple[TrainResult, Recorder]) -> None:
    rows = rows_of(run[0].run_dir)
    for row in rows:
        assert all(math.isfinite(float(v)) for v in row.values())
        assert 0 <= float(row["data_wait"]) <= 1
    pixels = [int(row["pixels:Dark"]) + int(row["pixels:Pale"]) for row in rows]
    assert 0 < pixels[0] < pixels[1] < pixels[2] <= 24 * 4 * 6 * 6

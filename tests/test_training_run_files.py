"""Run folders that anybody may have made."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from hookpath.errors import EvaluationError, TrainingError
from hookpath.evaluation.report.training_page import read_run, run_page
from hookpath.training.run.run_folder import RunFolder
from hookpath.training_run_files import read_metrics_file

RUN: dict[str, Any] = {
    "format": 1,
    "config": {"family": "unet", "epochs": 2},
    "projects": ["slides"],
    "data": {"fingerprint": "f", "slides": [{"id": "a", "name": "a", "annotations": "x"}]},
    "classes": [{"name": "A", "color": [1, 2, 3]}, {"name": "B", "color": None}],
    "split": {"train": ["a"], "val": [], "test": []},
    "versions": {"python": "3"},
    "started": "now",
}
METRICS = "epoch,loss,f1,f1:A\n0,0.5,,0.25\n1,nan,0.5,\n"


def run_folder(folder: Path, metrics: str = METRICS, **members: Any) -> Path:
    folder.mkdir(exist_ok=True)
    (folder / "run.json").write_text(json.dumps(RUN | members), encoding="utf-8")
    (folder / "metrics.csv").write_text(metrics, encoding="utf-8")
    return folder


def test_a_run_as_it_is_written(tmp_path: Path) -> None:
    run = read_run(run_folder(tmp_path / "r"))
    assert [row["epoch"] for row in run.rows] == [0, 1]
    assert "Training run r" in run_page(run)
    folder = RunFolder(tmp_path / "r")
    assert folder.record().split["train"] == ["a"]
    assert folder.rows(before_epoch=1) == [{"epoch": "0", "loss": "0.5", "f1": "", "f1:A": "0.25"}]


WRONG: list[dict[str, Any]] = [
    {"config": 3}, {"projects": {}}, {"data": []}, {"data": {"slides": [1]}}, {"classes": {}},
    {"classes": ["A"]}, {"classes": [{"name": 3}]},
    {"classes": [{"name": "A", "color": [1, 2, 300]}]},
    {"split": []}, {"split": {"train": 3}}, {"versions": {"python": []}}, {"started": 5},
]  # fmt: skip


@pytest.mark.parametrize("members", WRONG, ids=str)
def test_a_run_of_wrong_types_is_one_line(tmp_path: Path, members: dict[str, Any]) -> None:
    folder = run_folder(tmp_path / "r", **members)
    (member,) = members
    with pytest.raises(TrainingError, match=rf"run\.json: damaged \({member}"):
        RunFolder(folder).record()
    with pytest.raises(EvaluationError, match=rf"run\.json: damaged \({member}"):
        read_run(folder)


@pytest.mark.parametrize("text", ["", "3", "[]", "null", "[" * 10**5, '{"a":' * 10**5])
def test_a_run_that_is_no_json_object(tmp_path: Path, text: str) -> None:
    folder = run_folder(tmp_path / "r")
    (folder / "run.json").write_text(text, encoding="utf-8")
    with pytest.raises(TrainingError, match="damaged"):
        RunFolder(folder).record()
    with pytest.raises(EvaluationError, match="damaged"):
        read_run(folder)


@pytest.mark.parametrize(
    "text",
    ["epoch,loss\n0,x\n", "epoch,loss\n0\n", "epoch,loss\n0,1,2\n", "loss\n1\n", "epoch\n0.5\n",
     "epoch\n\n", "epoch,epoch\n1,2\n", "epoch\nnan\n", 'epoch\n"' + "1" * 200_000 + '"\n', "\x00",
     "epoch\n" + "9" * 5000 + "\n"],
    ids=lambda t: ascii(t[:20]),
)  # fmt: skip
def test_damaged_metrics_are_one_line(tmp_path: Path, text: str) -> None:
    folder = run_folder(tmp_path / "r", metrics=text)
    if text == "epoch\n\n":
        assert read_metrics_file(folder / "metrics.csv") == []
        return
    with pytest.raises(TrainingError, match=r"metrics\.csv: damaged"):
        RunFolder(folder).rows(9)
    with pytest.raises(EvaluationError, match=r"metrics\.csv: damaged"):
        read_run(folder)

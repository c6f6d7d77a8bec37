"""The page of a training run, from the files that a run leaves."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from hookpath.errors import EvaluationError
from hookpath.evaluation import train_report
from hookpath.evaluation.report.training_page import read_run
from support.pages import outside_addresses, text_of

NAMES = ("Tumor", "<b>Stroma</b>")


def write_run(folder: Path, epochs: int = 3, val: bool = True, planned: int = 3) -> Path:
    """A run's folder; F1 rises by 0.1 an epoch, epoch 2 is called the best."""
    (folder / "model").mkdir(parents=True)
    record: dict[str, Any] = {
        "format": 1,
        "config": {"family": "hooknet", "epochs": planned, "model": {"spacings": [0.5, 2.0]}},
        "projects": ["/some/project"],
        "data": {"fingerprint": "f00", "slides": []},
        "classes": [{"name": NAMES[0], "color": [200, 0, 0]}, {"name": NAMES[1], "color": None}],
        "split": {"train": ["a.svs", "<i>b</i>.svs"], "val": ["c.svs"] if val else [], "test": []},
        "versions": {"torch": "2.9"},
        "started": "2026-01-01T10:00:00+00:00",
    }
    (folder / "run.json").write_text(json.dumps(record))
    header = "epoch,step,learning_rate,loss,val_loss,f1,f1:Tumor,f1:<b>Stroma</b>,"
    lines = [header + "pixels:Tumor,pixels:<b>Stroma</b>,seconds,patches_per_s,data_wait"]
    for e in range(1, epochs + 1):
        measured = f"0.5,{0.5 + 0.1 * e},0.7," if val else ",,,"
        lines.append(f"{e},{e * 8},0.001,{1 / e},{measured},{e * 1000},{e * 900},60.5,12.5,0.1")
    if epochs:
        (folder / "metrics.csv").write_text("\n".join(lines) + "\n")
        metrics = {"epoch": 2, "validation_confusion": [[30, 10], [0, 20]]}
        card: dict[str, Any] = {"metrics": metrics if val else {"epoch": epochs}, "branches": []}
        (folder / "model" / "model.json").write_text(json.dumps(card))
    return folder


def test_a_run_is_reported_on_one_page_that_fetches_nothing(tmp_path: Path) -> None:
    path = train_report(write_run(tmp_path / "my run"))
    assert path == tmp_path / "my run" / "report.html"
    page = path.read_text()
    assert outside_addresses(page) == []
    assert page.count("<svg") == 2  # loss, F1
    visible = text_of(page)
    for text in (
        "Training run my run", "hooknet at 0.5 + 2 µm/px", "0.700 best macro F1", "epoch 2",
        "3 min", "a.svs, <i>b</i>.svs", "75 % 30 25 % 10", "data fingerprint f00", "torch 2.9",
    ):  # fmt: skip
        assert text in visible


def test_an_unfinished_run_says_so(tmp_path: Path) -> None:
    visible = text_of(train_report(write_run(tmp_path / "r", epochs=2, planned=9)).read_text())
    assert "2 of 9 epochs: the run goes on, was stopped" in visible


def test_a_run_before_its_first_epoch_has_a_page(tmp_path: Path) -> None:
    page = train_report(write_run(tmp_path / "r", epochs=0)).read_text()
    assert "No epoch is finished yet" in page
    assert "<svg" not in page


def test_without_validation_slides_nothing_is_made_up(tmp_path: Path) -> None:
    page = train_report(write_run(tmp_path / "r", val=False)).read_text()
    assert "No validation slide: macro F1 was not measured" in page
    assert "Confusion" not in page
    assert page.count("<svg") == 1


def test_a_class_that_no_validation_slide_holds_is_named(tmp_path: Path) -> None:
    page = train_report(write_run(tmp_path / "r")).read_text()
    assert "Annotated on no validation slide, so F1 unknown: &lt;b&gt;Stroma&lt;/b&gt;." in page
    assert "<b>Stroma" not in page


def test_numbers_are_those_of_the_files(tmp_path: Path) -> None:
    run = read_run(write_run(tmp_path / "r"))
    assert run.column("loss") == [1, 1 / 2, 1 / 3]
    assert run.best is not None
    assert run.best["epoch"] == 2
    assert run.classes.names == NAMES


def test_agreement_of_patches_is_reported_and_plotted(tmp_path: Path) -> None:
    run = write_run(tmp_path / "r", epochs=2)
    lines = (run / "metrics.csv").read_text().splitlines()
    more = ["kappa,balanced_accuracy", "0.125,0.5", "0.375,0.625"]
    (run / "metrics.csv").write_text("\n".join(",".join(p) for p in zip(lines, more, strict=True)))
    card = json.loads((run / "model" / "model.json").read_text())
    (run / "model" / "model.json").write_text(json.dumps({**card, "scores": "patches"}))
    page = train_report(run).read_text()
    visible = text_of(page)
    assert "macro F1 0.700 Cohen's κ 0.375 balanced accuracy 0.625" in visible
    assert "Per cent of the row, and patches." in visible
    assert page.count("<svg") == 3  # loss, F1, agreement


def test_a_run_on_magnifications_has_no_classes(tmp_path: Path) -> None:
    run = write_run(tmp_path / "r")
    record = json.loads((run / "run.json").read_text())
    (run / "run.json").write_text(json.dumps({**record, "classes": []}))
    rows = [f"{e},{e * 8},0.001,{1 / e},0.5,0.{e}25,{e},1.5,12.5,0.1" for e in (1, 2, 3)]
    header = "epoch,step,learning_rate,loss,val_loss,r2,mse,seconds,patches_per_s,data_wait"
    (run / "metrics.csv").write_text("\n".join([header, *rows]))
    card = {"metrics": {"epoch": 2}, "reads": "scales", "branches": [{"spacing_um": 0.7}]}
    (run / "model" / "model.json").write_text(json.dumps(card))
    visible = text_of(train_report(run).read_text())
    assert "0.225 best R² on the validation slides, epoch 2" in visible
    assert "µm/px" not in visible, "patches of every µm/px"
    assert "R² 0.225 mean squared error 2.000" in visible
    assert "classes" not in visible.lower()


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("run.json", None, "no run.json here"),
        ("run.json", "[]", r"run\.json: damaged"),
        ("run.json", "{}", r"run\.json: damaged \(config: Field required"),
        ("metrics.csv", "epoch,loss\n1,much\n", r"metrics\.csv: damaged"),
        ("model/model.json", "{", r"model\.json: damaged"),
    ],
)
def test_damaged_runs_are_named_in_one_line(
    tmp_path: Path, name: str, content: str | None, message: str
) -> None:
    run = write_run(tmp_path / "r")
    if content is None:
        (run / name).unlink()
    else:
        (run / name).write_text(content)
    with pytest.raises(EvaluationError, match=message) as caught:
        train_report(run)
    assert "\n" not in str(caught.value)


def test_what_training_writes_is_understood(tmp_path: Path) -> None:
    from hookpath.annotations import PathClass
    from hookpath.models import ModelCard, save_model
    from hookpath.training import RunFolder, RunRecord, TrainConfig
    from support.networks import random_network

    run = RunFolder(tmp_path / "run")
    config = TrainConfig.load(preset="fast").model_dump(mode="json")
    classes = [{"name": "Dark", "color": [1, 2, 3]}, {"name": "Pale", "color": [4, 5, 6]}]
    split: dict[str, list[str]] = {"train": ["a"], "val": ["b"], "test": []}
    data = {"fingerprint": "f00", "slides": []}
    made = "hookpath train slides -o 'my run'", {"gpu": "A<b>", "cores": 8}, {"learned": 12345}
    run.create(RunRecord(config, ["p"], data, classes, split, {"torch": "2.9"}, "now", *made))
    run.write_rows([{"epoch": 1, "loss": 0.5, "val_loss": "", "f1": 0.25, "f1:Dark": 0.25,
                     "f1:Pale": "", "pixels:Dark": 9, "pixels:Pale": 8, "seconds": 3.0,
                     "patches_per_s": 7.5}])  # fmt: skip
    model = random_network("unet", n_classes=2, filters=2, depth=1, input_size=24)
    metrics = {"epoch": 1, "validation_confusion": [[3, 1], [0, 0]]}
    named = [PathClass("Dark", (1, 2, 3)), PathClass("Pale", (4, 5, 6))]
    save_model(run.model, model, ModelCard.describe(model, named, metrics=metrics))

    visible = text_of(train_report(tmp_path / "run").read_text())
    assert "at 0.5 µm/px · 2 classes" in visible
    assert "command hookpath train slides -o 'my run'" in visible
    assert "GPU A<b> cores 8" in visible
    assert "parameters learned 12 345" in visible.replace("\u202f", " ")
    assert "0.250 best macro F1 on the validation slides, epoch 1" in visible
    assert "Annotated on no validation slide, so F1 unknown: Pale." in visible
    assert "Dark 75 % 3 25 % 1 Pale – 0 – 0" in visible

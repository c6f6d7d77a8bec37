"""Folds: every slide is scored by the model that never saw it."""

from __future__ import annotations

import csv
import shutil
from pathlib import Path

import pytest

from hookpath.errors import ModelDesignError, UsageError
from hookpath.experiments import cross_validation as module
from hookpath.experiments import train_folds
from hookpath.inference import PredictConfig, predict_project
from hookpath.locking import Claims
from hookpath.models import read_card
from hookpath.projects import (
    Grouping,
    SplitPlan,
    SplitTable,
    make_split,
    open_project,
    write_to_metadata,
)
from hookpath.training import RunFolder, TrainConfig
from support.forked import child
from support.reporting import Notes
from support.textures import texture_folder
from support.threads import one_thread
from support.training import TINY

SETTINGS = [*TINY, "epochs=1", "steps_per_epoch=2", "validation.max_patches=4", "device=cpu"]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return texture_folder(tmp_path_factory.mktemp("folds") / "slides", slides=3, size=160)


@pytest.fixture(scope="module")
def config() -> TrainConfig:
    return TrainConfig.load(overrides=SETTINGS)


def test_folds_are_trained_measured_and_used_as_one_model(
    folder: Path, config: TrainConfig, tmp_path: Path
) -> None:
    out, project = tmp_path / "folds", open_project(folder)
    with one_thread():
        notes = Notes()
        one = train_folds([project], config, out, 3, notes, only=2)
        assert (sorted(one.runs), one.report, one.left) == ([2], None, (1, 3))
        assert f"{out / 'splits.csv'}: 3 images of 3 patients in 3 folds" in notes.infos
        result = train_folds([open_project(folder)], config, out, 3)
    assert sorted(result.runs) == [1, 2, 3]
    with (out / "splits.csv").open(encoding="utf-8") as table:
        fold_of = {row["image"]: int(row["fold"]) for row in csv.DictReader(table)}
    assert sorted(fold_of.values()) == [1, 2, 3]
    assert result.report is not None
    assert {s.name: s.split for s in result.report.slides} == dict.fromkeys(fold_of, "test")
    for name, fold in fold_of.items():
        learned = read_card(out / f"fold{fold}" / "model").training["split"]
        assert name not in [*learned["train"], *learned["val"]]
    assert (out / "held-out" / "report.html").is_file()
    again = Notes()
    train_folds([open_project(folder)], config, out, 3, again)
    assert sum("nothing to do" in line for line in again.infos) == 3
    report = predict_project(
        open_project(folder), out, tmp_path / "out",
        PredictConfig(as_="none", device="cpu", images=("s0.tif",)),
    )  # fmt: skip
    assert report.predicted[0].record.model["family"] == "ensemble"
    assert report.predicted[0].record.part == "train", "two of three folds learned from it"


def test_folds_that_others_train_are_left_to_them(
    folder: Path, config: TrainConfig, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out, trained = tmp_path / "folds", []
    out.mkdir()

    def other() -> object:
        claims = Claims(out, "folds", "x")
        return claims, claims.take("fold2")

    def noted(projects: object, settings: TrainConfig, run: Path, *_: object) -> None:
        trained.append(settings.validation.fold)
        run.mkdir()

    monkeypatch.setattr(module, "train", noted)
    with child(other):
        monkeypatch.setattr("hookpath.locking.work_sharing_loop.time.sleep", lambda _: None)
        result = train_folds([open_project(folder)], config, out, 3)
    assert (trained, result.left, result.report) == ([1, 3], (2,), None)


def test_a_network_that_cannot_be_built_is_told_once(folder: Path, tmp_path: Path) -> None:
    """Every fold's is the same."""
    wrong = TrainConfig.load(overrides=[*SETTINGS, "model.input_size=11"])
    reporter = Notes()
    with pytest.raises(ModelDesignError, match="nearest valid"):
        train_folds([open_project(folder)], wrong, tmp_path / "folds", 3, reporter)
    assert not reporter.warnings


def test_what_cannot_be_dealt_out_is_refused(
    folder: Path, config: TrainConfig, tmp_path: Path
) -> None:
    with pytest.raises(UsageError):
        train_folds([open_project(folder)], config, tmp_path / "a", 4)
    (tmp_path / "t.csv").write_text("image,fold\ns0.tif,1\ns1.tif,2\n")
    with pytest.raises(UsageError, match="has 2 folds, not 3"):
        train_folds([open_project(folder)], config, tmp_path / "b", 3, splits=tmp_path / "t.csv")
    assert not RunFolder(tmp_path / "a").is_there


def test_folds_in_the_metadata_are_taken_where_there_are_as_many(
    folder: Path, config: TrainConfig, tmp_path: Path
) -> None:
    """`hookpath split --folds` without a table writes them there."""
    copy = tmp_path / "slides"
    shutil.copytree(folder, copy)
    plan = SplitPlan(Grouping(), 3, seed=5)
    made = make_split(open_project(copy), plan)
    write_to_metadata(open_project(copy), made, plan, again=False)
    for folds, said in ((3, "the 3 folds of the images' metadata"), (2, "3 images of 3 patients")):
        notes, out = Notes(), tmp_path / f"folds{folds}"
        out.mkdir()
        path = module._table(open_project(copy), config, out, folds, None, notes)
        assert notes.infos[0].startswith(f"{path}: {said}")
        rows = {row.image: row.fold for row in SplitTable.load(path).rows}
        as_made = {row.image: row.fold for row in made.table.rows}
        assert (rows == as_made) == (folds == 3)
    assert notes.warnings == ["the images' metadata say 3 folds, not 2: not used"]

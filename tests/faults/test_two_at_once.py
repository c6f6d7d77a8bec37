"""Two hookpaths on the same folder: the second one gets a message, and destroys nothing."""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import replace
from pathlib import Path
from threading import Thread
from typing import Any

import pytest

from hookpath.errors import BusyError, HookpathError, code_of
from hookpath.evaluation import evaluate_project
from hookpath.extraction import ExtractConfig, Magnification, extract_projects
from hookpath.extraction.slide_scheduling import folder_of
from hookpath.inference import PredictConfig, PredictReport, predict_project
from hookpath.inference import project_prediction as project_module
from hookpath.locking import CLAIMS_NAME, LOCK_NAME, Claims, folder_alone
from hookpath.locking import work_sharing_loop as share_out
from hookpath.loop import LoopSettings, start
from hookpath.loop.state.step_locks import alone as step_alone
from hookpath.projects import open_project
from hookpath.training import RunFolder, TrainConfig, train_network
from support.forked import child, end
from support.leftovers import leftovers
from support.predictors import save_random_model
from support.textures import texture_folder
from support.training import TINY

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")


@pytest.fixture(scope="module")
def slides(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return texture_folder(tmp_path_factory.mktemp("at-once") / "slides", slides=2)


def entered(lock: AbstractContextManager[None]) -> Callable[[], object]:
    def work() -> object:
        lock.__enter__()
        return lock

    return work


def refused(work: Callable[[], object]) -> str:
    with pytest.raises(BusyError) as error:
        work()
    assert code_of(error.value) == "busy"
    assert str(error.value).startswith("another hookpath is ")
    return str(error.value)


def test_two_trainings_of_one_run(slides: Path, tmp_path: Path) -> None:
    run = tmp_path / "run"
    config = TrainConfig.load(preset="fast", overrides=[*TINY, "epochs=1"])
    with child(entered(RunFolder(run).alone())) as pid:
        for resume in (False, True):
            said = refused(
                lambda resume=resume: train_network([open_project(slides)], config, run, resume)  # type: ignore[misc]
            )
            assert f"is training the run {run} (process {pid}); wait" in said
    assert train_network([open_project(slides)], config, run).epochs == 1
    assert not leftovers(run)


def test_two_predictions_into_one_folder(slides: Path, tmp_path: Path) -> None:
    model, out = save_random_model(tmp_path / "model"), tmp_path / "out"
    project, config = open_project(slides), PredictConfig(as_="none", tissue=False)
    predict_project(project, model, out, config)
    with child(entered(folder_alone(out, "x"))):
        said = refused(lambda: predict_project(project, model, out, config))
        assert f"predicting into {out}" in said
        one = PredictConfig(as_="none", tissue=False, images=("s0.tif",))
        refused(lambda: predict_project(project, model, out, one))


def test_jobs_of_one_image_each_share_a_folder(slides: Path, tmp_path: Path) -> None:
    """Another job has s0: s1 is predicted beside it, s0 is left to that job."""
    model, out = save_random_model(tmp_path / "model"), tmp_path / "out"
    project = open_project(slides)

    def predict(name: str) -> list[str]:
        config = PredictConfig(as_="none", tissue=False, images=(name,))
        found = predict_project(project, model, out, config)
        return [p.code for p in found.problems]

    assert predict("s0.tif") == []
    (folder,) = [p for p in out.iterdir() if p.name.startswith("s0")]
    before = {p.name: p.read_bytes() for p in folder.iterdir()}

    def other() -> object:
        locks = folder_alone(out, "x", shared=True), folder_alone(folder, "y")
        for lock in locks:
            lock.__enter__()
        return locks

    with child(other):
        assert predict("s1.tif") == []
        assert predict("s0.tif") == ["busy"]
    assert {p.name: p.read_bytes() for p in folder.iterdir() if p.name != LOCK_NAME} == before


def test_a_loop_is_begun_by_one(slides: Path, tmp_path: Path) -> None:
    """The second one's model came to lie beside the first one's settings."""
    root, project = tmp_path / "loop", open_project(slides)
    model = save_random_model(tmp_path / "model")
    with child(entered(step_alone(root, "start", "x"))):
        refused(lambda: start(root, project, LoopSettings(train={}), model=model))
    assert not list(root.rglob("*.safetensors"))
    assert start(root, project, LoopSettings(train={}), model=model).round == 1


def test_two_extractions_into_one_folder(slides: Path, tmp_path: Path) -> None:
    config = ExtractConfig((Magnification.parse("10x"),), size=32, where="all", workers=0)
    with child(entered(folder_alone(make(tmp_path / "out"), "x"))):
        refused(lambda: extract_projects([open_project(slides)], tmp_path / "out", config))


def test_extractions_of_the_same_share_the_slides(slides: Path, tmp_path: Path) -> None:
    """The other has s0 and is killed: s1 is cut, then s0 is taken over."""
    config = ExtractConfig((Magnification.parse("10x"),), size=32, where="all", workers=0)
    out = make(tmp_path / "out")
    (pair, _) = [(p, e) for p in [open_project(slides)] for e in p.images]

    def other() -> object:
        claims = Claims(out, config.digest[:8], "x")
        return claims, claims.take(folder_of(out, pair).name)

    with child(other) as pid:
        seen: list[int] = []

        def killing(seconds: float) -> None:
            seen.append(len(list(out.glob("*/record.json"))))
            end(pid)

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(share_out.time, "sleep", killing)  # type: ignore[attr-defined]
            report = extract_projects([open_project(slides)], out, config)
    assert seen[0] == 1
    assert [r.image for r in report.extracted] == ["s0.tif", "s1.tif"]
    assert report.table is not None
    assert not (out / CLAIMS_NAME).exists()
    half = replace(config, shard=(2, 2), again=True)
    report = extract_projects([open_project(slides)], out, half)
    assert [r.image for r in report.extracted] == ["s1.tif"]


def make(folder: Path) -> Path:
    folder.mkdir()
    return folder


def test_a_folder_that_is_a_file_is_no_busy_one(slides: Path, tmp_path: Path) -> None:
    (tmp_path / "out").touch()
    config = TrainConfig.load(preset="fast", overrides=TINY)
    with pytest.raises(HookpathError, match="out: is not empty"):
        train_network([open_project(slides)], config, tmp_path / "out")


def test_two_evaluations_into_one_folder(slides: Path, tmp_path: Path) -> None:
    out = make(tmp_path / "out")
    with child(entered(folder_alone(out, "x"))):
        project = open_project(slides)
        refused(lambda: evaluate_project(project, predictions_dir=tmp_path, out_dir=out))


def test_the_same_command_several_times_shares_the_slides(
    slides: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One is killed in the middle of a slide: what was finished stays, its slide is taken over."""
    folder = shutil.copytree(slides, tmp_path / "slides")
    for name in ("s2.tif", "s3.tif"):
        shutil.copy(folder / "s0.tif", folder / name)
    model, out = save_random_model(tmp_path / "model"), tmp_path / "out"

    def predict(**changes: Any) -> PredictReport:
        config = PredictConfig(device="cpu", tissue=False, **changes)
        return predict_project(open_project(folder), model, out, config)

    predict(images=("s0.tif",))
    (record,) = out.glob("s0*/prediction.json")
    before = record.stat().st_mtime_ns

    def stuck() -> object:
        """Finds s0 done, takes s1 and never ends."""
        said, tell = os.pipe()
        monkeypatch.setattr(project_module, "predict_slide", lambda *_: hang(tell))
        Thread(target=predict, daemon=True).start()
        assert os.read(said, 1) == b"!"
        return said

    def hang(tell: int) -> None:
        os.write(tell, b"!")
        time.sleep(600)

    with child(stuck) as pid:

        def killing(seconds: float) -> None:
            assert len(list(out.glob("*/prediction.json"))) == 3
            monkeypatch.setattr(share_out.time, "sleep", lambda _: None)  # type: ignore[attr-defined]
            end(pid)

        monkeypatch.setattr(share_out.time, "sleep", killing)  # type: ignore[attr-defined]
        report = predict()
    assert [f.record.image for f in report.predicted] == ["s1.tif", "s2.tif", "s3.tif"]
    assert [f.record.image for f in report.resumed] == ["s0.tif"]
    assert all(f.record.in_project for f in (*report.predicted, *report.resumed))
    assert record.stat().st_mtime_ns == before
    assert not (out / CLAIMS_NAME).exists()


def test_shards_have_their_slides_and_another_model_is_refused(
    slides: Path, tmp_path: Path
) -> None:
    model, out = save_random_model(tmp_path / "model"), tmp_path / "out"
    config = PredictConfig(as_="none", tissue=False, shard=(2, 2))
    report = predict_project(open_project(slides), model, out, config)
    assert [f.record.image for f in report.predicted] == ["s1.tif"]

    def another() -> object:
        return Claims(out, "other", "x")

    with child(another):
        said = refused(lambda: predict_project(open_project(slides), model, out, config))
        assert "with another model or other settings" in said

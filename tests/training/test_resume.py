"""A run that was killed or stopped goes on as if nothing had happened."""

from __future__ import annotations

import itertools
import json
import os
import shutil
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import shapely

from hookpath.annotations import PathObject, write_geojson
from hookpath.errors import TrainingError
from hookpath.models import read_card
from hookpath.projects import open_project
from hookpath.signals import QueueStop
from hookpath.training import TrainConfig, train_network, training_session
from hookpath.training.run import checkpoint
from hookpath.training.run.metrics_log import TIME_COLUMNS, MetricsLog
from support.textures import DARK, texture_objects, texture_slide
from support.training import TINY, Recorder, rows_of, start_training, wait_for_step

#: A checkpoint within the epoch too; steps 8, 16, 24 end one.
OFTEN = "checkpoint_every=3"

Change = Callable[[Path], object]


@pytest.fixture(scope="module")
def whole(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run that nothing interrupted."""
    run_dir = tmp_path_factory.mktemp("runs") / "whole"
    train_network([open_project(folder)], config(), run_dir)
    return run_dir


def config(*overrides: str) -> TrainConfig:
    return TrainConfig.load(overrides=[*TINY, OFTEN, *overrides])


def metrics(run_dir: Path) -> list[dict[str, str]]:
    """All that is reproducible in ``metrics.csv``."""
    return [{k: v for k, v in r.items() if k not in TIME_COLUMNS} for r in rows_of(run_dir)]


def assert_same_run(run_dir: Path, whole: Path) -> None:
    assert metrics(run_dir) == metrics(whole)
    cards = [read_card(d / "model") for d in (run_dir, whole)]
    assert cards[0].weights_sha256 == cards[1].weights_sha256
    assert cards[0].metrics == cards[1].metrics


def kill(process: subprocess.Popen[str]) -> None:
    os.kill(process.pid, signal.SIGKILL)
    process.communicate()
    assert process.returncode == -signal.SIGKILL


@pytest.mark.parametrize(
    ("workers", "step"), [pytest.param(0, 13, marks=pytest.mark.slow), (2, 17)]
)
def test_kill_9_within_an_epoch_changes_no_figure(
    folder: Path, whole: Path, tmp_path: Path, workers: int, step: int
) -> None:
    run_dir = tmp_path / "run"
    process = start_training(folder, run_dir, OFTEN, f"workers={workers}")
    wait_for_step(process, step)
    kill(process)
    assert len(rows_of(run_dir)) < 3, "killed too late to show anything"
    reporter = Recorder()
    train_network(
        [open_project(folder)], config("workers=0"), run_dir, resume=True, reporter=reporter
    )
    assert reporter.steps == 24
    assert_same_run(run_dir, whole)


@pytest.mark.parametrize(
    ("owner", "name", "call"),
    [
        (training_session, "validate", 2),
        (training_session, "save_model", 1),
        (training_session, "write_checkpoint", 4),  # best.pt of the first epoch
        (training_session, "write_checkpoint", 5),  # last.pt of the first epoch
        (MetricsLog, "add", 2),
        (checkpoint.torch, "save", 6),  # type: ignore[attr-defined]
        (Path, "replace", 7),
    ],
)
def test_a_stop_at_any_moment_changes_no_figure(
    folder: Path,
    whole: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    owner: Any,
    name: str,
    call: int,
) -> None:
    """The run ends where a step would have begun, as if the process had died there."""
    monkeypatch.setattr(owner, name, dying(getattr(owner, name), call))
    with pytest.raises(KeyboardInterrupt):
        train_network([open_project(folder)], config(), tmp_path / "run")
    monkeypatch.undo()
    train_network([open_project(folder)], None, tmp_path / "run", resume=True)
    assert_same_run(tmp_path / "run", whole)


def dying(function: Callable[..., Any], call: int) -> Callable[..., Any]:
    """`function`, interrupted when it is called for the given time (from 1)."""
    calls = itertools.count(1)

    def wrapped(*args: Any, **kwargs: Any) -> Any:
        if next(calls) == call:
            raise KeyboardInterrupt
        return function(*args, **kwargs)

    return wrapped


def test_killed_before_the_first_checkpoint_it_starts_over(
    folder: Path, whole: Path, tmp_path: Path
) -> None:
    run_dir = tmp_path / "run"
    run_dir.mkdir()
    shutil.copy(whole / "run.json", run_dir)
    train_network([open_project(folder)], None, run_dir, resume=True)
    assert_same_run(run_dir, whole)


def test_a_finished_run_stays_as_it_is(folder: Path, whole: Path) -> None:
    before = {p: p.stat().st_mtime_ns for p in whole.rglob("*") if p.is_file()}
    reporter = Recorder()
    result = train_network([open_project(folder)], None, whole, resume=True, reporter=reporter)
    assert (result.epochs, reporter.steps) == (3, 0)
    assert "is finished" in reporter.infos[-1]
    assert {p: p.stat().st_mtime_ns for p in whole.rglob("*") if p.is_file()} == before


def test_ctrl_c_saves_says_how_to_go_on_and_leaves_no_process(folder: Path, tmp_path: Path) -> None:
    run_dir = tmp_path / "run"
    process = start_training(folder, run_dir, "workers=2")
    wait_for_step(process, 10)
    os.killpg(process.pid, signal.SIGINT)
    out, err = process.communicate(timeout=120)
    assert err.rstrip().endswith("KeyboardInterrupt")
    *steps, said = out.splitlines()
    last = steps[-1].removeprefix("step ") if steps else "10"
    assert said == f"info {run_dir}: stopped; --resume goes on from step {last} of 24"
    assert (run_dir / "checkpoints" / "last.pt").is_file()
    assert_group_is_gone(process.pid)


@pytest.mark.parametrize("step", [3, 12])
def test_a_batch_systems_sigterm_is_obeyed_after_the_step_and_leaves_a_model(
    folder: Path, whole: Path, tmp_path: Path, step: int
) -> None:
    class Terminating(Recorder):
        def advance(self, task: str, n: int = 1, **metrics: float) -> None:
            super().advance(task, n, **metrics)
            if self.steps == step:
                os.kill(os.getpid(), signal.SIGTERM)

    reporter = Terminating()
    with pytest.raises(QueueStop):
        train_network([open_project(folder)], config(), tmp_path / "run", reporter=reporter)
    assert reporter.steps in (step, step + 1)
    # Epochs have 8 steps: before the first is over, the model is that of the last step.
    card = read_card(tmp_path / "run" / "model")
    assert (card.training["steps"], card.metrics["epoch"]) in [(8, 1), (3, 0), (4, 0)]
    assert f"goes on from step {reporter.steps} of 24" in reporter.infos[-1]
    assert signal.getsignal(signal.SIGTERM) is signal.SIG_DFL
    train_network([open_project(folder)], None, tmp_path / "run", resume=True)
    assert_same_run(tmp_path / "run", whole)


@pytest.mark.skipif(not hasattr(signal, "SIGUSR1"), reason="signals are POSIX's")
def test_a_warning_during_validation_saves_the_steps_of_the_epoch(
    folder: Path, whole: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Batch systems kill soon after they warn, and a validation may take longer than that."""

    def long_validation(*_: Any) -> None:
        signal.raise_signal(signal.SIGUSR1)
        raise AssertionError("not interrupted")

    monkeypatch.setattr(training_session, "validate", long_validation)
    with pytest.raises(QueueStop):
        train_network([open_project(folder)], config("checkpoint_every=0"), tmp_path / "run")
    monkeypatch.undo()
    saved = checkpoint.read_checkpoint(tmp_path / "run" / "checkpoints" / "last.pt")
    assert (saved.step, saved.unended) == (8, True)
    reporter = Recorder()
    train_network([open_project(folder)], None, tmp_path / "run", resume=True, reporter=reporter)
    assert_same_run(tmp_path / "run", whole)


def test_a_finished_run_can_be_made_longer(folder: Path, tmp_path: Path) -> None:
    """With a rate that does not depend on how long the run is, it is the run of that length."""
    steady = ("schedule=constant", "warmup=0", "steps_per_epoch=4")
    project = open_project(folder)
    train_network([project], config(*steady), tmp_path / "whole")
    train_network([project], config(*steady, "epochs=2"), tmp_path / "run")
    reporter = Recorder()
    train_network([project], config(*steady), tmp_path / "run", resume=True, reporter=reporter)
    assert "made longer, epochs 2 → 3; 4 steps are to come" in reporter.infos[-1]
    assert_same_run(tmp_path / "run", tmp_path / "whole")
    assert json.loads((tmp_path / "run" / "run.json").read_text())["config"]["epochs"] == 3
    with pytest.raises(TrainingError, match="setting epochs was 3, now 1"):
        train_network([project], config(*steady, "epochs=1"), tmp_path / "run", resume=True)


def test_the_run_remembers_where_its_slides_are(whole: Path, folder: Path) -> None:
    assert json.loads((whole / "run.json").read_text())["projects"] == [str(folder.absolute())]


def assert_group_is_gone(group: int) -> None:
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        try:
            os.killpg(group, 0)
        except ProcessLookupError:
            return
        time.sleep(0.1)
    raise AssertionError("processes of the run are left over")


@pytest.fixture
def begun(tmp_path: Path, whole: Path, folder: Path) -> tuple[Path, Path]:
    """A project and a run on it, both free to be changed."""
    project = shutil.copytree(folder, tmp_path / "project")
    return project, shutil.copytree(whole, tmp_path / "run")


def resume(project: Path, run_dir: Path, *overrides: str) -> None:
    train_network([open_project(project)], config(*overrides), run_dir, resume=True)


def test_free_settings_may_change(begun: tuple[Path, Path]) -> None:
    resume(*begun, "workers=1", "device=cpu", "checkpoint_every=0")


@pytest.mark.parametrize(
    ("override", "message"),
    [
        ("batch_size=5", "setting batch_size was 4, now 5"),
        ("model.filters=5", "setting model.filters was 4, now 5"),
        ("augmentation.flips=false", "setting augmentation.flips was True, now False"),
    ],
)
def test_other_settings_may_not(begun: tuple[Path, Path], override: str, message: str) -> None:
    with pytest.raises(TrainingError, match=f"cannot resume, since {message}; undo the change"):
        resume(*begun, override)


def _redraw(project: Path) -> None:
    extra = PathObject(shapely.box(1, 1, 9, 9), path_class=DARK)
    write_geojson(project / "s1.geojson", [*texture_objects(), extra])


def _repaint(project: Path) -> None:
    texture_slide(project / "s1.tif", seed=99)
    with (project / "s1.tif").open("ab") as file:
        file.write(b"\0")


def _add(project: Path) -> None:
    for suffix in ("tif", "geojson"):
        shutil.copy(project / f"s0.{suffix}", project / f"s3.{suffix}")


def _remove(project: Path) -> None:
    (project / "s2.geojson").unlink()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (_redraw, "the annotations of s1.tif changed"),
        (_repaint, "the slide file of s1.tif changed"),
        (_add, "s3.tif is new"),
        (_remove, "s2.tif is gone"),
    ],
)
def test_data_may_not_change(begun: tuple[Path, Path], change: Change, message: str) -> None:
    change(begun[0])
    with pytest.raises(TrainingError, match=f"cannot resume, since .*{message}"):
        resume(*begun)


def test_the_project_may_move(begun: tuple[Path, Path], tmp_path: Path) -> None:
    resume(begun[0].rename(tmp_path / "elsewhere"), begun[1])


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (lambda d: (d / "run.json").unlink(), "no run.json here, so no run to go on with"),
        (lambda d: (d / "run.json").write_text("{"), "run.json: damaged"),
        (lambda d: (d / "run.json").write_text("[]"), "run.json: damaged"),
        (lambda d: (d / "checkpoints/last.pt").unlink(), "the checkpoint is missing"),
        (lambda d: (d / "checkpoints/last.pt").write_bytes(b"PK"), "not a readable checkpoint"),
    ],
)
def test_a_damaged_run_is_named(begun: tuple[Path, Path], damage: Change, message: str) -> None:
    damage(begun[1])
    with pytest.raises(TrainingError, match=message) as caught:
        resume(*begun)
    assert "\n" not in str(caught.value)


def test_a_run_of_a_later_format_is_refused(begun: tuple[Path, Path]) -> None:
    path = begun[1] / "run.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), "format": 99}))
    with pytest.raises(TrainingError, match="format 99 is not that of this hookpath; update"):
        resume(*begun)


def test_a_checkpoint_that_is_code_is_not_run(begun: tuple[Path, Path], tmp_path: Path) -> None:
    import torch

    bait = tmp_path / "bait"

    class Trap:
        def __reduce__(self) -> tuple[object, ...]:
            return (bait.write_text, ("sprung",))

    torch.save({"model": Trap()}, begun[1] / "checkpoints" / "last.pt")
    with pytest.raises(TrainingError, match="not a readable checkpoint"):
        resume(*begun)
    assert not bait.exists()


def test_another_seed_gives_another_run(folder: Path, whole: Path, tmp_path: Path) -> None:
    train_network([open_project(folder)], config("seed=1", "epochs=1"), tmp_path / "run")
    assert not np.isclose(
        float(rows_of(tmp_path / "run")[0]["loss"]), float(rows_of(whole)[0]["loss"])
    )

"""What goes wrong says so in one line, and the last good checkpoint stays."""

from __future__ import annotations

import errno
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from hookpath.annotations import PathClass, write_geojson
from hookpath.errors import HookpathError, ModelDesignError, TrainingError
from hookpath.locking import LOCK_NAME
from hookpath.models import load_model
from hookpath.projects import open_project
from hookpath.temporary_files import unfinished_beside
from hookpath.training import TrainConfig, TrainResult, train_network, training_loop
from hookpath.training.run.checkpoint import read_checkpoint
from support.leftovers import leftovers, target_of
from support.slides import write_pyramid
from support.textures import DARK, texture_folder, texture_objects
from support.training import TINY, Recorder, rows_of


def config(*overrides: str) -> TrainConfig:
    return TrainConfig.load(overrides=[*TINY, *overrides])


def run(project: Path, run_dir: Path, *overrides: str, **options: Any) -> TrainResult:
    return train_network([open_project(project)], config(*overrides), run_dir, **options)


def refused(project: Path, run_dir: Path, message: str, *overrides: str, **options: Any) -> None:
    """The run ends with an error in one line."""
    with pytest.raises(HookpathError, match=message) as caught:
        run(project, run_dir, *overrides, **options)
    assert "\n" not in str(caught.value)


def test_a_loss_that_is_no_number_ends_the_run(folder: Path, tmp_path: Path) -> None:
    run_dir = tmp_path / "run"
    message = r"step \d+ \(epoch 1\): the loss or a weight is no longer a number; .*lower"
    refused(folder, run_dir, message, "learning_rate=1e30", "schedule=constant", "warmup=0")
    assert read_checkpoint(run_dir / "checkpoints" / "last.pt").step == 0
    assert not (run_dir / "metrics.csv").exists()


def test_a_broken_weight_is_not_saved(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The loss is that of the weights before the step: it is the last to notice."""
    step = training_loop.train_step

    def breaking(session: Any, batch: Any) -> torch.Tensor:
        loss = step(session, batch)
        if session.step == 15:
            next(iter(session.model.parameters())).data.fill_(float("inf"))
        return loss

    monkeypatch.setattr(training_loop, "train_step", breaking)
    refused(folder, tmp_path / "run", r"step 16 \(epoch 2\): the loss or a weight")
    assert read_checkpoint(tmp_path / "run" / "checkpoints" / "last.pt").step == 8
    assert len(rows_of(tmp_path / "run")) == 1


def test_a_batch_that_does_not_fit_is_learned_from_in_parts(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One step in parts is the step in one go, but for what batch normalisation sees."""
    whole, halved = Steps(monkeypatch), Steps(monkeypatch, most=2)
    reporter = Recorder()
    run(folder, tmp_path / "whole", "epochs=1")
    halved.replace()
    run(folder, tmp_path / "parts", "epochs=1", reporter=reporter)
    assert set(halved.sizes) == {4, 2}
    assert halved.sizes.count(4) == 1
    (said,) = [w for w in reporter.warnings if "out of memory" in w]
    assert said == (
        "out of memory in training with 4 patches at once; going on with 2 at a time (the batch "
        "stays the same, but batch normalisation sees 2 patches instead of 4)"
    )
    assert whole.sizes == []
    assert len(rows_of(tmp_path / "parts")) == 1


def test_the_gradients_of_parts_are_those_of_the_batch(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With batch normalisation switched off, where nothing may differ."""
    compared: list[float] = []
    gradients = training_loop.gradients  # type: ignore[attr-defined]

    def comparing(session: Any, batch: Any, size: int) -> torch.Tensor:
        session.model.eval()
        found = []
        for at_once in (4, 3, 1):
            loss = gradients(session, batch, at_once)
            weights = session.model.parameters()
            found.append((loss, torch.cat([w.grad.flatten() for w in weights])))
        assert found[0][1].abs().max() > 1e-3
        for loss, gradient in found[1:]:
            torch.testing.assert_close(loss, found[0][0], rtol=1e-5, atol=1e-6)
            torch.testing.assert_close(gradient, found[0][1], rtol=1e-4, atol=1e-6)
        compared.append(float(loss))
        return loss

    monkeypatch.setattr(training_loop, "gradients", comparing)
    run(folder, tmp_path / "run", "epochs=1")
    assert len(compared) == 8


def test_out_of_memory_names_what_to_lower(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    Steps(monkeypatch, most=0).replace()
    message = (
        r"even with one patch at a time; .*model.filters \(4\) or model.input_size \(24\), fewer"
    )
    with pytest.raises(TrainingError, match=message) as caught:
        run(folder, tmp_path / "a")
    assert caught.value.code == "out_of_memory"
    assert read_checkpoint(tmp_path / "a" / "checkpoints" / "last.pt").step == 0


class Steps:
    """Steps on a device that takes only so many patches at once."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, most: int = 99) -> None:
        self.most, self.sizes = most, list[int]()
        self._patch, self._gradients = monkeypatch, training_loop.gradients  # type: ignore[attr-defined]

    def replace(self) -> None:
        """Train on it from now on."""
        self._patch.setattr(training_loop, "gradients", self._run)

    def _run(self, session: Any, batch: Any, size: int) -> torch.Tensor:
        self.sizes.append(size)
        if size > self.most:
            raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 20 GiB")
        return self._gradients(session, batch, size)


def test_other_errors_are_not_called_out_of_memory(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(session: Any, batch: Any) -> torch.Tensor:
        raise RuntimeError("a bug")

    monkeypatch.setattr(training_loop, "train_step", broken)
    with pytest.raises(RuntimeError, match="a bug"):
        run(folder, tmp_path / "run")


@pytest.mark.parametrize("target", ["last.pt", "best.pt"])
def test_a_full_disk_leaves_the_older_checkpoint_whole(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, target: str
) -> None:
    """From epoch 2 on, writing one of them fails half way."""
    save = torch.save
    done: list[str] = []

    def filling(state: dict[str, Any], file: Any) -> None:
        done.append(target_of(file.name))
        if done.count(target) < 2 + (target == "last.pt"):
            save(state, file)
            return
        file.write(b"PK half a checkpoint")
        try:
            raise OSError(errno.ENOSPC, "No space left on device")
        finally:
            # As torch does: its writer finds the file too short while the system's error passes.
            raise RuntimeError("[enforce fail at inline_container.cc:671] . unexpected pos")

    monkeypatch.setattr(torch, "save", filling)
    message = rf"{target}: the checkpoint could not be written \(No space left on device\); free"
    run_dir = tmp_path / "run"
    refused(folder, run_dir, message)
    assert read_checkpoint(run_dir / "checkpoints" / "last.pt").step == 8
    assert read_checkpoint(run_dir / "checkpoints" / target).step == 8
    assert not leftovers(run_dir)
    load_model(run_dir / "model")
    monkeypatch.undo()
    assert run(folder, run_dir, resume=True).epochs == 3


@pytest.mark.parametrize(
    ("name", "method", "epochs"),
    [
        ("run.json", "write_bytes", 0),
        ("metrics.csv", "write_bytes", 1),
        (".next.safetensors", "write_bytes", 1),
        ("model.json", "write_bytes", 1),
    ],
)
def test_a_full_disk_leaves_the_older_file_whole(
    folder: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    name: str,
    method: str,
    epochs: int,
) -> None:
    write = getattr(Path, method)
    written: list[str] = []

    def full(path: Path, *args: Any, **kwargs: Any) -> Any:
        written.append(target_of(path.name))
        if written.count(name) > epochs:
            write(path, *args, **kwargs)
            raise OSError(errno.ENOSPC, "No space left on device")
        return write(path, *args, **kwargs)

    monkeypatch.setattr(Path, method, full)
    run_dir = tmp_path / "run"
    refused(folder, run_dir, r"cannot be written \(No space left on device\)")
    assert not leftovers(run_dir)
    assert not epochs or len(rows_of(run_dir)) == 1
    assert not epochs or load_model(run_dir / "model")


def test_a_folder_that_holds_a_run_is_not_touched(folder: Path, tmp_path: Path) -> None:
    run(folder, tmp_path / "run", "epochs=1")
    before = (tmp_path / "run" / "run.json").read_bytes()
    refused(folder, tmp_path / "run", "holds a run; choose another folder, or --resume")
    assert (tmp_path / "run" / "run.json").read_bytes() == before


def test_a_folder_with_other_things_is_not_touched(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "thesis.doc").write_text("mine")
    refused(folder, tmp_path, "is not empty; choose another folder")
    refused(folder, tmp_path / "thesis.doc", "is not empty; choose another folder")
    assert [p.name for p in tmp_path.iterdir()] == ["thesis.doc"]


def test_a_start_that_was_killed_at_once_may_be_repeated(folder: Path, tmp_path: Path) -> None:
    unfinished_beside(tmp_path / "run.json").write_text("{")
    (tmp_path / LOCK_NAME).write_text("{")
    assert run(folder, tmp_path, "epochs=1").epochs == 1


def test_what_is_marked_read_only_stays_so(folder: Path, tmp_path: Path) -> None:
    """Also for root, whom no mode bits stop."""
    tmp_path.chmod(0o555)
    try:
        refused(folder, tmp_path / "run", "is marked read-only, so nothing was written")
        assert not list(tmp_path.iterdir())
    finally:
        tmp_path.chmod(0o755)
    run(folder, tmp_path / "run", "epochs=1")
    for place in (tmp_path / "run", tmp_path / "run" / "checkpoints"):
        place.chmod(0o555)
        refused(folder, tmp_path / "run", f"{place} is marked read-only", resume=True)
        place.chmod(0o755)


def test_one_slide_alone_trains_without_validation(tmp_path: Path) -> None:
    reporter = Recorder()
    project = texture_folder(tmp_path / "project", slides=1)
    result = run(project, tmp_path / "run", "epochs=2", reporter=reporter)
    assert (result.best_f1, result.best_epoch) == (None, 2)
    assert any("no validation slide: nothing measures the model" in w for w in reporter.warnings)
    metrics = load_model(result.model_dir)[1].metrics
    assert metrics["epoch"] == 2
    assert not [name for name in metrics if name.startswith("validation")]
    assert [row["f1"] for row in rows_of(tmp_path / "run")] == ["", ""]


def change(project: Path, tmp_path: Path) -> Path:
    return shutil.copytree(project, tmp_path / "project")


def test_a_class_without_a_training_slide_is_named(folder: Path, tmp_path: Path) -> None:
    project = change(folder, tmp_path)
    for name in ("s1", "s2"):
        write_geojson(project / f"{name}.geojson", texture_objects()[:1])
    message = "class 'Pale' is annotated on no training slide; draw it on one, change the split, or"
    refused(project, tmp_path / "run", message, "validation.val=['s0.tif']")
    assert not (tmp_path / "run").exists()


def test_a_class_that_others_cover_counts_as_not_drawn(folder: Path, tmp_path: Path) -> None:
    project = change(folder, tmp_path)
    dark, pale = texture_objects()
    for name in ("s0", "s1", "s2"):
        hidden = texture_objects(classes=(PathClass("Hidden"),))[0]
        write_geojson(project / f"{name}.geojson", [hidden, dark, pale])
    refused(project, tmp_path / "run", "class 'Hidden' is annotated on no training slide")


def test_a_class_without_a_validation_slide_is_not_measured(folder: Path, tmp_path: Path) -> None:
    project = change(folder, tmp_path)
    write_geojson(project / "s0.geojson", texture_objects()[:1])
    reporter = Recorder()
    run(project, tmp_path / "run", "epochs=1", "validation.val=['s0.tif']", reporter=reporter)
    assert "class 'Pale' is annotated on no validation slide" in reporter.warnings[0]


def test_one_class_is_not_enough(tmp_path: Path, folder: Path) -> None:
    project = change(folder, tmp_path)
    for name in ("s0", "s1", "s2"):
        write_geojson(project / f"{name}.geojson", texture_objects(classes=(DARK,)))
    refused(project, tmp_path / "run", "only class 'Dark' is annotated; draw areas of at least two")


def test_nothing_drawn_is_said(tmp_path: Path, folder: Path) -> None:
    project = change(folder, tmp_path)
    for path in project.glob("*.geojson"):
        path.unlink()
    refused(project, tmp_path / "run", "no area with a class is annotated; draw areas of at least")


def test_annotations_that_cannot_be_read_are_not_taken_for_none(
    folder: Path, tmp_path: Path
) -> None:
    project = change(folder, tmp_path)
    for path in project.glob("*.geojson"):
        path.write_text("{")
    refused(project, tmp_path / "run", r"of 3 images that cannot, the first, s0\.tif: .*not JSON")


def test_where_no_slide_can_be_used_the_reason_is_reported(folder: Path, tmp_path: Path) -> None:
    """As a person meets it: nobody set the pixel size."""
    project = change(folder, tmp_path)
    for slide in project.glob("*.tif"):
        write_pyramid(slide, np.full((64, 64, 3), 200, np.uint8), mpp=None)
    with pytest.raises(
        TrainingError, match=r"no slide can be used; the first, .*s0\.tif: µm/px"
    ) as e:
        run(project, tmp_path / "run")
    assert e.value.code == "missing_spacing"


def test_a_broken_slide_is_left_out(folder: Path, tmp_path: Path) -> None:
    project = change(folder, tmp_path)
    (project / "s2.tif").write_bytes(b"ten bytes!")
    reporter = Recorder()
    run(project, tmp_path / "run", "epochs=1", reporter=reporter)
    assert any(w.startswith("s2.tif is left out: ") for w in reporter.warnings)


@pytest.mark.parametrize(
    ("override", "message"),
    [
        (
            "classes=['Dark', 'Nothing']",
            "class 'Nothing' is annotated nowhere; there are: Dark, Pale",
        ),
        ("validation.val=['s9.tif']", "no annotated slide is called 's9.tif'; did you mean"),
        ("device=cuda:99", "device 'cuda:99' is not there"),
        ("init_from=/no/model", "no model.json here; give a model folder"),
    ],
)
def test_what_cannot_work_is_refused_before_anything_is_written(
    folder: Path, tmp_path: Path, override: str, message: str
) -> None:
    refused(folder, tmp_path / "run", message, override)
    assert not (tmp_path / "run").exists()


def test_a_wrong_design_is_refused_before_anything_is_written(folder: Path, tmp_path: Path) -> None:
    with pytest.raises(ModelDesignError, match="25"):
        run(folder, tmp_path / "run", "model.input_size=25")
    assert not (tmp_path / "run").exists()


def test_going_on_without_a_run_is_refused(folder: Path, tmp_path: Path) -> None:
    with pytest.raises(TrainingError, match="no run to go on with"):
        train_network([open_project(folder)], None, tmp_path / "none", resume=True)

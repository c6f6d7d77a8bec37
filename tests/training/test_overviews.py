"""Training networks that read whole slides."""

from pathlib import Path

import pytest
import torch

from hookpath.errors import TrainingError
from hookpath.events import SilentReporter
from hookpath.models import load_model
from hookpath.projects import open_project
from hookpath.training import TrainConfig, train_network
from support.training import Recorder, rows_of

SMALL = (
    "preset=fast",
    "family=unet-lr",
    "model.size=32",
    "model.filters=[4, 8, 8]",
    "batch_size=2",
    "epochs=3",
    "steps_per_epoch=8",
    "learning_rate=0.01",
    "amp=off",
)


def test_the_small_unet_learns_two_halves(folder: Path, tmp_path: Path) -> None:
    """With several times the steps that any seed needs; one class everywhere would be F1 1/3."""
    enough = TrainConfig.load(overrides=[*SMALL, "epochs=2", "steps_per_epoch=60"])
    result = train_network([open_project(folder)], enough, tmp_path / "run")
    assert result.best_f1 is not None
    assert result.best_f1 > 0.95
    _, card = load_model(result.model_dir)
    assert (card.reads, card.scores) == ("overview", "pixels")


def test_it_goes_on_after_a_stop_as_if_nothing_had_happened(folder: Path, tmp_path: Path) -> None:
    project = [open_project(folder)]
    whole = train_network(project, TrainConfig.load(overrides=SMALL), tmp_path / "whole")
    model, _ = load_model(whole.model_dir)

    class StoppedError(Exception):
        pass

    run = tmp_path / "stopped"
    rows = rows_of(tmp_path / "whole")

    class Stopper(SilentReporter):
        steps = 0

        def advance(self, task: str, n: int = 1, **metrics: float) -> None:
            self.steps += n * (task == "train")
            if self.steps > 12:
                raise StoppedError

    with pytest.raises(StoppedError):
        train_network(project, TrainConfig.load(overrides=SMALL), run, reporter=Stopper())
    again = train_network(project, None, run, resume=True)
    assert again.best_f1 == whole.best_f1
    assert [r["loss"] for r in rows_of(run)] == [r["loss"] for r in rows]
    resumed, _ = load_model(again.model_dir)
    for ours, theirs in zip(model.parameters(), resumed.parameters(), strict=True):
        assert torch.equal(ours, theirs)


def test_otsu_takes_one_step_to_its_model_folder(folder: Path, tmp_path: Path) -> None:
    # The wrong way round, so that the loss is high.
    settings = ["preset=fast", "family=otsu", "model.size=32", "background=Dark"]
    config = TrainConfig.load(overrides=settings)
    heard = Recorder()
    result = train_network([open_project(folder)], config, tmp_path / "run", reporter=heard)
    assert heard.codes == []  # no advice on how to train what learns nothing
    model, card = load_model(result.model_dir)
    assert (card.family, result.steps) == ("otsu", 1)
    assert not list(model.parameters())
    assert result.best_f1 is not None
    again = train_network([open_project(folder)], None, tmp_path / "run", resume=True)
    assert again.steps == 1


def test_a_refinement_network_alone_says_what_it_needs(folder: Path, tmp_path: Path) -> None:
    config = TrainConfig.load(overrides=[*SMALL, "model.heatmaps=1"])
    with pytest.raises(TrainingError, match=r"unet-lr reads heatmaps.*-m h2gnet"):
        train_network([open_project(folder)], config, tmp_path / "run")
    assert not (tmp_path / "run").exists()

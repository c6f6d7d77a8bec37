"""Two processes that share every batch learn what one process learns from whole batches."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

from hookpath.errors import TrainingError
from hookpath.models import load_model
from hookpath.models.patch_classifier import NormOfAny
from hookpath.projects import open_project
from hookpath.signals import QueueStop
from hookpath.training import TrainConfig, train_network
from hookpath.training.distributed import joined, shared_norms
from hookpath.training.run import checkpoint
from support.pairs import Pair, a_pair
from support.training import TINY, Recorder, rows_of

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")

#: Without augmentation, which every process draws for its own share.
SAME = (
    *TINY, "epochs=2", "steps_per_epoch=3", "device=cpu", "class_weights=balanced", "ema=0.9",
    "augmentation=off", "learning_rate=1e-5",
)  # fmt: skip


def config(*overrides: str) -> TrainConfig:
    return TrainConfig.load(overrides=[*SAME, *overrides])


@pytest.fixture
def pair(monkeypatch: pytest.MonkeyPatch) -> Pair:
    return a_pair(monkeypatch)


def weights(run: Path) -> dict[str, np.ndarray]:
    return {k: v.numpy() for k, v in load_model(run / "model")[0].state_dict().items()}


def test_the_same_batches_give_the_same_run(folder: Path, tmp_path: Path, pair: Pair) -> None:
    train_network([open_project(folder)], config(), tmp_path / "one")
    reporter = Recorder()

    def both() -> None:
        train_network([open_project(folder)], config(), tmp_path / "two", reporter=reporter)

    assert pair.run(both) == 0
    one, two = rows_of(tmp_path / "one"), rows_of(tmp_path / "two")
    assert [r["epoch"] for r in two] == ["1", "2"]
    for name in one[0]:
        if name.startswith("pixels:"):
            assert [r[name] for r in two] == [r[name] for r in one], "the balance is that of all"
    assert [float(r["loss"]) for r in two] == pytest.approx([float(r["loss"]) for r in one], 1e-4)
    theirs = weights(tmp_path / "two")
    for name, value in weights(tmp_path / "one").items():
        assert theirs[name] == pytest.approx(value, abs=2e-4), name


def test_the_gradients_are_those_of_the_whole_batch(
    folder: Path, tmp_path: Path, pair: Pair
) -> None:
    """Adam's first moment after the first step is a tenth of them."""
    short = config("epochs=1", "steps_per_epoch=1")

    def both() -> None:
        train_network([open_project(folder)], short, tmp_path / "two")

    train_network([open_project(folder)], short, tmp_path / "one")
    assert pair.run(both) == 0
    one, two = (
        checkpoint.read_checkpoint(tmp_path / run / "checkpoints" / "last.pt").optimizer["state"]
        for run in ("one", "two")
    )
    assert any(float(one[key]["exp_avg"].abs().max()) > 1e-3 for key in one)
    for key in one:
        torch.testing.assert_close(two[key]["exp_avg"], one[key]["exp_avg"], atol=1e-5, rtol=1e-3)


def test_a_run_is_taken_up_by_more_processes_and_stopped_in_all(
    folder: Path, tmp_path: Path, pair: Pair
) -> None:
    """One of them hears the signal; both end after the same step."""

    class Stopping(Recorder):
        def advance(self, task: str, n: int = 1, **metrics: float) -> None:
            super().advance(task, n, **metrics)
            if self.steps == 4:
                os.kill(os.getpid(), signal.SIGTERM)

    run = tmp_path / "run"
    train_network([open_project(folder)], config("epochs=1"), run)

    def resume(reporter: Recorder) -> None:
        train_network([open_project(folder)], config(), run, resume=True, reporter=reporter)

    def first() -> None:
        with pytest.raises(QueueStop):
            resume(Stopping())

    assert pair.run(first, lambda: resume(Recorder())) == 75
    assert checkpoint.read_checkpoint(run / "checkpoints" / "last.pt").step == 5
    assert pair.run(lambda: resume(Recorder())) == 0
    assert [r["step"] for r in rows_of(run)] == ["3", "6"]


@pytest.mark.parametrize("norm_of", [nn.BatchNorm2d, nn.BatchNorm1d, NormOfAny])
def test_batch_normalisation_sees_all_shares(
    pair: Pair, norm_of: type[nn.BatchNorm1d | nn.BatchNorm2d]
) -> None:
    torch.manual_seed(0)
    shape = (4, 3, 5, 5) if norm_of is nn.BatchNorm2d else (4, 3)
    x, wanted = torch.randn(shape), torch.randn(shape)
    plain = norm_of(3)

    def through(norm: nn.Module, rows: slice) -> tuple[torch.Tensor, torch.Tensor]:
        part = x[rows].clone().requires_grad_()
        out = norm(part)
        (grad,) = torch.autograd.grad((out * wanted[rows]).sum(), part)
        return out.detach(), grad

    expected = through(plain, slice(None))
    shared = norm_of(3)

    def both() -> None:
        with joined(config()) as group:
            shared_norms(shared, group)
            rows = slice(2 * group.rank, 2 * group.rank + 2)
            for found, whole in zip(through(shared, rows), expected, strict=True):
                torch.testing.assert_close(found, whole[rows], atol=1e-5, rtol=1e-4)

    assert pair.run(both) == 0
    for name, value in plain.state_dict().items():
        torch.testing.assert_close(shared.state_dict()[name], value)


@pytest.mark.parametrize(
    ("override", "message"),
    [("batch_size=5", "batch_size 5 cannot be shared by 2 processes"),
     ("loss=ce+dice", "is for one process")],
)  # fmt: skip
def test_what_cannot_be_shared_is_refused(
    monkeypatch: pytest.MonkeyPatch, folder: Path, tmp_path: Path, override: str, message: str
) -> None:
    for name in ("RANK", "LOCAL_RANK", "MASTER_ADDR"):
        monkeypatch.setenv(name, "0")
    monkeypatch.setenv("WORLD_SIZE", "2")
    with pytest.raises(TrainingError, match=message):
        train_network([open_project(folder)], config(override), tmp_path / "run")
    assert not (tmp_path / "run").exists()

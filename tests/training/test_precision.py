"""When bfloat16 is used: where the device computes in it, and a CPU is faster with it."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from hookpath.models import Network, build_model
from hookpath.projects import open_project
from hookpath.training import TrainConfig, train_network, training_loop, training_session
from hookpath.training.optimization import precision
from hookpath.training.optimization.precision import faster_in_bf16, use_bf16
from hookpath.training.run.checkpoint import read_checkpoint
from support.training import TINY
from training.test_resume import dying, metrics

CPU = torch.device("cpu")


def network() -> Network:
    torch.manual_seed(0)
    config = {"spacings": [1.0, 2.0], "input_size": 24, "depth": 1, "filters": 2}
    return build_model("hooknet", n_classes=2, **config)


@pytest.mark.parametrize(("tiles", "faster"), [(False, True), (True, True), (True, False)])
def test_a_cpu_needs_tiles_and_must_be_faster(
    monkeypatch: pytest.MonkeyPatch, tiles: bool, faster: bool
) -> None:
    monkeypatch.setattr(precision, "has_bf16_tiles", lambda: tiles)
    monkeypatch.setattr(precision, "faster_in_bf16", lambda *_: True)
    assert not use_bf16("auto", CPU, network(), 4)
    monkeypatch.setattr(precision, "_LARGE", 0)
    monkeypatch.setattr(precision, "faster_in_bf16", lambda *_: faster)
    assert use_bf16("auto", CPU, network(), 4) is (tiles and faster)
    assert use_bf16("on", CPU, network(), 4)
    assert not use_bf16("off", CPU, network(), 4)


@pytest.mark.parametrize(("short", "faster"), [(0.5, True), (0.9, False), (2.0, False)])
def test_faster_means_by_a_margin(
    monkeypatch: pytest.MonkeyPatch, short: float, faster: bool
) -> None:
    monkeypatch.setattr(precision, "_seconds", lambda model, images, bf16: short if bf16 else 1.0)
    assert faster_in_bf16(network(), 2) is faster


def test_trying_leaves_no_trace() -> None:
    model = network().train()
    before = {k: v.clone() for k, v in model.state_dict().items()}
    numbers = torch.get_rng_state()
    faster_in_bf16(model, 2)
    assert all(torch.equal(v, before[k]) for k, v in model.state_dict().items())
    assert all(p.grad is None for p in model.parameters())
    assert torch.equal(torch.get_rng_state(), numbers)


def test_a_run_goes_on_in_the_precision_that_it_was_begun_in(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever a second measurement on a busier machine would say."""
    config = TrainConfig.load(overrides=[*TINY, "checkpoint_every=3", "amp=auto"])
    for module in (precision, training_session):
        monkeypatch.setattr(module, "has_bf16_tiles", lambda: True, raising=False)
    monkeypatch.setattr(precision, "faster_in_bf16", lambda *_: True)
    monkeypatch.setattr(precision, "_LARGE", 0)
    train_network([open_project(folder)], config, tmp_path / "whole")
    with monkeypatch.context() as patched:
        patched.setattr(training_loop, "train_step", dying(training_loop.train_step, 13))
        with pytest.raises(KeyboardInterrupt):
            train_network([open_project(folder)], config, tmp_path / "run")
    assert read_checkpoint(tmp_path / "run" / "checkpoints" / "last.pt").bf16
    monkeypatch.setattr(precision, "faster_in_bf16", lambda *_: False)
    train_network([open_project(folder)], None, tmp_path / "run", resume=True)
    assert metrics(tmp_path / "run") == metrics(tmp_path / "whole")

"""Pretrained parts: frozen, then slower than the rest; averaged weights; exact resuming."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import nn

from hookpath.errors import UsageError
from hookpath.models import Network, UNet, load_model
from hookpath.projects import open_project
from hookpath.training import TrainConfig, train_network, training_loop
from hookpath.training.optimization.learning_rate import set_rates
from hookpath.training.optimization.optimizer import make_optimizer
from hookpath.training.optimization.step_count_and_progress import Plan
from hookpath.training.optimization.weight_average import Average
from hookpath.training.run.checkpoint import read_checkpoint
from hookpath.training.weights.finetuning import FineTuning
from support.training import TINY, rows_of
from training.test_resume import dying, metrics

ONE = ("family=unet", "model.spacings=[1.0]")


@pytest.fixture
def pretrained(monkeypatch: pytest.MonkeyPatch) -> None:
    """A U-Net whose contracting path counts as learned elsewhere."""
    monkeypatch.setattr(UNet, "encoder_modules", lambda self: list(self.body.encoder))


def config(*overrides: str) -> TrainConfig:
    random = "backbone_weights=none"
    return TrainConfig.load(overrides=[*TINY, *ONE, random, *overrides])


def network() -> UNet:
    torch.manual_seed(0)
    return UNet(n_classes=2, spacings=[1.0], input_size=24, depth=1, filters=4)


def encoder(model: Network) -> Iterator[nn.Parameter]:
    return (p for e in model.encoder_modules() for p in e.parameters())


@pytest.mark.usefixtures("pretrained")
def test_pretrained_parts_are_groups_of_their_own_without_l2() -> None:
    model = network()
    optimizer = make_optimizer(model, config("l2=0.01", "learning_rate=0.5"))
    *own, decayed, free = optimizer.param_groups
    assert [g["weight_decay"] for g in own] == [0.02, 0]
    assert (decayed["params"], decayed["weight_decay"]) == ([], 0)
    assert {id(p) for p in free["params"]} == {id(p) for p in encoder(model)}
    set_rates(optimizer, config("learning_rate=0.5", "warmup=0", "schedule=constant"), 0)
    assert [g["lr"] for g in optimizer.param_groups] == pytest.approx([0.5, 0.5, 0.05, 0.05])


@pytest.mark.usefixtures("pretrained")
def test_adamw_decays_all_kernels_and_nothing_else() -> None:
    model = network()
    wide = config("optimizer=adamw", "weight_decay=0.05")
    for group in make_optimizer(model, wide).param_groups:
        assert {p.ndim > 1 for p in group["params"]} == {group["weight_decay"] == 0.05}
    with pytest.raises(UsageError, match="weight_decay needs optimizer = 'adamw'"):
        config("weight_decay=0.05")


@pytest.mark.usefixtures("pretrained")
def test_an_encoder_is_frozen_for_its_share_and_warms_up_then() -> None:
    model = network()
    settings = config("finetune.freeze_encoder=0.5", "warmup=0.125", "schedule=constant")
    tuning, plan = FineTuning(model, settings.finetune), Plan(24)
    moves = []
    for step in range(24):
        tuning.at(plan.done(step))
        moves.append(any(p.requires_grad for p in encoder(model)))
    assert moves == [False] * 12 + [True] * 12
    optimizer = make_optimizer(model, settings)
    rates = []
    for step in (12, 13, 14, 15):
        set_rates(optimizer, settings, plan.place(step))
        rates.append(optimizer.param_groups[-1]["lr"] / settings.learning_rate)
    assert rates == pytest.approx([0.025, 0.05, 0.075, 0.1])


@pytest.mark.usefixtures("pretrained")
def test_frozen_normalisation_keeps_everything_in_training_mode() -> None:
    model = network()
    FineTuning(model, config().finetune).at(0)
    norm = next(m for e in model.encoder_modules() for m in e.modules() if hasattr(m, "momentum"))
    other = next(m for m in model.body.decoder.modules() if hasattr(m, "momentum"))
    model.eval()
    model.train()
    assert (norm.training, other.training) == (False, True)
    assert not norm.weight.requires_grad
    before = norm.running_mean.clone(), other.running_mean.clone()
    model([torch.rand(2, 3, 24, 24)])
    assert torch.equal(norm.running_mean, before[0])  # type: ignore[arg-type]
    assert not torch.equal(other.running_mean, before[1])  # type: ignore[arg-type]


@pytest.mark.usefixtures("pretrained")
@pytest.mark.parametrize(("share", "moved"), [("1", False), ("0.4", True)])
def test_a_frozen_encoder_does_not_move(
    folder: Path, tmp_path: Path, share: str, moved: bool
) -> None:
    settings = config(f"finetune.freeze_encoder={share}", "epochs=1")
    train_network([open_project(folder)], settings, tmp_path / "run")
    torch.manual_seed(settings.seed)
    start = UNet(n_classes=2, **settings.model)
    (model, _) = load_model(tmp_path / "run" / "model")
    same = [torch.equal(a, b) for a, b in zip(encoder(start), encoder(model), strict=True)]
    assert any(not s for s in same) == moved
    assert not torch.equal(start.head.weight, model.head.weight)  # type: ignore[arg-type]


@pytest.mark.usefixtures("pretrained")
@pytest.mark.parametrize("step", [5, 13])
def test_a_fine_tuned_averaged_run_goes_on_exactly(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: int
) -> None:
    """Stopped while the encoder is frozen, and while it moves."""
    settings = config(
        "finetune.freeze_encoder=0.4", "finetune.encoder_rate=0.5", "finetune.encoder_bn=train",
        "optimizer=adamw", "weight_decay=0.01", "ema=0.9", "loss=ce+dice", "at_once=2",
        "checkpoint_every=3",
    )  # fmt: skip
    train_network([open_project(folder)], settings, tmp_path / "whole")
    monkeypatch.setattr(training_loop, "train_step", dying(training_loop.train_step, step))
    with pytest.raises(KeyboardInterrupt):
        train_network([open_project(folder)], settings, tmp_path / "run")
    monkeypatch.undo()
    monkeypatch.setattr(UNet, "encoder_modules", lambda self: list(self.body.encoder))
    train_network([open_project(folder)], None, tmp_path / "run", resume=True)
    assert metrics(tmp_path / "run") == metrics(tmp_path / "whole")
    ours, plain = (load_model(tmp_path / r / "model")[1] for r in ("run", "whole"))
    assert ours.weights_sha256 == plain.weights_sha256


def test_an_average_forgets_the_beginning_and_then_follows_slowly() -> None:
    model = network()
    average = Average(model, decay=0.5)
    weight = model.head.weight
    kept = average.network.head.weight  # type: ignore[union-attr]
    with torch.no_grad():
        weight.fill_(0)
        kept.fill_(10)
        average.follow(model, step=0)
        assert float(kept.mean()) == pytest.approx(1)  # 10 · 1/10
        average.follow(model, step=100)
        assert float(kept.mean()) == pytest.approx(0.5)
    norm: Any = model.body.bottleneck[2]
    norm.num_batches_tracked.fill_(7)
    norm.running_mean.fill_(2)
    average.follow(model, step=100)
    twin: Any = average.network.body.bottleneck[2]  # type: ignore[union-attr]
    assert int(twin.num_batches_tracked) == 7
    assert twin.running_mean.tolist() == pytest.approx([1.0] * len(norm.running_mean))


def test_averaged_weights_are_validated_kept_and_saved(folder: Path, tmp_path: Path) -> None:
    train_network([open_project(folder)], config("ema=0.9", "epochs=1"), tmp_path / "run")
    (model, _) = load_model(tmp_path / "run" / "model")
    saved = read_checkpoint(tmp_path / "run" / "checkpoints" / "last.pt")
    assert saved.average is not None
    assert all(torch.equal(v, saved.average[k]) for k, v in model.state_dict().items())
    assert not torch.equal(saved.average["head.weight"], saved.model["head.weight"])
    assert len(rows_of(tmp_path / "run")) == 1


def test_a_checkpoint_of_a_version_without_these_goes_on(folder: Path, tmp_path: Path) -> None:
    train_network([open_project(folder)], config("epochs=2"), tmp_path / "whole")
    train_network([open_project(folder)], config("epochs=2"), tmp_path / "run")
    path = tmp_path / "run" / "checkpoints" / "last.pt"
    values = torch.load(path, weights_only=True)
    del values["average"], values["plan"]
    for group in values["optimizer"]["param_groups"]:
        del group["rate_factor"]
    torch.save(values, path)
    record = json.loads((tmp_path / "run" / "run.json").read_text())
    for setting in ("finetune", "ema", "loss", "optimizer"):
        del record["config"][setting]
    (tmp_path / "run" / "run.json").write_text(json.dumps(record))
    train_network([open_project(folder)], None, tmp_path / "run", resume=True)
    assert metrics(tmp_path / "run") == metrics(tmp_path / "whole")

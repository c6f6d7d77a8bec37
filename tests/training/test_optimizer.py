"""Learning rate by step, and where L2 applies."""

from __future__ import annotations

import pytest
import torch

from hookpath.models import build_model
from hookpath.training import TrainConfig
from hookpath.training.optimization.learning_rate import learning_rate
from hookpath.training.optimization.optimizer import make_optimizer
from hookpath.training.optimization.step_count_and_progress import Plan


def test_the_papers_rate_is_constant() -> None:
    config = TrainConfig.load()
    assert {learning_rate(config, step) for step in (0, 1000, 199_999)} == {5e-6}


def test_warm_up_then_half_a_cosine_down_to_one_percent() -> None:
    config = TrainConfig(
        epochs=2, steps_per_epoch=52, learning_rate=1.0, schedule="cosine", warmup=4 / 104
    )
    rates = [learning_rate(config, step) for step in range(104)]
    assert rates[:5] == pytest.approx([0.2, 0.4, 0.6, 0.8, 1.0])
    assert rates[54] == pytest.approx(0.505)
    assert learning_rate(config, 104) == pytest.approx(0.01)
    assert rates[4:] == sorted(rates[4:], reverse=True)


def test_weight_decay_is_the_gradient_of_the_keras_regulariser() -> None:
    model = build_model("unet", n_classes=2, spacings=[1.0], input_size=20, depth=1, filters=2)
    optimizer = make_optimizer(model, TrainConfig(l2=0.01))
    decayed, free = optimizer.param_groups
    weight = next(iter(model.l2_parameters()))
    (penalty_gradient,) = torch.autograd.grad(0.01 * weight.square().sum(), weight)
    assert torch.allclose(decayed["weight_decay"] * weight, penalty_gradient)
    assert free["weight_decay"] == 0
    names = {id(p): n for n, p in model.named_parameters()}
    assert all("bias" not in names[id(p)] and "head" not in names[id(p)] for p in decayed["params"])
    assert len(decayed["params"]) + len(free["params"]) == len(list(model.parameters()))


def test_a_plan_spreads_what_is_left_of_the_schedule_over_the_steps_that_are_left() -> None:
    plan = Plan(100)
    assert [plan.place(s) for s in (0, 40, 100)] == [0, 40, 100]
    plan.end_at(60, step=20)
    assert [plan.place(s) for s in (10, 20, 40, 60)] == pytest.approx([10, 20, 60, 100])
    plan.end_at(70, step=40)
    assert [plan.place(s) for s in (10, 20, 40, 55, 70)] == pytest.approx([10, 20, 60, 80, 100])
    again = Plan(100)
    again.load_state_dict(plan.state_dict())
    assert [again.place(s) for s in range(71)] == [plan.place(s) for s in range(71)]
    assert (again.total, plan.done(55)) == (70, pytest.approx(0.8))

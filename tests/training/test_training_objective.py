"""What is measured on validation slides, on counts that can be worked out by hand."""

from __future__ import annotations

import math

import pytest
import torch
from sklearn.metrics import cohen_kappa_score, r2_score

from hookpath.training.losses.training_objective import (
    ClassGoal,
    Goal,
    MagnificationGoal,
    Validation,
)


def verdict(goal: Goal, *batches: tuple[torch.Tensor, torch.Tensor]) -> Validation:
    judge = goal.judge()
    for output, target in batches:
        judge.add(output, target)
    return judge.verdict(0.5)


def says(*labels: int) -> torch.Tensor:
    """``(N, 2, 1, 1)`` scores that say these labels."""
    return torch.nn.functional.one_hot(torch.tensor(labels) - 1, 2).float()[..., None, None]


def known(*values: float) -> torch.Tensor:
    return torch.tensor(values).reshape(-1, 1, 1)


def test_classes_are_scored_by_the_mean_f1_over_batches() -> None:
    goal = ClassGoal(("A", "B"), agreement=False)
    found = verdict(goal, (says(1, 1), known(1, 2)), (says(2, 1), known(2, 0)))
    assert found.metrics == pytest.approx({"f1": 2 / 3, "f1:A": 2 / 3, "f1:B": 2 / 3})
    assert (found.score, found.loss, found.known) == (pytest.approx(2 / 3), 0.5, 3)
    assert found.card["validation_confusion"] == [[1, 0], [1, 1]]


def test_patches_are_also_scored_by_their_agreement() -> None:
    truth, guess = (1, 1, 1, 2, 2), (1, 1, 2, 2, 1)
    found = verdict(ClassGoal(("A", "B"), agreement=True), (says(*guess), known(*truth)))
    assert found.metrics["kappa"] == pytest.approx(cohen_kappa_score(truth, guess))
    assert found.metrics["balanced_accuracy"] == pytest.approx((2 / 3 + 1 / 2) / 2)
    assert found.card["validation_kappa"] == found.metrics["kappa"]


def test_a_class_that_cannot_be_judged_is_null_in_the_card() -> None:
    found = verdict(ClassGoal(("A", "B"), agreement=True), (says(1), known(1)))
    assert math.isnan(found.metrics["f1:B"])
    assert found.card["validation_f1"] == {"A": 1.0, "B": None}
    assert found.card["validation_kappa"] is None


def test_magnifications_are_scored_by_r2_and_the_nearest_trained_one() -> None:
    truth, guess = (5.0, 10.0, 20.0, 0.0), (6.0, 14.0, 19.0, 40.0)
    output = torch.tensor(guess).reshape(-1, 1, 1, 1)
    found = verdict(MagnificationGoal((5.0, 10.0, 20.0, 40.0)), (output, known(*truth)))
    assert found.known == 3, "0 is unknown"
    assert found.score == pytest.approx(r2_score(truth[:3], guess[:3]))
    assert found.metrics["mse"] == pytest.approx((1 + 16 + 1) / 3)
    assert found.metrics["balanced_accuracy"] == 1
    assert found.metrics["kappa"] == 1


def test_a_far_miss_costs_more_kappa_than_a_near_one() -> None:
    goal, truth = MagnificationGoal((5.0, 10.0, 20.0)), known(5, 10, 20)
    near, far = (
        verdict(goal, (torch.tensor(found).reshape(-1, 1, 1, 1), truth))
        for found in ((10.0, 10.0, 20.0), (20.0, 10.0, 20.0))
    )
    assert near.metrics["balanced_accuracy"] == far.metrics["balanced_accuracy"]
    assert near.metrics["kappa"] > far.metrics["kappa"]


def test_one_magnification_alone_is_scored_by_its_error() -> None:
    output = torch.tensor([6.0, 7.0]).reshape(-1, 1, 1, 1)
    found = verdict(MagnificationGoal(), (output, known(5, 5)))
    assert found.score == pytest.approx(-2.5)
    assert found.card["validation_r2"] is None


@pytest.mark.parametrize(
    "goal", [ClassGoal(("A", "B"), True), ClassGoal(("A", "B"), False), MagnificationGoal((5.0,))]
)
def test_a_goal_names_the_columns_that_it_fills(goal: Goal) -> None:
    output = says(1)[:, :1] if isinstance(goal, MagnificationGoal) else says(1)
    assert tuple(verdict(goal, (output, known(1))).metrics) == tuple(goal.columns)
    assert goal.column in goal.columns


def test_classes_of_no_interest_enter_no_mean() -> None:
    truth, guess = (1, 1, 1, 2, 2), (1, 1, 2, 2, 1)
    found = verdict(ClassGoal(("A", "Ignore*"), agreement=True), (says(*guess), known(*truth)))
    assert found.score == found.metrics["f1:A"] == pytest.approx(2 / 3)
    assert found.metrics["f1:Ignore*"] == pytest.approx(1 / 2)
    assert found.metrics["balanced_accuracy"] == pytest.approx(2 / 3)

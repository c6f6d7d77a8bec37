"""Which epoch's weights become the model."""

from math import nan
from types import SimpleNamespace

import pytest

from hookpath.training.losses.training_objective import Validation
from hookpath.training.training_session import Session


@pytest.mark.parametrize(
    ("best_score", "best_loss", "score", "loss", "expected"),
    [
        (None, None, 0.5, 9.0, True),
        (0.9, 0.1, 0.5, 0.01, False),
        (0.9, 0.1, 1.0, 5.0, True),
        (1.0, 0.1, 1.0, 0.05, True),
        (1.0, 0.1, 1.0, 0.1, False),
        (1.0, 0.1, 1.0, 0.2, False),
        (-2.0, 0.1, -1.5, 0.2, True),
        (nan, 0.5, nan, 0.4, True),
        (nan, 0.4, nan, 0.5, False),
    ],
)
def test_a_higher_score_wins_and_of_equal_ones_the_lower_loss(
    best_score: float | None,
    best_loss: float | None,
    score: float,
    loss: float,
    expected: bool,
) -> None:
    session = SimpleNamespace(best_score=best_score, best_loss=best_loss)
    found = Validation(loss, score, metrics={}, card={}, known=1)
    assert Session.improves(session, found) is expected  # type: ignore[arg-type]


def test_without_validation_the_last_weights_are_kept() -> None:
    assert Session.improves(SimpleNamespace(best_score=None, best_loss=None), None)  # type: ignore[arg-type]

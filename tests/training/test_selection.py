"""Which epoch's weights become the model."""

from types import SimpleNamespace

import numpy as np
import pytest

from hookpath.training.session import Session
from hookpath.training.validate import Validation

RIGHT = np.diag([10, 10])
HALF = np.array([[5, 5], [5, 5]])


@pytest.mark.parametrize(
    ("best_f1", "best_loss", "counts", "loss", "expected"),
    [
        (None, None, HALF, 9.0, True),
        (0.9, 0.1, HALF, 0.01, False),
        (0.9, 0.1, RIGHT, 5.0, True),
        (1.0, 0.1, RIGHT, 0.05, True),
        (1.0, 0.1, RIGHT, 0.1, False),
        (1.0, 0.1, RIGHT, 0.2, False),
    ],
)
def test_a_higher_f1_wins_and_of_equal_ones_the_lower_loss(
    best_f1: float | None, best_loss: float | None, counts: np.ndarray, loss: float, expected: bool
) -> None:
    session = SimpleNamespace(best_f1=best_f1, best_loss=best_loss)
    assert Session.improves(session, Validation(counts, loss)) is expected


def test_without_validation_the_last_weights_are_kept() -> None:
    assert Session.improves(SimpleNamespace(best_f1=None, best_loss=None), None)

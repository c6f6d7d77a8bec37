"""CPU seconds are measured, kept, and added up over interruptions."""

from __future__ import annotations

import math
import time
from pathlib import Path

import pytest

from hookpath.experiments.cpu_costs import COST_NAME, Cost, cpu_seconds, metered


def burn(seconds: float) -> None:
    """CPU time, however busy the machine is; a difference of two such numbers is rounded."""
    end = cpu_seconds() + seconds + 1e-6
    while cpu_seconds() < end:
        math.factorial(500)


def test_work_counts_and_waiting_does_not(tmp_path: Path) -> None:
    with metered(tmp_path, "learn_s"):
        burn(0.2)
    with metered(tmp_path, "predict_s"):
        time.sleep(0.3)
    cost = Cost.load(tmp_path)
    assert cost is not None
    assert cost.learn_s >= 0.2
    assert cost.predict_s < 0.2


def test_what_was_stopped_counts_too(tmp_path: Path) -> None:
    def stopped() -> None:
        with metered(tmp_path / "new", "learn_s"):
            burn(0.1)
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        stopped()
    with metered(tmp_path / "new", "learn_s"):
        burn(0.1)
    cost = Cost.load(tmp_path / "new")
    assert cost is not None
    assert cost.learn_s >= 0.2


def test_nothing_measured_is_not_nought(tmp_path: Path) -> None:
    assert Cost.load(tmp_path) is None
    (tmp_path / COST_NAME).write_text("{")
    assert Cost.load(tmp_path) is None

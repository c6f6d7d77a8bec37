"""What a contestant costs: CPU seconds, so that a busy machine does not count against anybody."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Literal

from hookpath.atomic_files import make_folder, replace_text

COST_NAME = "cost.json"

#: Columns of an experiment's table, the mean over trials, and what they show.
COSTS = (("learning, CPU s", "learn_s"), ("predicting, CPU s", "predict_s"))


def cpu_seconds() -> float:
    """CPU seconds of this process, all its threads, and its children that have ended."""
    return sum(os.times()[:4])


@dataclass(frozen=True)
class Cost:
    """CPU seconds of learning and of predicting the test slides; of a stopped run all its parts."""

    learn_s: float = 0.0
    predict_s: float = 0.0

    @classmethod
    def load(cls, folder: Path) -> Cost | None:
        """What was measured; None: nothing was, or it cannot be read."""
        try:
            return cls(**json.loads((folder / COST_NAME).read_text(encoding="utf-8")))
        except (OSError, ValueError, TypeError):
            return None


@contextmanager
def metered(folder: Path, step: Literal["learn_s", "predict_s"]) -> Iterator[None]:
    """Add the CPU seconds of the block to the folder's record, also where it fails."""
    start = cpu_seconds()
    try:
        yield
    finally:
        before = Cost.load(folder) or Cost()
        spent = getattr(before, step) + cpu_seconds() - start
        make_folder(folder)
        replace_text(folder / COST_NAME, json.dumps(asdict(replace(before, **{step: spent}))))

"""What to do when a run does not fit into memory."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import torch

from hookpath.devices import is_out_of_memory
from hookpath.errors import TrainingError
from hookpath.training.training_config import TrainConfig


@contextmanager
def memory_explained(config: TrainConfig) -> Iterator[None]:
    """Turn an allocation failure into one line that says which setting to lower."""
    try:
        yield
    except (torch.OutOfMemoryError, MemoryError, RuntimeError) as error:
        if not is_out_of_memory(error):
            raise
        raise TrainingError(
            "out of memory, even with one patch at a time; start a run with a smaller "
            f"model.filters{_given(config, 'filters')} or model.input_size"
            f"{_given(config, 'input_size')}, fewer workers ({config.workers}), or on another "
            f"device ({config.device}); the last checkpoint is kept",
            code="out_of_memory",
        ) from error


def _given(config: TrainConfig, name: str) -> str:
    value = config.model.get(name)
    return "" if value is None else f" ({value})"

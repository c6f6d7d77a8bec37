"""Where the network runs, in which precision, and what to do when that does not fit."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import torch

from hookpath.errors import TrainingError
from hookpath.training.config import TrainConfig


def choose_device(wanted: str) -> torch.device:
    """``auto``: a GPU if there is one.

    Raises:
        TrainingError: a GPU is asked for that torch does not see.
    """
    if wanted == "auto":
        return torch.device("cuda" if torch.cuda.is_available() else "cpu")
    device = torch.device(wanted)
    if device.type == "cuda" and (device.index or 0) >= torch.cuda.device_count():
        raise TrainingError(
            f"device {wanted!r} is not there (torch sees {torch.cuda.device_count()} GPUs); "
            "use --set device=auto, or see `hookpath doctor`"
        )
    return device


def use_bf16(amp: str, device: torch.device) -> bool:
    """Whether to autocast to bfloat16; ``auto``: on GPUs that compute in it."""
    if amp == "auto":
        return device.type == "cuda" and torch.cuda.is_bf16_supported(including_emulation=False)
    return amp == "on"


@contextmanager
def memory_explained(config: TrainConfig) -> Iterator[None]:
    """Turn an allocation failure into one line that says which setting to lower."""
    try:
        yield
    except (torch.OutOfMemoryError, MemoryError, RuntimeError) as error:
        if not _is_out_of_memory(error):
            raise
        advice = (
            f"lower batch_size ({config.batch_size}), e.g. --set batch_size="
            f"{config.batch_size // 2}"
            if config.batch_size > 1
            else "lower model.filters or model.input_size"
        )
        raise TrainingError(
            f"out of memory; start a run with less: {advice}; the last checkpoint is kept"
        ) from error


def _is_out_of_memory(error: BaseException) -> bool:
    return isinstance(error, (torch.OutOfMemoryError, MemoryError)) or any(
        sign in str(error)
        for sign in ("out of memory", "can't allocate memory", "not enough memory", "ALLOC_FAILED")
    )

"""Checkpoints: complete or absent, and never unpickled."""

from __future__ import annotations

from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import torch

from hookpath.atomic_files import replacing
from hookpath.errors import TrainingError, write_code


@dataclass
class Checkpoint:
    """The state between two steps; with the run's configuration and data it decides the rest.

    `step` counts over the whole run. `loss_sum` and `data_wait_s`/`train_s` belong to the epoch
    under way; `best_score`, `best_loss` (its validation loss) and `best_epoch` to the run, as do
    `average` (of the weights), `plan` (see `step_count_and_progress`) and `budget`, each
    None for a run without. `bf16` is what was tried out on a CPU that can do both. `unended`: the
    steps of the epoch are done, but not what ends it.
    """

    step: int
    model: dict[str, Any]
    optimizer: dict[str, Any]
    sampler: dict[str, Any]
    rng: torch.Tensor
    rng_cuda: torch.Tensor | None
    loss_sum: float
    best_score: float | None
    best_loss: float | None
    best_epoch: int
    average: dict[str, Any] | None = None
    plan: dict[str, Any] | None = None
    budget: dict[str, Any] | None = None
    bf16: bool | None = None
    unended: bool = False


def write_checkpoint(path: Path, checkpoint: Checkpoint) -> None:
    """A kill at any instant leaves the older one whole (see `replacing`).

    Raises:
        TrainingError: the disk is full or read-only; the older checkpoint is still there.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with replacing(path) as part, part.open("wb") as file:
            torch.save({f.name: getattr(checkpoint, f.name) for f in fields(checkpoint)}, file)
    except (OSError, RuntimeError) as error:
        reason = _system_reason(error) or str(error).splitlines()[0]
        raise TrainingError(
            f"{path}: the checkpoint could not be written ({reason}); free some space and go on "
            "with --resume",
            code=write_code(error),
        ) from error


def _system_reason(error: BaseException | None) -> str | None:
    """What the system said; torch buries it under an error of its own."""
    while error is not None:
        if isinstance(error, OSError) and error.strerror:
            return error.strerror
        error = error.__cause__ or error.__context__
    return None


def read_checkpoint(path: Path) -> Checkpoint:
    """Read with torch's ``weights_only`` loader, which runs no code.

    Raises:
        TrainingError: missing or damaged.
    """
    try:
        values = torch.load(path, map_location="cpu", weights_only=True)
        if "best_f1" in values:  # as version 0.1 wrote it
            values["best_score"] = values.pop("best_f1")
        return Checkpoint(**values)
    except FileNotFoundError:
        raise TrainingError(
            f"{path}: the checkpoint is missing; start again in a new folder"
        ) from None
    except Exception as error:
        raise TrainingError(
            f"{path}: not a readable checkpoint ({type(error).__name__}); copy it again, or start "
            "again in a new folder"
        ) from error

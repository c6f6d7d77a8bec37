"""The training loop, losses, checkpoints, resume."""

from hookpath.training._settings import given_settings
from hookpath.training.config import TrainConfig
from hookpath.training.config_tables import ValidationConfig
from hookpath.training.loggers import LoggedRun, RunLogger
from hookpath.training.loop import TrainResult, train
from hookpath.training.presets import PRESETS
from hookpath.training.run_folder import RunFolder, RunRecord, history

__all__ = [
    "PRESETS",
    "LoggedRun",
    "RunFolder",
    "RunLogger",
    "RunRecord",
    "TrainConfig",
    "TrainResult",
    "ValidationConfig",
    "given_settings",
    "history",
    "train",
]

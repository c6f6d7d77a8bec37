"""The training loop, losses, checkpoints, resume."""

from hookpath.training._settings import given_settings
from hookpath.training.config import TrainConfig
from hookpath.training.config_tables import ValidationConfig
from hookpath.training.loop import TrainResult, train
from hookpath.training.presets import PRESETS
from hookpath.training.run_folder import RunFolder, RunRecord

__all__ = [
    "PRESETS",
    "RunFolder",
    "RunRecord",
    "TrainConfig",
    "TrainResult",
    "ValidationConfig",
    "given_settings",
    "train",
]

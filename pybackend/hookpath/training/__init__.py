"""The training loop, losses, checkpoints, resume.

In: projects and a configuration. Out: a run folder with the best model. The way through its rooms:
data → weights → losses → optimization (`loop`) → diagnostics, all kept by run.

Uses: annotations, geometry, locking, models, projects, sampling, slides.
"""

from hookpath.training.presets import PRESETS
from hookpath.training.run.loggers import LoggedRun, RunLogger
from hookpath.training.run.run_folder import RunFolder, RunRecord, history
from hookpath.training.settings_parser import given_settings
from hookpath.training.training_config import TrainConfig
from hookpath.training.training_config_tables import ValidationConfig
from hookpath.training.training_loop import TrainResult, train_network

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
    "train_network",
]

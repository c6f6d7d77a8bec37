"""Tiny runs of H2G-Net."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from hookpath.events import SilentReporter
from hookpath.training import TrainConfig

TINY = (
    "preset=fast",
    "family=h2gnet",
    "model.patch.input_size=32",
    "model.patch.dropout=0.0",
    "model.refine.size=32",
    "model.refine.filters=[4, 8]",
    "batch_size=2",
    "epochs=2",
    "steps_per_epoch=6",
    "learning_rate=0.02",
    "validation.val=['s3.tif']",
    "stages.folds=2",
    "stages.classifier.backbone_weights=none",
    "stages.classifier.epochs=1",
    "stages.classifier.steps_per_epoch=4",
    "stages.classifier.batch_size=4",
    "stages.classifier.validation.max_patches=8",
)


def config(*overrides: str) -> TrainConfig:
    """`TINY` with changes."""
    return TrainConfig.load(overrides=[*TINY, *overrides])


class Stopper(SilentReporter):
    """Ctrl-C when something begins for the n-th time; keeps what it heard."""

    def __init__(self, at: str = "", times: int = 1) -> None:
        self.at, self.times = at, times
        self.shares: list[float] = []
        self.results: list[tuple[str, Mapping[str, Any]]] = []
        self.warnings: list[str] = []

    def start(self, task: str, total: int | None, unit: str = "it") -> None:
        if self.at and task.startswith(self.at):
            self.times -= 1
            if self.times == 0:
                raise KeyboardInterrupt

    def overall(self, done: float) -> None:
        self.shares.append(done)

    def result(self, kind: str, payload: Mapping[str, Any]) -> None:
        self.results.append((kind, payload))

    def warn(self, message: str, code: str = "") -> None:
        self.warnings.append(message)

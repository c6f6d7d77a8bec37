"""Where a run's metrics go besides its folder: one protocol, MLflow, Weights & Biases, plug-ins."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from hookpath import plugins
from hookpath.events import Reporter

Picture = npt.NDArray[np.uint8]
"""``(H, W, 3)`` RGB."""

Metrics = Mapping[str, float]
"""Column of ``metrics.csv`` → number; metrics that are not known are not in it."""


@dataclass(frozen=True)
class LoggedRun:
    """What a logger gets when a run begins or goes on.

    Attributes:
        folder: of the run.
        settings: all, by dotted name.
        epoch: that comes first (1: the run begins).
    """

    folder: Path
    settings: Mapping[str, Any]
    epoch: int

    @property
    def name(self) -> str:
        """The folder's."""
        return self.folder.resolve().name


class RunLogger(Protocol):
    """Hears of a training run.

    One with a method ``picture(number, name, rgb)`` is shown validation patches of some epochs,
    too: ``(H, W, 3)`` uint8, a row each patch: tissue, annotated, predicted.

    Made without arguments; whatever it raises is reported once, and it hears no more: a run never
    ends for its logger.
    """

    def begin(self, run: LoggedRun) -> None:
        """A run begins, or goes on."""

    def epoch(self, number: int, metrics: Metrics) -> None:
        """An epoch is done."""

    def close(self) -> None:
        """No more comes (the run may go on later)."""


class MlflowLogger:
    """MLflow's tracking, where ``MLFLOW_TRACKING_URI`` says."""

    def begin(self, run: LoggedRun) -> None:
        """Start a run; parameters are cut to what MLflow takes."""
        import mlflow

        self._mlflow: Any = mlflow
        mlflow.start_run(run_name=run.name)
        if run.epoch == 1:
            mlflow.log_params({key: str(value)[:500] for key, value in run.settings.items()})

    def epoch(self, number: int, metrics: Metrics) -> None:
        """Log the metrics with the epoch as step."""
        self._mlflow.log_metrics({_plain(k): v for k, v in metrics.items()}, step=number)

    def picture(self, number: int, name: str, rgb: Picture) -> None:
        """Log it as an artifact of the run."""
        self._mlflow.log_image(rgb, artifact_file=f"{name}/epoch-{number:04d}.png")

    def close(self) -> None:
        """End the run."""
        self._mlflow.end_run()


class WandbLogger:
    """Weights & Biases, as its own environment variables say."""

    def begin(self, run: LoggedRun) -> None:
        """Start a run of the folder's name; the same folder goes on with it."""
        import wandb

        known: Any = wandb.init(
            name=run.name, id=_plain(run.name), resume="allow", config=dict(run.settings)
        )
        self._run = known

    def epoch(self, number: int, metrics: Metrics) -> None:
        """Log the metrics with the epoch as step."""
        self._run.log(dict(metrics), step=number)

    def picture(self, number: int, name: str, rgb: Picture) -> None:
        """Log it with the epoch as step."""
        import wandb

        self._run.log({name: wandb.Image(rgb)}, step=number)

    def close(self) -> None:
        """End the run."""
        self._run.finish()


#: Ours; TensorBoard's events are in every run's folder whether it is named or not.
LOGGERS: Mapping[str, type[RunLogger] | None] = {
    "tensorboard": None,
    "mlflow": MlflowLogger,
    "wandb": WandbLogger,
}


class Loggers:
    """The chosen loggers; one that fails is reported once and left out."""

    def __init__(self, names: Sequence[str], run: LoggedRun, reporter: Reporter) -> None:
        self._reporter = reporter
        self._active: dict[str, RunLogger] = {}
        for name in dict.fromkeys(names):
            kind = LOGGERS[name] if name in LOGGERS else plugins.load("loggers", name)
            if kind is not None:
                self._active[name] = kind()
                self._report(name, "begin", run)

    def epoch(self, number: int, metrics: Metrics) -> None:
        """An epoch is done."""
        for name in list(self._active):
            self._report(name, "epoch", number, metrics)

    def picture(self, number: int, name: str, rgb: Picture) -> None:
        """Validation patches of an epoch; loggers without such a method are not asked."""
        for logger in list(self._active):
            if hasattr(self._active[logger], "picture"):
                self._report(logger, "picture", number, name, rgb)

    def close(self) -> None:
        """The run ends, or stops."""
        for name in list(self._active):
            self._report(name, "close")
        self._active.clear()

    def _report(self, name: str, what: str, *arguments: Any) -> None:
        try:
            getattr(self._active[name], what)(*arguments)
        except Exception as error:  # a server that is gone, a package that is not installed
            self._active.pop(name, None)
            hint = "" if not isinstance(error, ImportError) else f" (pip install {name})"
            reason = " ".join(str(error).split())[:200] or type(error).__name__
            self._reporter.warn(f"logger {name}: {reason}{hint}; the run goes on without it")


def _plain(name: str) -> str:
    """Without the characters that services refuse in names."""
    return "".join(c if c.isalnum() or c in "_-./ " else "_" for c in name)

"""Metrics go to loggers; one that fails never ends a run."""

from __future__ import annotations

import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from hookpath.training.run.loggers import LoggedRun, Loggers
from support.reporting import Notes

RUN = LoggedRun(Path("/runs/first"), {"model.filters": 4, "seed": 1}, 1)


class Calls:
    """Stands for a service's module: notes what is called."""

    def __init__(self) -> None:
        self.seen: list[tuple[str, Any]] = []

    def __getattr__(self, name: str) -> Any:
        def call(*arguments: Any, **named: Any) -> Any:
            self.seen.append((name, arguments or named))
            return self

        return call


def test_mlflow_gets_parameters_and_metrics(monkeypatch: pytest.MonkeyPatch) -> None:
    service = Calls()
    monkeypatch.setitem(sys.modules, "mlflow", service)  # type: ignore[arg-type]
    loggers = Loggers(["mlflow", "tensorboard", "mlflow"], RUN, Notes())
    loggers.epoch(3, {"loss": 0.5, "f1:Tumor": 0.7})
    loggers.picture(3, "validation", np.zeros((4, 4, 3), np.uint8))
    loggers.close()
    names = [name for name, _ in service.seen]
    assert names == ["start_run", "log_params", "log_metrics", "log_image", "end_run"]
    assert service.seen[1][1] == ({"model.filters": "4", "seed": "1"},)
    assert service.seen[2][1] == ({"loss": 0.5, "f1_Tumor": 0.7},)


def test_weights_and_biases_goes_on_with_the_same_run(monkeypatch: pytest.MonkeyPatch) -> None:
    service = Calls()
    monkeypatch.setitem(sys.modules, "wandb", service)  # type: ignore[arg-type]
    loggers = Loggers(["wandb"], RUN, Notes())
    loggers.epoch(1, {"loss": 0.5})
    loggers.picture(1, "validation", np.zeros((4, 4, 3), np.uint8))
    loggers.close()
    assert [name for name, _ in service.seen] == ["init", "log", "Image", "log", "finish"]
    assert service.seen[0][1]["resume"] == "allow"


def test_a_logger_that_fails_is_reported_once(monkeypatch: pytest.MonkeyPatch) -> None:
    def gone(**_: Any) -> None:
        raise ConnectionError("no route to host")

    monkeypatch.setitem(sys.modules, "wandb", SimpleNamespace(init=gone))  # type: ignore[arg-type]
    monkeypatch.setitem(sys.modules, "mlflow", None)  # type: ignore[arg-type]
    notes = Notes()
    loggers = Loggers(["wandb", "mlflow"], RUN, notes)
    loggers.epoch(1, {})
    loggers.close()
    assert notes.warnings[0] == "logger wandb: no route to host; the run goes on without it"
    assert "pip install mlflow" in notes.warnings[1]
    assert len(notes.warnings) == 2


def test_a_logger_without_pictures_is_not_asked_for_any(monkeypatch: pytest.MonkeyPatch) -> None:
    class Plain:
        def begin(self, run: LoggedRun) -> None: ...

        def epoch(self, number: int, metrics: Any) -> None: ...

        def close(self) -> None: ...

    monkeypatch.setattr("hookpath.plugins.load", lambda kind, name: Plain)
    notes = Notes()
    loggers = Loggers(["lines"], RUN, notes)
    loggers.picture(1, "validation", np.zeros((4, 4, 3), np.uint8))
    loggers.close()
    assert notes.warnings == []

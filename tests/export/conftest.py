"""Saved models with weights that matter."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from hookpath.export import export_model
from hookpath.models import ModelCard, save_model
from support.families import TINY, class_table
from support.networks import random_network


def save_tiny(folder: Path, family: str, **config: Any) -> Path:
    """A model folder with the tiny network of that family."""
    model = random_network(family, **{"n_classes": 3, **TINY[family], **config})
    card = ModelCard.describe(model, class_table(model.n_classes), metrics={"macro_f1": 0.5})
    save_model(folder, model, card)
    return folder


@pytest.fixture
def saved(tmp_path: Path) -> Callable[..., Path]:
    """``saved("unet")``: a folder with the tiny network of that family."""

    def save(family: str, name: str = "model", **config: Any) -> Path:
        return save_tiny(tmp_path / name, family, **config)

    return save


@pytest.fixture(scope="session")
def exported(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A HookNet as ``model.onnx``, not to be written to; ``../model`` is its source."""
    folder = tmp_path_factory.mktemp("exported")
    export_model(save_tiny(folder / "model", "hooknet"), folder / "out")
    return folder / "out"

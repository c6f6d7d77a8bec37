"""Model folders with tiny networks."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from hookpath.models import ModelCard, save_model
from support.families import TINY, class_table
from support.networks import random_network


def save_tiny(folder: Path, family: str, **config: Any) -> Path:
    """A model folder with the tiny network of that family."""
    model = random_network(family, **{**TINY[family], **config})
    card = ModelCard.describe(model, class_table(model.n_classes), metrics={"macro_f1": 0.5})
    save_model(folder, model, card)
    return folder

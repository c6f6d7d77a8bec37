"""The network of a run: new, or started from a model folder."""

from __future__ import annotations

import inspect
from pathlib import Path
from typing import Any

from torch import nn

from hookpath.annotations import ClassTable
from hookpath.errors import TrainingError
from hookpath.events import Reporter
from hookpath.models import FAMILIES, Network, build_model, load_model, read_card
from hookpath.training.config import TrainConfig


def make_network(config: TrainConfig, classes: ClassTable, reporter: Reporter) -> Network:
    """Build the configured network, with the weights of `init_from` where they fit.

    Raises:
        ModelDesignError: the design cannot be built.
        ModelFolderError: `init_from` is no model folder.
        TrainingError: `init_from` shares no weights with this design.
    """
    if config.init_from is None:
        model = _build(config.family, config.model, config, len(classes))
    else:
        card = read_card(Path(config.init_from))
        model = _build(card.family, {**card.config, **config.model}, config, len(classes))
        _start_from(model, Path(config.init_from), list(classes.names), reporter)
    if config.bn_momentum is not None:
        _set_momentum(model, config.bn_momentum)
    return model


def _build(family: str, given: dict[str, Any], config: TrainConfig, n_classes: int) -> Network:
    return build_model(family, **_arguments(family, given, config, n_classes))


def _set_momentum(model: Network, momentum: float) -> None:
    for module in model.modules():
        if isinstance(module, nn.BatchNorm2d):
            module.momentum = momentum


def _arguments(
    family: str, given: dict[str, Any], config: TrainConfig, n_classes: int
) -> dict[str, Any]:
    """Constructor arguments: λ < 1 needs context heads, where the family can have them."""
    arguments = {**given, "n_classes": n_classes}
    known = inspect.signature(FAMILIES[family]).parameters if family in FAMILIES else {}
    if "context_heads" in known and "context_heads" not in config.model:
        arguments["context_heads"] = config.loss_weight < 1
    return arguments


def _start_from(model: Network, folder: Path, class_names: list[str], reporter: Reporter) -> None:
    """Copy every weight of the same name and shape; heads only for the same classes."""
    source, card = load_model(folder)
    same_classes = [c.name for c in card.classes] == class_names
    own = model.state_dict()
    fitting = {
        name: value
        for name, value in source.state_dict().items()
        if name in own
        and own[name].shape == value.shape
        and (same_classes or not name.startswith("head."))
    }
    if not fitting:
        raise TrainingError(f"{folder}: none of its weights fit this design; drop init_from")
    model.load_state_dict(fitting, strict=False)
    reporter.info(f"started from {folder}: {len(fitting)} of {len(own)} weight tensors taken over")

"""What a model from a stranger may not be: larger than its weights, or made of no numbers."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from hookpath.errors import ModelDesignError, ModelFolderError
from hookpath.models.meta_network import on_meta_device
from hookpath.models.registry import build_model, refuse_wrong_arguments

#: Channels of the widest map, up to which a network is simply built.
_SMALL = 4096

#: Numbers of a design that do not multiply its weights.
_SIZES = ("input_size", "size", "spacings", "magnifications")

State = Mapping[str, Tensor]


def refuse_other_size(family: str, config: Mapping[str, Any], weights: State) -> None:
    """A card may ask for a network of any size: compare before it is made.

    Raises:
        ModelDesignError: the weights are not those of this network.
    """
    refuse_wrong_arguments(family, config)
    width, depth = _width(config), config.get("depth")
    if width * 2 ** (depth if isinstance(depth, int) else 0) <= _SMALL:
        return
    # Every family has 3 × 3 convolutions between maps of that many channels, or a line for each.
    least = 9 * width**2 if config.get("filters") == width else width
    enough = sum(v.numel() for v in weights.values()) >= least
    if not enough or _shapes(weights) != _shapes_of_design(family, config):
        raise ModelDesignError("the weights are those of another network")


def _width(config: Mapping[str, Any]) -> int:
    """The largest number that multiplies a design's weights."""
    found = [1]
    for name, value in config.items():
        several = value if isinstance(value, (list, tuple)) else [value]
        if name not in _SIZES:
            found += [v for v in several if isinstance(v, int)]
    return max(found)


def _shapes(state: State) -> dict[str, torch.Size]:
    return {name: values.shape for name, values in state.items()}


def _shapes_of_design(family: str, config: Mapping[str, Any]) -> dict[str, torch.Size]:
    with on_meta_device():
        return _shapes(build_model(family, **config).state_dict())


def refuse_no_numbers(path: Path, state: State) -> None:
    """Raise `ModelFolderError` where a weight is NaN or infinite: classes would mean nothing."""
    for name, values in state.items():
        if values.is_floating_point() and not values.isfinite().all():
            raise ModelFolderError(
                f"{path}: {name} holds values that are no numbers (NaN or infinite); copy the "
                "model folder again, or train it again"
            )

"""Named sets of values that a configuration starts from."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

from hookpath.errors import UsageError
from hookpath.sampling import AugmentationConfig

Preset = Literal["paper", "fast"]

#: Values that differ from the defaults, by preset.
PRESETS: dict[str, dict[str, Any]] = {
    "paper": {},
    # Minutes on a laptop's CPU: a small network and few steps. The running statistics must keep
    # up with so few (the paper's momentum of 0.01 needs some 500 steps), and a context loss would
    # cost a second full decoder.
    "fast": {
        "batch_size": 8,
        "epochs": 10,
        "steps_per_epoch": 50,
        "learning_rate": 2e-3,
        "schedule": "cosine",
        "warmup": 0.1,
        "l2": 1e-5,
        "loss_weight": 1.0,
        "bn_momentum": 0.1,
        "workers": 0,
        "augmentation": AugmentationConfig.light().model_dump(),
        "validation": {"max_patches": 64},
    },
}

_FAST_DESIGN = {"input_size": 172, "depth": 3, "filters": 8}

#: Model arguments by preset and family; none of them for a network that starts from another one.
MODELS: dict[str, dict[str, dict[str, Any]]] = {
    "paper": {},
    "fast": {
        "hooknet": {"spacings": [1.0, 8.0], **_FAST_DESIGN},
        "unet": {"spacings": [1.0], **_FAST_DESIGN},
    },
}


def preset_values(given: Mapping[str, Any]) -> dict[str, Any]:
    """What the preset that `given` names (default: the paper's) fills in for the rest.

    Raises:
        UsageError: no such preset.
    """
    name = given.get("preset", "paper")
    if name not in PRESETS:
        raise UsageError(f"unknown preset {name!r}; there are: {', '.join(PRESETS)}")
    if given.get("init_from"):
        return PRESETS[name]
    return {**PRESETS[name], "model": MODELS[name].get(given.get("family", "hooknet"), {})}

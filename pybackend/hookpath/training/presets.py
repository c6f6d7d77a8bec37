"""Named sets of values that a configuration starts from, for every family."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

from hookpath.errors import HookpathError, UsageError
from hookpath.models.encoders import DEFAULT_ENCODER
from hookpath.sampling import AugmentationConfig
from hookpath.training.settings_parser import merge

Preset = Literal["auto", "paper", "fast", "gpu"]

Values = dict[str, Any]

DEFAULT_FAMILY = "hooknet"

_LIGHT = AugmentationConfig.light().model_dump()
_MODERATE = AugmentationConfig.moderate().model_dump()
_MIXED = AugmentationConfig.mixed().model_dump()

PRESETS: dict[str, Values] = {
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
        "augmentation": _LIGHT,
        "validation": {"max_patches": 64},
    },
}
"""Values that differ from the defaults, by preset."""

#: What few strokes ask for: features learned elsewhere at two resolutions, colours varied as those
#: of the project's slides are, minutes on a CPU (docs/results/real-settings has the evidence).
_PRETRAINED: Values = {
    "batch_size": 4,
    "epochs": 10,
    "steps_per_epoch": 40,
    "minutes": 4.0,
    "learning_rate": 1e-3,
    "optimizer": "adamw",
    "weight_decay": 0.01,
    "l2": 0.0,
    "schedule": "cosine",
    "warmup": 0.1,
    "ema": 0.97,
    "loss_weight": 1.0,
    "bn_momentum": 0.1,
    "workers": 0,
    "augmentation": _MIXED,
    "finetune": {"encoder_rate": 0.5},
    "validation": {"max_patches": 48},
}
PRESETS["auto"] = PRESETS["fast"]

#: An hour on one GPU, between `auto` and the papers' weeks: more steps of larger batches, averaged
#: over more of them. What does not fit into the card's memory goes through it in parts
#: (`hookpath.training.optimization.patches_at_once`); bf16 where the device computes in it (`amp`).
_AN_HOUR: Values = {"minutes": 60.0, "workers": 8, "schedule": "cosine", "warmup": 0.05}
_GPU = merge(
    _PRETRAINED,
    {
        **_AN_HOUR,
        "batch_size": 24,
        "epochs": 40,
        "steps_per_epoch": 500,
        "ema": 0.999,
        "validation": {"max_patches": 500},
    },
)
PRESETS["gpu"] = merge(
    PRESETS["fast"],
    {**_AN_HOUR, "batch_size": 24, "epochs": 40, "steps_per_epoch": 500,
     "validation": {"max_patches": 500}},
)  # fmt: skip

#: Gu et al. 2018, section 4.1.
_MRN = {"batch_size": 16, "epochs": 500, "learning_rate": 1e-3, "l2": 5e-3}

#: Pedersen et al. 2022, sections 2.3 and 3.4.
_CLASSIFIER = {
    "backbone_weights": "imagenet",
    "sampler": "hierarchical",
    "batch_size": 64,
    "epochs": 100,
    "steps_per_epoch": 500,
    "learning_rate": 1e-4,
    "l2": 0.0,
    "workers": 8,
    "validation": {"max_patches": 200 * 64},
    "augmentation": AugmentationConfig.h2g_patches().model_dump(),
}

#: Pedersen et al. 2022, section 3.4. Four slides at a time, six times a step; an epoch is one pass
#: over their 438 slides.
_OVERVIEW = {
    "batch_size": 24,
    "at_once": 4,
    "epochs": 1000,
    "steps_per_epoch": 18,
    "patience": 100,
    "learning_rate": 1e-3,
    "l2": 0.0,
    "loss_weight": None,
    "augmentation": AugmentationConfig.h2g_overviews().model_dump(),
}

#: Marini et al. 2021, sections 6.1.2.2 and 6.1.2.3; "decay rate" is taken as Adam's weight decay,
#: twice this coefficient. How many of its up to 1.5 million patches make an epoch is not said.
_MULTISCALE = {
    "backbone_weights": "imagenet",
    "batch_size": 64,
    "epochs": 10,
    "steps_per_epoch": 1000,
    "learning_rate": 1e-3,
    "l2": 5e-5,
    "loss_weight": None,
}

#: Patches are read at varied magnifications, so they need no zoom; and nothing else that changes
#: sizes, as the elastic kind does.
_NO_WARP = {"scale": 0.0, "rotation_deg": 0.0, "elastic_um": 0.0}

_SCALE = {**_MULTISCALE, "batch_size": 128, "l2": 0.0, "augmentation": _NO_WARP}

#: All slides are learned from; each is scored by what the others say (`hookpath.probing`).
_PROBE: Values = {
    "epochs": 1,
    "steps_per_epoch": 1,
    "workers": 0,
    "loss_weight": 1.0,
    "augmentation": _MODERATE,
    "validation": {"fraction": 0.0},
}

_FAST_DESIGN = {"input_size": 172, "depth": 3, "filters": 8}
#: From scratch a network finds one class only on a slide stained otherwise, unless it is shown the
#: stains of the project's slides (docs/results/real-settings).
_FAST: Values = {"augmentation": _MIXED}
#: The fine branch stops at 8 px; the wide view is the context's.
_PRETRAINED_DESIGN = {"encoder": DEFAULT_ENCODER, "input_size": 256, "depth": 3, "filters": 16}
_FAST_PATCHES: Values = {
    "learning_rate": 1e-3,
    "backbone_weights": "imagenet",
    "model": {"backbone": "mobilenet_v2", "input_size": 128},
}
_FAST_OVERVIEW: Values = {
    "loss_weight": None,
    "batch_size": 4,
    "steps_per_epoch": 20,
    "model": {"size": 128, "filters": [8, 16, 32, 64, 64]},
}
_FAST_CLASSIFIER = merge(_FAST_PATCHES, {"model": {"spacings": [1.0]}})
_OVERVIEWS = ("unet-lr", "agunet", "dagunet", "doubleunet")

#: Values that differ from the preset's, by preset and family.
FAMILY_VALUES: dict[str, dict[str, Values]] = {
    "paper": {
        "probe": _PROBE,
        "mrn": _MRN,
        "classifier": _CLASSIFIER,
        "multiscale": _MULTISCALE,
        "scale": _SCALE,
        **dict.fromkeys(_OVERVIEWS, _OVERVIEW),
        "h2gnet": _OVERVIEW,
    },
    "fast": {
        "probe": _PROBE,
        "hooknet": {**_FAST, "model": {"spacings": [1.0, 8.0], **_FAST_DESIGN}},
        "unet": {**_FAST, "model": {"spacings": [1.0], **_FAST_DESIGN}},
        "mrn": {**_FAST, "model": {"spacings": [1.0, 4.0], **_FAST_DESIGN, "input_size": 128}},
        "classifier": _FAST_CLASSIFIER,
        "multiscale": merge(
            _FAST_PATCHES, {"loss_weight": None, "model": {"spacings": [1.0, 4.0]}}
        ),
        "scale": _FAST_PATCHES,
        **dict.fromkeys(_OVERVIEWS, _FAST_OVERVIEW),
        "h2gnet": {
            **_FAST_OVERVIEW,
            "stages": {"folds": 2},
            "model": {"patch": _FAST_CLASSIFIER["model"], "refine": _FAST_OVERVIEW["model"]},
        },
    },
}


#: Families that start from pretrained encoders; the others have none, and are as `fast` has them.
FAMILY_VALUES["auto"] = FAMILY_VALUES["fast"] | {
    "hooknet": merge(_PRETRAINED, {"model": {"spacings": [1.0, 4.0], **_PRETRAINED_DESIGN}}),
    "unet": merge(_PRETRAINED, {"model": {"spacings": [1.0], **_PRETRAINED_DESIGN}}),
    "mrn": merge(_PRETRAINED, {"model": {"spacings": [1.0, 4.0], **_PRETRAINED_DESIGN}}),
}

_GPU_DESIGN = {**_PRETRAINED_DESIGN, "input_size": 384, "filters": 32}
#: The papers' other networks within the hour; H2G-Net is two stages and takes what it takes.
FAMILY_VALUES["gpu"] = {
    "probe": _PROBE,
    "hooknet": merge(_GPU, {"model": {"spacings": [1.0, 4.0], **_GPU_DESIGN}}),
    "unet": merge(_GPU, {"model": {"spacings": [1.0], **_GPU_DESIGN}}),
    "mrn": merge(_GPU, {"model": {"spacings": [1.0, 4.0], **_GPU_DESIGN}}),
    "classifier": merge(_CLASSIFIER, _AN_HOUR),
    "multiscale": merge(_MULTISCALE, _AN_HOUR),
    "scale": merge(_SCALE, _AN_HOUR),
    **{name: merge(_OVERVIEW, _AN_HOUR) for name in _OVERVIEWS},
    "h2gnet": merge(
        _OVERVIEW, {**_AN_HOUR, "minutes": None, "epochs": 200, "stages": {"folds": 3}}
    ),
}


def preset_values(given: Mapping[str, Any]) -> Values:
    """What the preset that `given` names (default: the paper's) fills in for the rest.

    The family is the given one, else that of the model to start from, whose design stays as it is.

    Raises:
        UsageError: no such preset.
    """
    name = given.get("preset", "paper")
    if name not in PRESETS:
        raise UsageError(f"unknown preset {name!r}; there are: {', '.join(PRESETS)}")
    start = given.get("init_from")
    family = given.get("family") or (start and _family_of(start)) or DEFAULT_FAMILY
    values = merge(PRESETS[name], FAMILY_VALUES[name].get(family) or _own_values(family, name))
    if start:
        values.pop("model", None)
        values.pop("backbone_weights", None)
    return {**values, "family": family}


def _own_values(family: str, preset: str) -> Mapping[str, Any]:
    """What a network's own class says of a preset (`Network.presets`)."""
    from hookpath.models import FAMILIES

    return FAMILIES[family].presets.get(preset, {}) if family in FAMILIES else {}


def _family_of(folder: str) -> str | None:
    """The family of a model folder; None where there is none, which opening it reports."""
    from hookpath.models import read_card

    try:
        return read_card(Path(folder)).family
    except HookpathError:
        return None

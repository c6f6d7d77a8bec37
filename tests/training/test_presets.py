"""Every family has settings to start from: the paper's, and some that train in minutes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch

from hookpath.annotations import ClassTable, PathClass
from hookpath.errors import ModelDesignError
from hookpath.models import FAMILIES, ModelCard, build_model, save_model
from hookpath.training import PRESETS, TrainConfig
from hookpath.training.presets import FAMILY_VALUES
from hookpath.training.weights.network_setup import _arguments, design_of

CLASSES = ClassTable.of([PathClass("A"), PathClass("B")])
LEARNING = sorted(name for name in FAMILIES if name != "otsu")

#: What the papers print (see `hookpath.training.presets` for the sections).
PRINTED: dict[str, dict[str, Any]] = {
    "hooknet": {"batch_size": 12, "learning_rate": 5e-6, "epochs": 200, "steps_per_epoch": 1000},
    "unet": {"batch_size": 12, "learning_rate": 5e-6, "epochs": 200, "steps_per_epoch": 1000},
    "mrn": {"batch_size": 16, "learning_rate": 1e-3, "epochs": 500, "l2": 0.005},
    "classifier": {
        "batch_size": 64, "learning_rate": 1e-4, "epochs": 100, "steps_per_epoch": 500,
        "sampler": "hierarchical", "backbone_weights": "imagenet", "workers": 8,
    },
    "multiscale": {
        "batch_size": 64, "epochs": 10, "learning_rate": 1e-3, "l2": 1e-4 / 2, "loss_weight": None,
    },
    "scale": {"batch_size": 128, "epochs": 10, "learning_rate": 1e-3, "l2": 0.0},
    "unet-lr": {
        "batch_size": 4 * 6, "at_once": 4, "learning_rate": 1e-3, "epochs": 1000, "patience": 100,
    },
}  # fmt: skip


@pytest.mark.parametrize("family", LEARNING)
@pytest.mark.parametrize("preset", sorted(PRESETS))
def test_every_family_can_be_built_as_it_is_preset(preset: str, family: str) -> None:
    config = TrainConfig.load(overrides=[f"preset={preset}", f"family={family}"])
    with torch.device("meta"):
        model = build_model(family, **_arguments(design_of(config), config, CLASSES))
    size = sum(p.numel() for p in model.parameters())
    assert size < 3e6 * len(model.branches) or preset in ("paper", "gpu")
    assert TrainConfig.of(config.model_dump(mode="json")) == config
    assert len(model.heads) == 1 or config.loss_weight != 1


@pytest.mark.parametrize("family", [f for f in LEARNING if f not in ("probe", "h2gnet")])
def test_a_gpus_hour_is_an_hour(family: str) -> None:
    """From features learned elsewhere, wherever there are some; bf16 and parts by the machine."""
    config = TrainConfig.load(preset="gpu", overrides=[f"family={family}"])
    assert (config.minutes, config.amp, config.schedule) == (60, "auto", "cosine")
    assert config.workers == 8
    learned = config.model.get("encoder") or config.backbone_weights == "imagenet"
    assert learned or family in ("unet-lr", "agunet", "dagunet", "doubleunet")


@pytest.mark.parametrize("family", sorted(PRINTED))
def test_the_papers_figures_are_those_of_its_family(family: str) -> None:
    config = TrainConfig.load(overrides=[f"family={family}"])
    assert {key: getattr(config, key) for key in PRINTED[family]} == PRINTED[family]


def test_no_preset_is_of_a_family_that_is_not_there() -> None:
    for families in FAMILY_VALUES.values():
        assert set(families) <= set(FAMILIES)


def test_a_model_to_start_from_brings_its_family_and_keeps_its_design(tmp_path: Path) -> None:
    model = build_model("mrn", n_classes=2, spacings=[1, 2], input_size=32, depth=1, filters=2)
    save_model(tmp_path, model, ModelCard.describe(model, CLASSES))
    config = TrainConfig.load(overrides=[f"init_from={tmp_path}"])
    assert (config.family, config.batch_size, config.model) == ("mrn", 16, {})
    fast = TrainConfig.load(preset="fast", overrides=[f"init_from={tmp_path}"])
    assert (fast.family, fast.batch_size, fast.model) == ("mrn", 8, {})


def test_a_wrong_argument_of_a_family_is_named_with_the_nearest() -> None:
    with pytest.raises(ModelDesignError, match="mrn takes no argument 'filtrs'; did you mean 'fil"):
        build_model("mrn", n_classes=2, filtrs=8)
    with pytest.raises(ModelDesignError, match="unet takes no argument 'upscaling'; there are: "):
        build_model("unet", n_classes=2, upscaling="bilinear")
    with pytest.raises(ModelDesignError, match=r"unet: spacings is a list, as in spacings=\[0.5\]"):
        build_model("unet", n_classes=2, spacings=0.5)

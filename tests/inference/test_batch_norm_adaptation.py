"""Batch normalisation by the slide that is predicted."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from torch import nn

from hookpath.errors import ModelDesignError
from hookpath.inference import PredictConfig, predict_slide, predictor_of
from hookpath.inference.predictors.batch_norm_adaptation import find_statistics
from hookpath.models import ModelCard, Network, build_model
from hookpath.sampling.reference_patches import read_patches, tissue_centres
from hookpath.slides import open_slide
from support.arrays import ArraySlide
from support.networks import random_network
from support.predictors import CLASSES
from support.slides import write_pyramid
from support.stained import stained

CONFIG = PredictConfig(device="cpu", adapt_bn=True, as_="none", tissue=False)


def small_hooknet() -> Network:
    return random_network(
        "hooknet", n_classes=2, spacings=(1.0, 2.0), input_size=44, depth=1, filters=2
    )


def test_statistics_are_those_of_the_slides_tissue() -> None:
    model = small_hooknet()
    slide = ArraySlide(stained(256, (1.5, 0.8)), 1.0)
    seen: list[torch.Tensor] = []
    norm = next(m for m in model.modules() if isinstance(m, nn.BatchNorm2d))
    find_statistics(model, slide)
    norm.register_forward_pre_hook(lambda _, inputs: seen.append(inputs[0]))
    centres = tissue_centres(slide, model.branches, 64)
    images = read_patches(slide, model.branches, centres)
    with torch.no_grad():
        model([torch.from_numpy(i).permute(0, 3, 1, 2).float() / 255 for i in images])
    # Batches of about 8 count the same; all patches at once differ a little.
    assert torch.allclose(norm.running_mean, seen[0].mean((0, 2, 3)), rtol=0.02, atol=2e-3)  # type: ignore[arg-type]
    assert norm.momentum is not None
    assert not norm.training


def test_the_network_is_its_own_again_afterwards(tmp_path: Path) -> None:
    model = small_hooknet()
    before = {k: v.clone() for k, v in model.state_dict().items()}
    card = ModelCard.describe(model, CLASSES)
    slide = write_pyramid(tmp_path / "s.tif", stained(256, (1.5, 0.8)), 1.0)
    found = {}
    own = CONFIG.model_copy(update={"adapt_bn": False})
    for name, config in {"own": own, "its": CONFIG}.items():
        with open_slide(slide) as opened:
            done = predict_slide(model, card, opened, tmp_path / name, config)
        assert done.record.settings["adapt_bn"] is (name == "its")
        found[name] = done.record.areas_mm2
        assert all(torch.equal(v, before[k]) for k, v in model.state_dict().items())
    assert found["own"] != found["its"]


def test_networks_without_statistics_are_refused() -> None:
    overview = build_model("unet-lr", n_classes=2, size=32, filters=[2, 4])
    with pytest.raises(ModelDesignError, match="sees a slide as one picture"):
        predictor_of(overview, ModelCard.describe(overview, CLASSES), CONFIG)

"""A quick look at a slide, with whatever network the loop trains."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from hookpath.errors import LoopError
from hookpath.loop.acquisition.uncertainty import Survey, Surveyor
from hookpath.models import build_model
from hookpath.slides import open_slide
from support.networks import random_network
from support.slides import write_pyramid

HOOKNET = {"spacings": (1.0, 2.0), "input_size": 92, "depth": 2, "filters": 3}
MRN = {"spacings": (1.0, 2.0), "input_size": 32, "depth": 2, "filters": 3}


@pytest.mark.parametrize(
    ("family", "config", "features"),
    [
        ("hooknet", HOOKNET, 18),  # 2·(D + 1)·n
        ("mrn", MRN, 12),  # n·2^D
        ("classifier", {"input_size": 48}, 1280),  # MobileNetV2's
    ],
)
def test_networks_of_every_kind_tell_how_sure_they_are_and_what_they_see(
    tmp_path: Path, family: str, config: dict[str, Any], features: int
) -> None:
    model = random_network(family, n_classes=3, **config)
    image = np.random.default_rng(0).integers(0, 200, (8, 8, 3), np.uint8)
    image = image.repeat(32, axis=0).repeat(32, axis=1)
    with open_slide(write_pyramid(tmp_path / "s.tif", image, 1.0, levels=2)) as slide:
        found = Surveyor(model, "cpu", patches=6).look(slide)
    assert found.features.shape == (len(found.centres_l0), features)
    assert found.features.std(axis=0).max() > 0  # patches differ
    assert np.all((found.entropy > 0) & (found.entropy <= 1))
    assert np.all(found.disagreement >= 0)


def test_a_network_of_whole_slides_is_one_clear_error() -> None:
    with pytest.raises(LoopError, match="slides are compared by patches"):
        Surveyor(build_model("unet-lr", n_classes=2, size=256), "cpu")


def test_a_survey_is_of_one_slide(tmp_path: Path) -> None:
    made = Survey(np.zeros((1, 2)), *(np.ones((1,), np.float32),) * 2, np.ones((1, 3), np.float32))
    path = tmp_path / "survey" / "a.npz"
    assert Survey.load(path, "this") is None
    made.save(path, "this")
    kept = Survey.load(path, "this")
    assert kept is not None
    assert np.array_equal(kept.features, made.features)
    assert Survey.load(path, "another") is None

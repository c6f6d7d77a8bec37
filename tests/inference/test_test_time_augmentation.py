"""Test-time augmentation: dense is patch-wise for every way to lay a tile, and for their mean."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from hookpath.geometry import Region
from hookpath.inference import DensePredictor, PredictConfig, TorchRunner, predictor_of
from hookpath.inference.engines.patch_runners import TorchPatches
from hookpath.inference.predictors.test_time_augmentation import VIEWS, TurnedPatches, TurnedRunner
from hookpath.inference.roi.tissue_tiles import OutputGrid, cover_of
from hookpath.models import ModelCard, SegmentationModel, build_model
from hookpath.slides import Slide
from support.arrays import ArraySlide
from support.networks import random_network
from support.predictors import CLASSES

FloatMap = np.ndarray


def noise(side: int) -> np.ndarray:
    """Blobs of several sizes: nothing is symmetric."""
    rng = np.random.default_rng(3)
    image = rng.uniform(0, 80, (side, side, 3))
    for size in (8, 32, 128):
        coarse = rng.uniform(0, 60, (side // size + 1, side // size + 1, 3))
        image += coarse.repeat(size, axis=0).repeat(size, axis=1)[:side, :side]
    return image.clip(0, 255).astype(np.uint8)


def mean_of_turned_patches(model: SegmentationModel, slide: Slide, x: int, y: int) -> FloatMap:
    """The reference: a patch turned with torch, its answer turned back; on its own, one by one."""
    target = model.branches[0]
    dx, dy = slide.calibration.downsample(target.spacing_um)
    centre = (x + target.output_size / 2) * dx, (y + target.output_size / 2) * dy
    images = []
    for branch in model.branches:
        size, down = branch.input_size, slide.calibration.downsample(branch.spacing_um)
        pixels = torch.from_numpy(slide.read(Region.centred(*centre, size, size, down)).copy())
        images.append(pixels.permute(2, 0, 1)[None].float() / 255)
    total = torch.zeros(())
    with torch.inference_mode():
        for mirrored in (False, True):
            for quarter in range(4):
                seen = [i.flip(3) if mirrored else i for i in images]
                seen = [torch.rot90(i, quarter, (2, 3)) for i in seen]
                found = torch.rot90(model(seen)[0].softmax(1), -quarter, (2, 3))
                total = total + (found.flip(3) if mirrored else found)
    return np.asarray((total / 8)[0].numpy())


@pytest.mark.parametrize(
    "config",
    [
        {"family": "unet", "spacings": (0.5,), "input_size": 76, "depth": 2},
        {"family": "hooknet", "spacings": (0.5, 2.0), "input_size": 76, "depth": 2},
        {"family": "hooknet", "spacings": (0.5, 1.0, 2.0), "input_size": 156, "depth": 3},
        {
            "family": "hooknet",
            "spacings": (0.5, 1.0),
            "input_size": 192,
            "depth": 3,
            "encoder": "tf_efficientnet_lite0",
        },
    ],
    ids=["one branch", "two branches", "three branches", "pretrained"],
)
def test_dense_is_patchwise_in_all_views(config: dict[str, Any]) -> None:
    model = random_network(n_classes=2, filters=4, **config)
    side = 160 if "encoder" in config else 320
    slide = ArraySlide(noise(side), 0.5)
    grid = OutputGrid.of_slide(slide, 0.5)
    predictor = DensePredictor(TurnedRunner(TorchRunner(model, "cpu")), side // 3, as_uint8=False)
    plan = predictor.plan(cover_of(slide, grid, tissue=False))
    found = np.concatenate([r.probabilities(2) for r in predictor.rows(slide, plan)], axis=1)
    step = round(model.shapes[0].phase * model.branches[-1].spacing_um / 0.5)
    size = model.branches[0].output_size
    last = (side - size) // step * step
    for x, y in ((0, 0), (last, step), (step, last)):
        expected = mean_of_turned_patches(model, slide, x, y)
        assert expected.std() > 0.01
        assert np.abs(found[:, y : y + size, x : x + size] - expected).max() < 1e-4


def test_patches_are_turned_about_their_centre() -> None:
    """A patch and the same patch turned get the same answer, turned."""
    model = build_model("mrn", n_classes=2, spacings=(1.0, 2.0), input_size=32, depth=2, filters=2)
    runner = TurnedPatches(TorchPatches(model.eval(), "cpu"))
    images = [noise(32)[None], noise(64)[None, :32, :32]]
    scores = runner.logits(images)
    turned = runner.logits([np.rot90(i, 1, (1, 2)).copy() for i in images])
    assert torch.allclose(torch.rot90(scores, 1, (2, 3)), turned, atol=1e-5)
    assert torch.allclose(scores.exp().sum(1), torch.ones(()), atol=1e-5)
    single = TorchPatches(model, "cpu").logits(images)
    assert not torch.allclose(single.log_softmax(1), scores, atol=1e-3)
    assert VIEWS == 8


def test_the_setting_is_part_of_a_prediction(tmp_path: Path) -> None:
    model = random_network("unet", n_classes=2, spacings=(1.0,), input_size=44, depth=1, filters=2)
    card = ModelCard.describe(model, CLASSES)
    plain, averaged = PredictConfig(device="cpu"), PredictConfig(device="cpu", tta=True)
    assert isinstance(predictor_of(model, card, averaged).runner, TurnedRunner)  # type: ignore[attr-defined]
    assert isinstance(predictor_of(model, card, plain).runner, TorchRunner)  # type: ignore[attr-defined]
    runs = {plain.run_id("0" * 8), averaged.run_id("0" * 8)}
    runs.add(PredictConfig(adapt_bn=True).run_id("0" * 8))
    assert len(runs) == 3

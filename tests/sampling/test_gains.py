"""Augmentation of images that are no RGB: each channel on its own, no hue, no stain."""

from __future__ import annotations

import torch

from hookpath.geometry import BranchSpec
from hookpath.sampling import Augmentation, AugmentationConfig
from hookpath.sampling.concentric_batch import Batch

BRANCHES = (BranchSpec(0.5, 16, 16), BranchSpec(1.0, 16, 16))


def batch(channels: int) -> Batch:
    images = [torch.full((3, channels, 16, 16), 100, dtype=torch.uint8) for _ in BRANCHES]
    labels = [torch.ones(3, 16, 16, dtype=torch.uint8) for _ in BRANCHES]
    return Batch(images, labels, torch.zeros(3, dtype=torch.int64), BRANCHES)


def test_every_channel_has_a_gain_of_its_own_the_same_in_all_branches() -> None:
    config = AugmentationConfig.light().model_copy(
        update={"brightness": 0.2, "hue": 0.4, "stain": 0.5, "saturation": 0.9}
    )
    fine, coarse = Augmentation(config, 1, channels=5)(batch(5), "cpu", 0)[0]
    gains = fine[:, :, 0, 0] * 255 / 100
    assert (fine == fine[:, :, :1, :1]).all()  # flat stays flat
    assert torch.equal(fine, coarse)
    assert len(gains.flatten().unique()) == 15
    assert (gains - 1).abs().max() <= 0.2 + 1e-6


def test_contrast_leaves_the_dark_ground_dark() -> None:
    config = AugmentationConfig.light().model_copy(update={"contrast": 0.5})
    given = batch(2)
    for image in given.images:
        image[:, :, :8] = 0
        image[:, :, 8:] = 200
    (fine, _), _ = Augmentation(config, 1, channels=2)(given, "cpu", 0)
    assert sorted(fine[0, 0].flatten().unique().tolist())[0] == 0
    assert fine.max() > 200 / 255


def test_nothing_is_changed_where_nothing_is_asked_for() -> None:
    (fine, _), _ = Augmentation(AugmentationConfig.off(), 1, channels=2)(batch(2), "cpu", 0)
    assert torch.equal(fine, torch.full_like(fine, 100 / 255))

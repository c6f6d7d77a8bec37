"""Patches in the stain of another slide."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from hookpath.geometry import BranchSpec
from hookpath.sampling import Augmentation, AugmentationConfig, Batch
from hookpath.sampling.augmentation.stain_mixing import in_other_stains
from hookpath.sampling.stain_profiles import ReinhardProfile, StainMixing, measure
from hookpath.slides.recolored_slide import Recolouring
from support.arrays import ArraySlide
from support.stained import stained

SIDE = 512
TISSUE = {"own": stained(SIDE, (1.5, 0.8)), "other": stained(SIDE, (0.8, 1.1))}


def profile(name: str) -> ReinhardProfile:
    found = measure(ArraySlide(TISSUE[name], 1.0), "reinhard")
    assert isinstance(found, ReinhardProfile)
    return found


@pytest.fixture(scope="module")
def mixing() -> StainMixing:
    own, other = profile("own"), profile("other")
    return StainMixing((own, None), (own, other))


def tensor(name: str) -> torch.Tensor:
    return torch.from_numpy(TISSUE[name]).permute(2, 0, 1).float() / 255


def test_a_whole_way_gives_the_other_slides_colours(mixing: StainMixing) -> None:
    change = mixing(0, 0.75, 1.0)
    assert change is not None
    other = profile("other")
    found = measure(ArraySlide(change.apply(TISSUE["own"]), 1.0), "reinhard")
    assert isinstance(found, ReinhardProfile)
    away = np.abs(np.subtract(profile("own").means, other.means))
    left = np.abs(np.subtract(found.means, other.means))
    assert left.sum() < 0.3 * away.sum()


def test_half_a_way_lies_between(mixing: StainMixing) -> None:
    own, other = profile("own"), profile("other")
    half = own.part_way(other, 0.5)
    assert np.allclose(half.means, np.add(own.means, other.means) / 2)
    assert own.part_way(other, 0.0) == own


def test_its_own_stain_and_an_unknown_one_stay(mixing: StainMixing) -> None:
    assert mixing(0, 0.25, 1.0) is None  # the first of all is its own
    assert mixing(1, 0.75, 1.0) is None  # nobody knows how this source is stained


def test_branches_are_recoloured_alike_and_exactly(mixing: StainMixing) -> None:
    """As `Recolouring.exactly` says, in every branch."""
    asked: list[tuple[int, float]] = []

    def noted(source: int, other: float, share: float) -> Recolouring | None:
        asked.append((source, share))
        return mixing(source, 0.75, share)

    image = tensor("own")
    branches = [image[None].clone(), image[None, :, ::2, ::2].clone()]
    draw = torch.Generator().manual_seed(0)
    whole, coarse = in_other_stains(branches, torch.tensor([0]), noted, 1.0, draw)
    ((source, share),) = asked
    assert source == 0
    assert 0 < share <= 1.25
    change = mixing(0, 0.75, share)
    assert change is not None
    expected = change.exactly(TISSUE["own"].reshape(-1, 3) / 255)
    np.testing.assert_allclose(
        whole[0].permute(1, 2, 0).reshape(-1, 3).numpy(), expected, atol=1e-5
    )
    torch.testing.assert_close(coarse, whole[..., ::2, ::2])
    assert not torch.allclose(whole[0], image, atol=0.02)


def test_chance_says_how_many(mixing: StainMixing) -> None:
    images = tensor("own")[None, :, 200:264, 200:264].repeat(400, 1, 1, 1)
    draw = torch.Generator().manual_seed(0)
    index = torch.zeros(400, dtype=torch.int64)
    (found,) = in_other_stains([images.clone()], index, mixing, 0.5, draw)
    changed = (found != images).flatten(1).any(1).float().mean()
    assert 0.18 < changed < 0.32  # half of them, and of these half are shown their own stain


def batch() -> Batch:
    images = torch.from_numpy(TISSUE["own"][None, 200:264, 200:264].copy()).permute(0, 3, 1, 2)
    labels = torch.ones((1, 64, 64), dtype=torch.uint8)
    return Batch([images], [labels], torch.tensor([0]), (BranchSpec(1.0, 64, 64),))


def test_a_batch_is_mixed_by_seed_and_step(mixing: StainMixing) -> None:
    config = AugmentationConfig.off().model_copy(update={"stain_mixing": 1.0})
    vary = Augmentation(config, seed=3, mixing=mixing)
    shown = [vary(batch(), "cpu", step)[0][0] for step in range(8)]
    again = [vary(batch(), "cpu", step)[0][0] for step in range(8)]
    plain = Augmentation(config, seed=3)(batch(), "cpu", 0)[0][0]
    assert all(torch.equal(a, b) for a, b in zip(shown, again, strict=True))
    assert 0 < sum(not torch.equal(x, plain) for x in shown) < 8


def test_glass_stays_glass(mixing: StainMixing) -> None:
    glass = torch.full((1, 3, 8, 8), 250 / 255)
    draw = torch.Generator().manual_seed(0)
    (found,) = in_other_stains(
        [glass.clone()], torch.tensor([0]), lambda s, _, w: mixing(s, 0.75, w), 1.0, draw
    )
    assert (found - glass).abs().max() < 0.03

"""What is measured of a slide's stain, and that one slide can be made to look like another."""

from __future__ import annotations

import numpy as np
import pytest

from hookpath.sampling.stain_profiles import (
    MacenkoProfile,
    ReinhardProfile,
    mean_profile,
    measure,
    recolouring,
    recolouring_of,
)
from hookpath.slides.recolored_slide import Recolouring
from support.arrays import ArraySlide
from support.stained import STAINS, stained

SIDE = 512
MPP = 1.0


def test_macenko_finds_the_stains_that_were_made() -> None:
    found = measure(ArraySlide(stained(SIDE, (1.5, 0.8)), MPP), "macenko")
    assert isinstance(found, MacenkoProfile)
    assert np.allclose(found.stains, STAINS, atol=0.03)
    assert found.strengths == pytest.approx((1.5, 0.8), rel=0.06)


@pytest.mark.parametrize("method", ["macenko", "reinhard"])
def test_a_slide_of_its_own_stain_stays_as_it_is(method: str) -> None:
    image = stained(SIDE, (1.5, 0.8))
    slide = ArraySlide(image, MPP)
    own = measure(slide, method)  # type: ignore[arg-type]
    assert own is not None
    found = recolouring_of(slide, mean_profile([own]))
    assert found is not None
    assert np.array_equal(found.apply(image), image)


def test_macenko_gives_a_paler_bluer_slide_the_stains_of_another() -> None:
    """The same tissue in other stains and strengths: afterwards it is the same picture."""
    image = stained(SIDE, (1.5, 0.8))
    other = np.array([[0.55, 0.75, 0.36], [0.15, 0.95, 0.20]])
    other /= np.linalg.norm(other, axis=1, keepdims=True)
    copy = stained(SIDE, (0.9, 1.1), other)
    target = measure(ArraySlide(image, MPP), "macenko")
    assert target is not None
    found = recolouring_of(ArraySlide(copy, MPP), target)
    assert found is not None
    before = np.abs(copy.astype(int) - image)
    after = np.abs(found.apply(copy).astype(int) - image)
    assert before.mean() > 15
    assert after.mean() < 2


def test_reinhard_gives_a_slide_the_mean_and_spread_of_another() -> None:
    image, copy = stained(SIDE, (1.5, 0.8)), stained(SIDE, (0.9, 1.1))
    target = measure(ArraySlide(image, MPP), "reinhard")
    own = measure(ArraySlide(copy, MPP), "reinhard")
    assert target is not None
    assert own is not None
    tissue = np.abs(copy.astype(int) - 255).max(axis=2) > 60
    made = recolouring(own, target).apply(copy)
    profiles = ReinhardProfile.of(made[tissue]), ReinhardProfile.of(image[tissue])
    was = ReinhardProfile.of(copy[tissue])
    assert profiles[0].means == pytest.approx(profiles[1].means, abs=0.06)
    assert abs(was.means[0] - profiles[1].means[0]) > 0.1


def test_stains_are_matched_whatever_their_order() -> None:
    one = MacenkoProfile(stains=((0.6, 0.7, 0.4), (0.1, 0.98, 0.1)), strengths=(2.0, 1.0))
    two = MacenkoProfile(stains=((0.1, 0.98, 0.1), (0.6, 0.7, 0.4)), strengths=(1.0, 2.0))
    rgb = np.random.default_rng(0).integers(30, 256, (100, 3)).astype(np.uint8)
    assert np.array_equal(two.towards(one).apply(rgb), rgb)
    assert mean_profile([one, two]).strengths == (2.0, 1.0)  # type: ignore[union-attr]


def test_a_slide_without_tissue_tells_nothing() -> None:
    white = ArraySlide(np.full((256, 256, 3), 255, np.uint8), MPP)
    assert measure(white, "macenko") is None
    assert measure(white, "reinhard") is None


def test_a_light_pixel_with_one_dark_channel_is_no_glass() -> None:
    """Eosin leaves red as bright as glass; it is recoloured all the same."""
    pink = np.array([[253, 180, 230], [253, 252, 253]], np.uint8)
    own, target = (
        measure(ArraySlide(stained(SIDE, s), MPP), "reinhard") for s in ((1.5, 0.8), (0.8, 1.1))
    )
    assert isinstance(own, ReinhardProfile)
    assert isinstance(target, ReinhardProfile)
    change = own.towards(target)
    whole = Recolouring(change.matrix, change.shift, change.mix)
    eosin, glass = change.exactly(pink / 255)
    np.testing.assert_allclose(eosin, whole.exactly(pink / 255)[0])
    np.testing.assert_allclose(glass, pink[1] / 255, atol=0.01)

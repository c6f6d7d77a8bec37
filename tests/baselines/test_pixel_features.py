"""What the hand-made features say of images whose derivatives are known."""

from __future__ import annotations

import numpy as np
import pytest

from hookpath.baselines import FeatureBank
from hookpath.errors import UsageError

BANK = FeatureBank(1.0, (1.0, 2.0))


def named(image: np.ndarray, bank: FeatureBank = BANK) -> dict[str, np.ndarray]:
    return dict(zip(bank.names, bank.maps(image), strict=True))


def test_on_a_plain_image_only_the_mean_is_not_nothing() -> None:
    side = 2 * BANK.margin + 5
    found = named(np.full((side, side, 3), 51, np.uint8))
    assert len(found) == 3 * 2 * 10
    for name, feature in found.items():
        assert feature.shape == (5, 5)
        # The deviation is a root: what rounding leaves of 1e-8 is 1e-4.
        wanted = 0.2 if " Gaussian " in f"{name} " and "Laplacian" not in name else 0.0
        assert feature == pytest.approx(wanted, abs=1e-3), name


def test_on_a_ramp_the_gradient_is_its_slope_and_lies_one_way() -> None:
    side = 2 * BANK.margin + 5
    image = np.zeros((side, side, 3), np.uint8)
    image[..., 1] = 4 * np.arange(side)  # rises to the right, in green only
    found = named(image)
    slope = 4 / 255
    for sigma in ("1", "2"):
        assert found[f"green gradient magnitude {sigma}"] == pytest.approx(slope, rel=0.03)
        assert found[f"green structure tensor max {sigma}"] == pytest.approx(slope**2, rel=0.06)
        assert found[f"green structure tensor min {sigma}"] == pytest.approx(0, abs=1e-6)
        assert found[f"green structure tensor coherence {sigma}"] == pytest.approx(1, abs=1e-3)
        assert found[f"green Laplacian of Gaussian {sigma}"] == pytest.approx(0, abs=1e-3)
        # A window that deviates by σ px sees values that deviate by σ times the slope.
        deviation = float(sigma) * slope
        assert found[f"green weighted deviation {sigma}"] == pytest.approx(deviation, rel=0.03)
    assert found["red gradient magnitude 1"] == pytest.approx(0, abs=1e-6)


def test_on_a_bowl_the_curvatures_are_those_of_its_two_axes() -> None:
    side = 2 * BANK.margin + 1
    y, x = np.mgrid[:side, :side] - BANK.margin
    image = np.repeat((0.5 * x**2 + 0.25 * y**2)[..., None], 3, axis=2)
    image = np.clip(image, 0, 255).astype(np.uint8)
    found = named(image, BANK)
    xx, yy = 1 / 255, 0.5 / 255
    assert found["red Hessian max 2"][0, 0] == pytest.approx(xx, rel=0.1)
    assert found["red Hessian min 2"][0, 0] == pytest.approx(yy, rel=0.1)
    assert found["red Hessian determinant 2"][0, 0] == pytest.approx(xx * yy, rel=0.2)
    assert found["red Laplacian of Gaussian 2"][0, 0] == pytest.approx(xx + yy, rel=0.1)


def test_a_pixel_has_the_same_features_in_every_cut_out() -> None:
    margin, rng = BANK.margin, np.random.default_rng(0)
    image = rng.integers(0, 256, (2 * margin + 30, 2 * margin + 40, 3), dtype=np.uint8)
    whole = BANK.maps(image)
    part = BANK.maps(image[7 : 7 + 2 * margin + 9, 11 : 11 + 2 * margin + 13])
    assert whole.shape == (60, 30, 40)
    assert np.array_equal(part, whole[:, 7:16, 11:24])


@pytest.mark.parametrize(("spacing", "sigmas"), [(0.0, (1.0,)), (1.0, ()), (1.0, (float("nan"),))])
def test_scales_that_are_none_are_refused(spacing: float, sigmas: tuple[float, ...]) -> None:
    with pytest.raises(UsageError, match="must be numbers above 0"):
        FeatureBank(spacing, sigmas)

"""µm, level-0 px and output px."""

import pytest

from hookpath.geometry import BranchSpec, Calibration, Region


def test_downsample_is_spacing_over_pixel_size_along_each_axis() -> None:
    assert Calibration(0.25, 0.5).downsample(2.0) == (8.0, 4.0)


def test_the_average_is_qupaths() -> None:
    assert Calibration(0.24, 0.26).mpp == pytest.approx(0.25)


def test_areas_use_both_axes() -> None:
    assert Calibration(0.5, 0.25).area_um2(80) == 10.0


@pytest.mark.parametrize("value", [0, -1, float("nan"), float("inf")])
def test_no_pixel_has_such_a_size(value: float) -> None:
    with pytest.raises(ValueError, match="positive"):
        Calibration.square(value)
    with pytest.raises(ValueError, match="positive"):
        Calibration.square(1.0).downsample(value)


def test_concentric_regions_share_their_centre_exactly() -> None:
    for downsample in (1.0, 4.0, 16.0, 3.7):
        region = Region.centred(1000.5, 200.25, 284, 284, (downsample, downsample))
        assert region.centre_l0 == pytest.approx((1000.5, 200.25), abs=1e-9)


def test_the_affine_maps_corners_to_corners() -> None:
    region = Region(10, 20, 8, 4, 2.0, 3.0)
    a, b, c, d, e, f = region.affine_l0
    assert (a * 0 + b * 0 + c, d * 0 + e * 0 + f) == (10, 20)
    assert (a * 8 + b * 4 + c, d * 8 + e * 4 + f) == region.bounds_l0[2:]


def test_empty_regions_do_not_exist() -> None:
    with pytest.raises(ValueError, match="at least 1 px"):
        Region(0, 0, 0, 5, 1, 1)
    with pytest.raises(ValueError, match="positive"):
        Region(0, 0, 5, 5, 0, 1)


def test_a_branch_loses_its_margin_on_each_side() -> None:
    assert BranchSpec(0.5, 284, 70).margin == 107

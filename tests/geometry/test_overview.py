"""A slide in a square."""

import pytest

from hookpath.geometry import Calibration, Overview


def test_a_wide_slide_lies_in_the_middle_of_the_square() -> None:
    view = Overview.of((4000, 1000), Calibration.square(0.5), 100)
    assert view.spacing_um == 20.0
    assert (view.left, view.top, view.width, view.height) == (0, 37, 100, 25)
    assert view.region.bounds_l0 == (0.0, -37 * 40.0, 4000.0, (100 - 37) * 40.0)


def test_px_are_square_in_um_where_the_slides_are_not() -> None:
    view = Overview.of((1000, 1000), Calibration(1.0, 0.5), 50)
    assert view.spacing_um == 20.0
    assert (view.width, view.height) == (50, 25)
    assert (view.region.downsample_x, view.region.downsample_y) == (20.0, 40.0)


def test_a_part_of_a_px_needs_a_whole_one() -> None:
    view = Overview.of((1000, 501), Calibration.square(1.0), 100)
    assert (view.left, view.top, view.width, view.height) == (0, 24, 100, 51)


@pytest.mark.parametrize("size", [(7, 3), (3, 7), (1, 900)])
def test_the_slide_begins_at_a_corner_of_a_px_and_ends_in_the_square(size: tuple[int, int]) -> None:
    view = Overview.of(size, Calibration.square(0.25), 64)
    x0, y0, x1, y1 = view.region.bounds_l0
    assert x0 <= 0
    assert y0 <= 0
    assert x1 >= size[0] - 1e-9
    assert y1 >= size[1] - 1e-9
    assert view.region.x_l0 == -view.left * view.region.downsample_x
    assert view.left + view.width <= 64
    assert view.top + view.height <= 64

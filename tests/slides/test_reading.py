"""Regions land where they should, at every level and between levels."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from hookpath.geometry import Region
from hookpath.slides import open_slide
from support.slides import PERIOD, position_image, write_pyramid

#: Grey values: rounding once (the slide's levels are exact), half a grey = a quarter level-0 px.
ROUNDING = 0.501


@pytest.fixture(scope="module")
def slide_path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Red = 2 · (x mod 128), green likewise with y; three levels; 0.25 µm/px."""
    array = position_image(1024, 768)
    return write_pyramid(tmp_path_factory.mktemp("slides") / "p.tif", array, 0.25)


def ramp_means(start: float, step: float, count: int, level: int) -> np.ndarray:
    """Mean over each output pixel of the ramp as a level of that downsample holds it.

    Level pixel j has the grey value 2 · (level · j + (level - 1) / 2); `start` is within a period.
    """
    edges = (start % PERIOD + step * np.arange(count + 1)) / level
    whole = np.floor(edges)
    integral = level * whole * (whole - 1) + (level - 1) * whole
    integral += (edges - whole) * (2 * level * whole + level - 1)
    return np.diff(integral) / (step / level)


@pytest.mark.parametrize("downsample", [0.5, 1.0, 1.5, 1.98, 2.0, 2.02, 3.17, 4.0, 6.0, 8.0, 11.3])
@pytest.mark.parametrize(
    "origin", [(128, 256), (640, 512), (643, 517), (640.5, 512.25), (642.3, 521.9)]
)
def test_every_pixel_is_the_mean_of_what_it_covers(
    slide_path: Path, downsample: float, origin: tuple[float, float]
) -> None:
    region = Region(*origin, 9, 8, downsample, downsample)
    with open_slide(slide_path) as slide:
        pixels = slide.read(region).astype(float)
    level = max(n for n in (1, 2, 4) if n <= max(1, downsample * 1.02))
    red = ramp_means(origin[0], downsample, 9, level)
    green = ramp_means(origin[1], downsample, 8, level)
    assert np.abs(pixels[..., 0] - red).max() <= ROUNDING
    assert np.abs(pixels[..., 1] - green[:, None]).max() <= ROUNDING
    assert (pixels[..., 2] == 200).all()


def test_spacing_comes_from_the_file(slide_path: Path) -> None:
    with open_slide(slide_path) as slide:
        assert slide.calibration.mpp == pytest.approx(0.25, rel=1e-6)
        assert [level.downsample_x for level in slide.levels] == [1, 2, 4]

"""Level-0 (0, 0) is the corner of what was scanned, as in QuPath; no pixel moves by that."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from hookpath.geometry import Region
from hookpath.slides import open_slide
from hookpath.slides.readers.openslide_reader import OpenSlideSlide
from support.slides import halve, position_image, write_scn

CORNER = (516, 260)


@pytest.fixture(scope="module")
def scn(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """640 × 512 px of position colours at `CORNER` of a canvas of 2048 × 1024 px."""
    array = position_image(640, 512)
    return write_scn(tmp_path_factory.mktemp("scn") / "s.scn", array, 0.5, CORNER, (2048, 1024))


def test_openslide_itself_sees_the_canvas(scn: Path) -> None:
    with open_slide(scn, crop_to_bounds=False) as slide:
        assert (slide.width_l0, slide.height_l0) == (2048, 1024)
        pixels = slide.read(Region(*CORNER, 640, 512, 1, 1))
    assert np.array_equal(pixels, position_image(640, 512))


@pytest.mark.parametrize("downsample", [1, 2, 4])
def test_the_scanned_part_is_the_slide(scn: Path, downsample: int) -> None:
    expected = position_image(640, 512)
    for _ in range(downsample // 2):
        expected = halve(expected)
    size = 640 // downsample, 512 // downsample
    with open_slide(scn) as slide:
        assert (slide.width_l0, slide.height_l0) == (640, 512)
        assert slide.calibration.mpp == pytest.approx(0.5)
        pixels = slide.read(Region(0, 0, *size, downsample, downsample))
        beside = slide.read(Region(-8 * downsample, 0, 8, 8, downsample, downsample))
    assert np.array_equal(pixels, expected)
    assert (beside == 255).all()


class CanvasHandle:
    """What OpenSlide is to `OpenSlideSlide`: a canvas of position colours, bounds anywhere.

    Levels are exact means on the canvas's own grid, so bounds cut through their pixels, as with
    MIRAX.
    """

    def __init__(self, bounds: tuple[Any, ...]) -> None:
        canvas = position_image(1024, 1024)
        self._levels = [canvas, halve(canvas), halve(halve(canvas))]
        names = ("x", "y", "width", "height")
        self.properties = {
            f"openslide.bounds-{name}": str(value)
            for name, value in zip(names, bounds, strict=True)
        }
        self.properties |= {"openslide.mpp-x": "0.25", "openslide.mpp-y": "0.25"}
        self.level_dimensions = tuple((a.shape[1], a.shape[0]) for a in self._levels)
        self.level_downsamples = (1.0, 2.0, 4.0)

    def read_region(self, location: tuple[int, int], level: int, size: tuple[int, int]) -> Any:
        scale = self.level_downsamples[level]
        x, y = (math.floor(value / scale) for value in location)
        image = Image.fromarray(self._levels[level]).convert("RGBA")
        return image.crop((x, y, x + size[0], y + size[1]))  # transparent off the canvas

    def close(self) -> None:
        """Nothing to do."""


@pytest.mark.parametrize("corner", [(128, 256), (129, 257), (131, 258), (133, 263)])
@pytest.mark.parametrize("downsample", [1.0, 2.0, 4.0, 8.0])
def test_bounds_that_cut_through_level_pixels_move_nothing(
    corner: tuple[int, int], downsample: float
) -> None:
    handle: Any = CanvasHandle((*corner, 700, 650))
    slide = OpenSlideSlide(Path("x.mrxs"), handle)
    whole = OpenSlideSlide(Path("x.mrxs"), handle, crop_to_bounds=False)
    assert (slide.width_l0, slide.height_l0) == (700, 650)
    # Inside one period of the colours, to compare with the ramp itself, too.
    x_l0, y_l0 = 401 - corner[0], 402 - corner[1]
    found = slide.read(Region(x_l0, y_l0, 12, 12, downsample, downsample)).astype(float)
    same = whole.read(Region(401, 402, 12, 12, downsample, downsample))
    assert np.array_equal(found, same)
    offsets = downsample * (np.arange(12) + 0.5)
    assert np.abs(found[..., 0] - (2 * (401 % 128 + offsets) - 1)).max() <= 0.501
    assert np.abs(found[..., 1] - (2 * (402 % 128 + offsets) - 1)[:, None]).max() <= 0.501


@pytest.mark.parametrize(
    "bounds",
    [
        (2000, 0, 10, 10),
        (0, -10, 10, 10),
        (0, 0, 0, 0),
        (1024, 1024, 5, 5),
        (5, 5, -1, 9),
        ("a", 0, 9, 9),
    ],
)
def test_bounds_that_show_nothing_are_not_used(bounds: tuple[Any, ...]) -> None:
    handle: Any = CanvasHandle(bounds)
    slide = OpenSlideSlide(Path("x.mrxs"), handle)
    assert (slide.width_l0, slide.height_l0) == (1024, 1024)


@pytest.mark.parametrize(
    "bounds", [(-20, 260, 640, 512), (-27, -29, 300, 200), (900, 901, 500, 400)]
)
@pytest.mark.parametrize("downsample", [1.0, 2.0, 4.0, 5.5])
def test_bounds_over_the_edge_are_used_as_they_are(
    bounds: tuple[int, int, int, int], downsample: float
) -> None:
    """As QuPath does: the slide is as large as the bounds, and white off the file."""
    handle: Any = CanvasHandle(bounds)
    slide = OpenSlideSlide(Path("x.mrxs"), handle)
    whole = OpenSlideSlide(Path("x.mrxs"), handle, crop_to_bounds=False)
    x, y, width, height = bounds
    assert (slide.width_l0, slide.height_l0) == (width, height)
    size = int(width / downsample), int(height / downsample)
    found = slide.read(Region(0, 0, *size, downsample, downsample))
    same = whole.read(Region(x, y, *size, downsample, downsample))
    # At the file's very edge one averages in white, the other does not.
    x_out = x + downsample * np.arange(size[0] + 1)
    y_out = y + downsample * np.arange(size[1] + 1)
    clear_x = (x_out[:-1] >= 4) & (x_out[1:] <= 1020) | (x_out[1:] <= -4) | (x_out[:-1] >= 1028)
    clear_y = (y_out[:-1] >= 4) & (y_out[1:] <= 1020) | (y_out[1:] <= -4) | (y_out[:-1] >= 1028)
    clear = np.ix_(clear_y, clear_x)
    assert np.array_equal(found[clear], same[clear])
    off = (x_out[1:] <= -4) | (x_out[:-1] >= 1028)
    assert off.any()
    assert (found[:, off] == 255).all()


@pytest.mark.parametrize("corner", [(-20, 260), (-12, -8)])
def test_a_slide_that_begins_left_of_its_canvas(tmp_path: Path, corner: tuple[int, int]) -> None:
    """Leica SCN as OpenSlide gives it: the part on the canvas, at its place in QuPath's frame."""
    array = position_image(640, 512)
    path = write_scn(tmp_path / "s.scn", array, 0.5, corner, (2048, 1024))
    x, y = (max(0, -c) for c in corner)
    with open_slide(path) as slide:
        assert (slide.width_l0, slide.height_l0) == (640, 512)
        assert slide.corner_in_file == corner
        pixels = slide.read(Region(x, y, 640 - x, 512 - y, 1, 1))
    assert np.array_equal(pixels, array[y:, x:])

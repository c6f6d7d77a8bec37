"""Tissue is found whatever the stain, and rather too much of it than too little."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
from PIL import Image

from hookpath.errors import MissingSpacingError
from hookpath.geometry import Calibration
from hookpath.slides import TissueMask, open_slide, tissue_mask
from hookpath.slides.tissue_thresholds import SATURATION, saturated
from support.slides import RGB, write_pyramid

GLASS = (242, 241, 243)
STAINS = {
    "pale eosin": (234, 222, 230),
    "eosin": (220, 170, 200),
    "haematoxylin": (110, 80, 150),
    "PAS": (215, 190, 215),
    "brown": (150, 110, 80),
    "pale counterstain": (222, 226, 236),
}

Mask = npt.NDArray[np.bool_]


def glass(width: int = 200, height: int = 150, colour: tuple[int, int, int] = GLASS) -> RGB:
    """Glass with a scanner's noise (standard deviation 1.5 grey values)."""
    noise = np.random.default_rng(0).normal(0, 1.5, (height, width, 3))
    return np.clip(np.array(colour) + noise, 0, 254).round().astype(np.uint8)


def disc(rgb: RGB, x: float, y: float, radius: float) -> Mask:
    rows, columns = np.mgrid[: rgb.shape[0], : rgb.shape[1]]
    return np.asarray((columns - x) ** 2 + (rows - y) ** 2 <= radius**2)


def mask_of(tmp_path: Path, rgb: RGB, mpp: float = 8.0) -> TissueMask:
    """The mask of a picture, px for px at 8 µm/px."""
    path = tmp_path / "slide.png"
    Image.fromarray(rgb).save(path)
    with open_slide(path, calibration=Calibration.square(mpp)) as slide:
        return tissue_mask(slide)


@pytest.mark.parametrize("stain", STAINS)
@pytest.mark.parametrize("glass_colour", [GLASS, (254, 254, 254), (215, 213, 208)])
def test_all_of_the_tissue_and_little_of_the_glass(
    tmp_path: Path, stain: str, glass_colour: tuple[int, int, int]
) -> None:
    rgb = glass(colour=glass_colour)
    tissue = disc(rgb, 100, 75, 40)
    # Stains take away light: what they leave of the glass's.
    rgb[tissue] = np.array(STAINS[stain]) * np.array(glass_colour) // np.array(GLASS)
    found = mask_of(tmp_path, rgb).mask
    assert found[tissue].all()
    # A margin of at most 5 px (40 µm) around it.
    assert not found[~disc(rgb, 100, 75, 45)].any()


def test_a_picture_full_of_tissue_is_tissue(tmp_path: Path) -> None:
    rgb = np.random.default_rng(0).integers(90, 200, (150, 200, 3), dtype=np.uint8)
    rgb[..., 1] //= 2
    assert mask_of(tmp_path, rgb).mask.all()


@pytest.mark.parametrize("colour", [(255, 255, 255), (0, 0, 0), (128, 128, 128), GLASS])
def test_a_slide_of_one_colour_has_no_tissue_unless_it_is_grey(
    tmp_path: Path, colour: tuple[int, int, int]
) -> None:
    rgb = np.full((150, 200, 3), colour, np.uint8)
    assert mask_of(tmp_path, rgb).mask.any() == (colour == (128, 128, 128))


def test_blank_glass_has_no_tissue(tmp_path: Path) -> None:
    assert not mask_of(tmp_path, glass()).mask.any()


def test_uneven_light_is_not_tissue(tmp_path: Path) -> None:
    rgb = glass()
    fall = np.linspace(0, 12, rgb.shape[1]).astype(np.uint8)
    rgb -= fall[None, :, None]
    tissue = disc(rgb, 60, 75, 30)
    rgb[tissue] = STAINS["eosin"]
    found = mask_of(tmp_path, rgb).mask
    assert found[tissue].all()
    assert found.mean() < 1.6 * tissue.mean()


@pytest.mark.parametrize("ink", [(20, 20, 25), (30, 60, 160), (20, 120, 60)])
def test_pen_does_not_hide_pale_tissue(tmp_path: Path, ink: tuple[int, int, int]) -> None:
    rgb = glass()
    tissue = disc(rgb, 130, 75, 35)
    rgb[tissue] = STAINS["pale eosin"]
    rgb[:, 10:40] = ink
    found = mask_of(tmp_path, rgb).mask
    assert found[tissue].all()
    assert not found[:, 48:88].any()


def test_the_rim_of_a_bubble_costs_its_own_area_at_most(tmp_path: Path) -> None:
    rgb = glass()
    bubble, rim = disc(rgb, 100, 75, 60), disc(rgb, 100, 75, 60) & ~disc(rgb, 100, 75, 57)
    rgb[bubble] -= 4
    rgb[rim] = (90, 90, 90)
    found = mask_of(tmp_path, rgb).mask
    assert not found[disc(rgb, 100, 75, 48)].any()
    assert not found[~disc(rgb, 100, 75, 66)].any()


@pytest.mark.parametrize("blank", [255, 0])
def test_parts_that_were_not_scanned_are_not_tissue(tmp_path: Path, blank: int) -> None:
    rgb = glass()
    tissue = disc(rgb, 50, 75, 30)
    rgb[tissue] = STAINS["eosin"]
    rgb[:, 100:] = blank
    found = mask_of(tmp_path, rgb).mask
    assert found[tissue].all()
    assert not found[:, 100:].any()


def test_fluorescence_is_bright_on_black(tmp_path: Path) -> None:
    rgb = np.random.default_rng(0).poisson(3, (150, 200, 3)).astype(np.uint8)
    dim, bright = disc(rgb, 60, 75, 30), disc(rgb, 150, 75, 20)
    rgb[dim, 2] += 25
    rgb[bright] = 220
    found = mask_of(tmp_path, rgb).mask
    assert found[dim | bright].all()
    assert not found[~(disc(rgb, 60, 75, 35) | disc(rgb, 150, 75, 25))].any()


def test_missing_tiles_of_a_dark_slide_are_not_tissue(tmp_path: Path) -> None:
    rgb = np.random.default_rng(0).poisson(3, (150, 200, 3)).astype(np.uint8)
    bright = disc(rgb, 50, 75, 30)
    rgb[bright] = 120
    rgb[:, 100:] = 255
    found = mask_of(tmp_path, rgb).mask
    assert found[bright].all()
    assert not found[:, 100:].any()


def test_small_holes_are_filled_and_large_ones_are_not(tmp_path: Path) -> None:
    rgb = glass(300, 200)
    tissue = disc(rgb, 150, 100, 90)
    small, large = disc(rgb, 190, 100, 12), disc(rgb, 110, 100, 30)
    rgb[tissue & ~small & ~large] = STAINS["eosin"]
    found = mask_of(tmp_path, rgb).mask
    # 12 px at 8 µm: 0.029 mm²; 30 px: 0.18 mm².
    assert found[small].all()
    assert not found[disc(rgb, 110, 100, 24)].any()


def test_dust_is_dropped_and_small_pieces_are_kept(tmp_path: Path) -> None:
    rgb = glass()
    dust, piece = disc(rgb, 50, 75, 1), disc(rgb, 150, 75, 5)
    rgb[dust | piece] = (60, 60, 60)
    found = mask_of(tmp_path, rgb).mask
    assert not found[:, :100].any()
    assert found[piece].all()


def test_tissue_at_the_edge_of_the_slide_is_kept_to_the_edge(tmp_path: Path) -> None:
    rgb = glass()
    rgb[:20], rgb[:, -20:] = STAINS["eosin"], STAINS["PAS"]
    found = mask_of(tmp_path, rgb).mask
    assert found[:20].all()
    assert found[:, -20:].all()


@pytest.mark.parametrize("size", [(1000, 700), (1003, 701), (61, 67), (5, 3)])
def test_mask_px_fill_the_slide(tmp_path: Path, size: tuple[int, int]) -> None:
    rgb = glass(*size)
    path = write_pyramid(tmp_path / "s.tif", rgb, 1.0)
    with open_slide(path) as slide:
        found = tissue_mask(slide)
    rows, columns = found.mask.shape
    dx, dy = found.downsample
    assert (columns * dx, rows * dy) == pytest.approx(size)
    assert dx <= 8
    assert dy <= 8
    assert (columns - 1) * 8 < size[0]
    assert (rows - 1) * 8 < size[1]


def test_mask_lies_where_the_tissue_is_at_any_spacing(tmp_path: Path) -> None:
    rgb = glass(1200, 900)
    rgb[300:600, 500:900] = STAINS["eosin"]
    path = write_pyramid(tmp_path / "s.tif", rgb, 2.0)
    with open_slide(path) as slide:
        for spacing_um in (2.0, 5.5, 8.0, 16.0):
            found = tissue_mask(slide, spacing_um)
            dx, dy = found.downsample
            rows, columns = np.nonzero(found.mask)
            box = (
                columns.min() * dx,
                rows.min() * dy,
                (columns.max() + 1) * dx,
                (rows.max() + 1) * dy,
            )
            assert box[0] <= 500
            assert box[1] <= 300
            assert box[2] >= 900
            assert box[3] >= 600
            # A margin of 16 µm (8 px), and up to 2 px of the mask.
            assert np.abs(np.subtract(box, (500, 300, 900, 600))).max() <= 8 + spacing_um


def test_a_slide_coarser_than_the_mask_is_taken_px_for_px(tmp_path: Path) -> None:
    found = mask_of(tmp_path, glass(50, 40), mpp=20)
    assert found.mask.shape == (40, 50)
    assert found.downsample == (1, 1)


def test_huge_slides_get_a_coarser_mask(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("hookpath.slides.tissue_detection.MAX_MASK_PIXELS", 2000)
    rgb = glass(200, 150)
    rgb[50:100, 50:150] = STAINS["eosin"]
    found = mask_of(tmp_path, rgb)
    assert 1000 < found.mask.size <= 2100
    assert found.covers((50, 50, 150, 100))
    assert found.fraction((60, 60, 140, 90)) == pytest.approx(1)
    assert not found.covers((0, 0, 25, 25))


def test_without_spacing_it_says_so(tmp_path: Path) -> None:
    Image.fromarray(glass()).save(tmp_path / "s.png")
    with open_slide(tmp_path / "s.png") as slide, pytest.raises(MissingSpacingError):
        tissue_mask(slide)


@pytest.fixture
def quarter() -> TissueMask:
    """8 × 6 mask px of 10 × 20 level-0 px; tissue in columns 4-7 of rows 0-2."""
    mask = np.zeros((6, 8), bool)
    mask[:3, 4:] = True
    return TissueMask(mask, (10.0, 20.0))


@pytest.mark.parametrize(
    ("bounds", "covers", "fraction"),
    [
        ((0, 0, 80, 120), True, 0.25),
        ((40, 0, 80, 60), True, 1.0),
        ((0, 0, 40, 120), False, 0.0),
        ((35, 0, 45, 60), True, 0.5),
        ((38, 59, 42, 61), True, 0.25),
        ((40.5, 10.5, 40.7, 10.6), True, 1.0),
        ((60, 30, 100, 90), True, 0.25),
        ((-40, -60, 0, 0), False, 0.0),
        ((900, 900, 950, 950), False, 0.0),
        ((50, 10, 50, 30), False, 0.0),
    ],
)
def test_boxes(
    quarter: TissueMask,
    bounds: tuple[float, float, float, float],
    covers: bool,
    fraction: float,
) -> None:
    assert quarter.covers(bounds) == covers
    assert quarter.fraction(bounds) == pytest.approx(fraction)


def by_saturation(tmp_path: Path, rgb: RGB) -> Mask:
    path = tmp_path / "slide.png"
    Image.fromarray(rgb).save(path)
    with open_slide(path, calibration=Calibration.square(8.0)) as slide:
        return tissue_mask(slide, rule="saturation").mask


def test_tissue_by_saturation_is_what_is_above_20_of_255(tmp_path: Path) -> None:
    """Of a brightest channel of 200 the darkest must be below 184: 255 · 16 / 200 = 20.4 → 20."""
    rgb = np.full((40, 60, 3), 240, np.uint8)
    rgb[:, 10:20] = (200, 190, 184)
    rgb[:, 30:40] = (200, 190, 183)
    rgb[:, 50:] = 0
    found = by_saturation(tmp_path, rgb)
    assert found[:, 30:40].all()
    assert found.sum() == 400


def test_tissue_by_saturation_closes_gaps_of_4_px_and_nothing_else(tmp_path: Path) -> None:
    """A 5 × 5 closing fills 4 px between edges, not 5; corners and the slide's edge stay."""
    rgb = np.full((40, 60, 3), 240, np.uint8)
    for left, right in ((0, 10), (14, 24), (29, 39)):
        rgb[5:25, left:right] = STAINS["eosin"]
    expected = np.zeros((40, 60), bool)
    expected[5:25, 0:24] = True
    expected[5:25, 29:39] = True
    assert np.array_equal(by_saturation(tmp_path, rgb), expected)


def test_saturation_is_that_of_8_bit_hsv() -> None:
    """Against matplotlib's HSV, rounded to 255 steps, on all colours of a coarse cube."""
    from matplotlib.colors import rgb_to_hsv

    axis = np.arange(0, 256, 15, dtype=np.uint8)
    rgb = np.stack(np.meshgrid(axis, axis, axis), axis=-1).reshape(len(axis), -1, 3)
    expected = np.floor(rgb_to_hsv(rgb / 255)[..., 1] * 255 + 0.5) > SATURATION
    assert np.array_equal(saturated(rgb), expected)

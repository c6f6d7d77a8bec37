"""One function for every pixel: read anywhere, a place has one colour."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from hookpath.geometry import Region
from hookpath.slides.recolored_slide import RecolouredSlide, Recolouring
from support.arrays import ArraySlide

#: Optical density times 1.2 in red, 0.8 in green, 1 in blue.
STRONGER = Recolouring(matrix=((1.2, 0.0, 0.0), (0.0, 0.8, 0.0), (0.0, 0.0, 1.0)))


def test_it_stays_the_slide_that_it_was() -> None:
    slide = ArraySlide(np.full((8, 8, 3), 200, np.uint8), 0.5)
    slide.transformed, slide.other_files = "turned", (Path("/slides/b.svs"),)
    assert RecolouredSlide(slide, STRONGER).describe() == slide.describe()


def test_optical_densities_are_multiplied() -> None:
    rgb = np.random.default_rng(0).integers(20, 256, (500, 3)).astype(np.uint8)
    expected = 255 * (rgb / 255.0) ** (1.2, 0.8, 1.0)
    assert np.abs(STRONGER.apply(rgb) - expected).max() < 1.5  # a table of every fourth value


def test_the_identity_changes_nothing_and_white_stays_white() -> None:
    rgb = np.random.default_rng(0).integers(0, 256, (500, 3)).astype(np.uint8)
    nothing = Recolouring(matrix=((1.0, 0.0, 0.0), (0.0, 1.0, 0.0), (0.0, 0.0, 1.0)))
    assert np.array_equal(nothing.apply(rgb), rgb)
    brighter = Recolouring(nothing.matrix, shift=(0.5, 0.5, 0.5), glass=0.15)
    white = np.full((2, 3), 255, np.uint8)
    assert np.array_equal(STRONGER.apply(white), white)
    assert np.array_equal(brighter.apply(white), white)
    assert int(brighter.apply(np.full((1, 3), 100, np.uint8))[0, 0]) == pytest.approx(165, abs=2)


def test_a_slide_is_read_as_before_and_then_recoloured() -> None:
    image = np.random.default_rng(1).integers(0, 256, (64, 48, 3)).astype(np.uint8)
    plain = ArraySlide(image, 0.5)
    with RecolouredSlide(ArraySlide(image, 0.5), STRONGER) as slide:
        assert (slide.width_l0, slide.height_l0, slide.calibration) == (48, 64, plain.calibration)
        for region in (Region(3, 5, 20, 10, 1, 1), Region(-8, 40, 30, 20, 2, 2)):
            assert np.array_equal(slide.read(region), STRONGER.apply(plain.read(region)))
        level = slide.read_level(1, 0, 0, 9, 9)
        assert np.array_equal(level, STRONGER.apply(plain.read_level(1, 0, 0, 9, 9)))

"""Colours come out as the file says they are, whoever reads them, or are refused by name."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from hookpath.errors import SlideError
from hookpath.geometry import Region
from hookpath.slides import open_slide
from support.zoo import FLAVOURS, HOUSES, LEVELS, MPP, REFUSED, write_animal


@pytest.mark.parametrize("house", HOUSES)
@pytest.mark.parametrize("name", FLAVOURS)
def test_colours_come_out_as_the_file_says(tmp_path: Path, house: str, name: str) -> None:
    flavour, path = FLAVOURS[name], tmp_path / "slide.tif"
    levels = write_animal(path, house, flavour.stored, flavour.options, flavour.halved)
    with open_slide(path) as slide:
        assert slide.calibration.mpp == pytest.approx(MPP)
        if house != "aperio":  # whose levels only OpenSlide knows by their place
            assert [level.downsample_x for level in slide.levels] == [1, 2, 4][: len(levels)]
        for index in range(len(slide.levels)):
            factor = 2**index
            rgb = levels[index]
            region = Region(0, 0, rgb.shape[1], rgb.shape[0], factor, factor)
            found = slide.read(region).astype(int)
            assert np.abs(found - flavour.shown(rgb)).max() <= flavour.off


@pytest.mark.parametrize("house", HOUSES)
@pytest.mark.parametrize("name", REFUSED)
def test_what_cannot_be_shown_is_refused_by_name(tmp_path: Path, house: str, name: str) -> None:
    (stored, options, words), path = REFUSED[name], tmp_path / "slide.tif"
    write_animal(path, house, stored, options)
    with pytest.raises(SlideError, match=rf"slide\.tif: .*{words}.*; (export|save)"):
        open_slide(path)


def test_the_zoo_has_levels(tmp_path: Path) -> None:
    """The files do hold what the other tests read."""
    path = tmp_path / "slide.tif"
    write_animal(path, "subifds", FLAVOURS["rgb"].stored, FLAVOURS["rgb"].options)
    with open_slide(path) as slide:
        assert len(slide.levels) == LEVELS

"""Real slides of several scanners, where they are at hand."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from hookpath.errors import MissingSpacingError
from hookpath.geometry import Calibration, Region
from hookpath.slides import Slide, open_slide, tissue_mask
from support.shared import copy_of_shared
from support.slides import RGB

pytestmark = pytest.mark.shared_data

#: Name → width, height, levels, µm/px (None: not in the file, or a print resolution).
SLIDES: dict[str, tuple[int, int, int, float | None]] = {
    "small_HE.svs": (2220, 2967, 1, 0.499),
    "tcga-cr-7395-01a-01-ts1.svs": (4443, 3567, 2, None),
    "example.tif": (1472, 690, 3, 0.987),
    "CropBreastSlide.tiff": (2033, 1525, 6, None),
    "small_HE_levels.tiff": (300, 250, 4, None),
    "test3-DAPI.ndpi": (3968, 4864, 7, 0.228),
}


def copied(name: str, folder: Path) -> Path:
    return copy_of_shared(f"slides/{name}", folder)


@pytest.mark.parametrize("name", SLIDES)
def test_size_levels_and_spacing(name: str, tmp_path: Path) -> None:
    width, height, levels, mpp = SLIDES[name]
    with open_slide(copied(name, tmp_path)) as slide:
        assert (slide.width_l0, slide.height_l0, len(slide.levels)) == (width, height, levels)
        if mpp is not None:
            assert slide.calibration.mpp == pytest.approx(mpp, abs=1e-3)
            return
        with pytest.raises(MissingSpacingError, match="--mpp"):
            _ = slide.calibration


def window(slide: Slide, level: int, x_lv: int, y_lv: int, side: int, dx: int, dy: int) -> RGB:
    """The square of a level as level 0 has it, moved by (dx, dy) level px, averaged."""
    step = round(slide.levels[level].downsample_x)
    fine = slide.read_level(0, (x_lv + dx) * step, (y_lv + dy) * step, side * step, side * step)
    return fine.reshape(side, step, side, step, 3).mean(axis=(1, 3))


@pytest.mark.parametrize("name", sorted(set(SLIDES) - {"example.tif"}))
def test_levels_show_the_same_thing_at_the_same_place(name: str, tmp_path: Path) -> None:
    """Every level fits level 0 best where it is, not a level px further on any side."""
    with open_slide(copied(name, tmp_path)) as slide:
        for index, level in list(enumerate(slide.levels))[1:]:
            side = min(64, level.width // 2, level.height // 2)
            x, y = (level.width - side) // 2, (level.height - side) // 2
            found = slide.read_level(index, x, y, side, side).astype(float)
            misfits = {
                move: np.abs(found - window(slide, index, x, y, side, *move)).mean()
                for move in ((0, 0), (-1, 0), (1, 0), (0, -1), (0, 1))
            }
            assert min(misfits, key=lambda move: misfits[move]) == (0, 0)


@pytest.mark.parametrize("name", SLIDES)
def test_tissue_is_found(name: str, tmp_path: Path) -> None:
    with open_slide(copied(name, tmp_path), calibration=Calibration.square(0.5)) as slide:
        found = tissue_mask(slide)
    assert 0.3 < found.mask.mean() <= 1


def test_a_multi_channel_slide_has_its_channels(tmp_path: Path) -> None:
    """Of a scanner by PerkinElmer: a page for each channel, named in its description."""
    with open_slide(copied("small_vectra.qptiff", tmp_path)) as slide:
        assert [c.name for c in slide.channels] == ["DAPI", "FITC", "Cy3"]
        assert (slide.width_l0, slide.height_l0) == (1920, 1440)
        assert slide.calibration.mpp == pytest.approx(0.4965, abs=1e-4)
        dark = slide.read(Region(1500, 300, 64, 64, 1.0, 1.0))
        tissue = slide.read(Region(600, 600, 64, 64, 1.0, 1.0))
        assert (tissue.mean(axis=(0, 1)) > dark.mean(axis=(0, 1))).all()

"""Off the slide nothing is asked for, and what comes back is the same."""

from pathlib import Path

import numpy as np
import pytest

from hookpath.geometry import Region
from hookpath.slides import open_slide
from hookpath.slides.region_at_spacing import _read_inside, read_region
from support.slides import write_pyramid

REGIONS = {
    "inside": Region(10, 10, 40, 30, 1.0, 1.0),
    "off every side": Region(-40.5, -33.0, 150, 150, 1.0, 1.0),
    "off left, between levels": Region(-20.3, 5.7, 24, 24, 1.7, 1.7),
    "off right, coarse": Region(40, 20, 48, 48, 4.0, 4.0),
    "unequal axes": Region(-11, -5, 30, 60, 3.0, 2.5),
    "wholly off": Region(500, -900, 20, 20, 2.0, 2.0),
}


@pytest.mark.parametrize("region", REGIONS.values(), ids=list(REGIONS))
def test_reading_only_what_is_there_gives_what_reading_all_gives(
    tmp_path: Path, region: Region
) -> None:
    pixels = np.random.default_rng(0).integers(0, 255, (70, 70, 3), np.uint8)
    with open_slide(write_pyramid(tmp_path / "s.tif", pixels, 0.5)) as slide:
        everything = _read_inside(slide, region)
        assert np.array_equal(read_region(slide, region), everything)
        asked: list[int] = []
        read_level = slide.read_level
        slide.read_level = lambda *args: asked.append(args[3] * args[4]) or read_level(*args)  # type: ignore[func-returns-value, method-assign]
        read_region(slide, region)
    assert sum(asked) <= 74 * 74

"""Reading the pixels of a patch."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import shapely

from hookpath.geometry import Region
from hookpath.sampling.loading.patch_reader import PatchReader, PatchRequest, SlideFailedError
from support.annotated import annotated_slide
from support.streams import spoil_tiles

OFF_EVERY_SIDE = Region(-40.5, -33.0, 150, 150, 1.0, 1.0)
REGIONS = {
    "inside": Region(10, 10, 40, 30, 1.0, 1.0),
    "off every side": OFF_EVERY_SIDE,
    "off left, between levels": Region(-20.3, 5.7, 24, 24, 1.7, 1.7),
    "off right, coarse": Region(40, 20, 48, 48, 4.0, 4.0),
    "unequal axes": Region(-11, -5, 30, 60, 3.0, 2.5),
    "wholly off": Region(500, -900, 20, 20, 2.0, 2.0),
}


@pytest.mark.parametrize("region", REGIONS.values(), ids=list(REGIONS))
def test_what_hangs_off_the_slide_reads_as_the_slide_itself_gives_it(
    tmp_path: Path, region: Region
) -> None:
    source = annotated_slide(tmp_path / "s.tif", [("Tumor", shapely.box(0, 0, 50, 50))], size=70)
    out = np.zeros((region.height, region.width, 3), np.uint8)
    reader = PatchReader([source])
    reader.read(PatchRequest(0, (region,), ()), [out])
    reader.close()
    with source.slide.open() as slide:
        assert np.array_equal(out, slide.read(region))


def test_slides_stay_open_and_the_one_longest_unused_makes_way(tmp_path: Path) -> None:
    drawn = [("Tumor", shapely.box(0, 0, 50, 50))]
    sources = [annotated_slide(tmp_path / f"{i}.tif", drawn, size=70) for i in range(3)]
    region = REGIONS["inside"]
    out = np.zeros((region.height, region.width, 3), np.uint8)
    reader = PatchReader(sources, max_open=2)
    for index in (0, 1, 0, 2):
        reader.read(PatchRequest(index, (region,), ()), [out])
    for source in sources:
        source.slide.path.unlink()
    for index in (0, 2):  # open handles still read
        reader.read(PatchRequest(index, (region,), ()), [out])
    with pytest.raises(SlideFailedError) as failure:
        reader.read(PatchRequest(1, (region,), ()), [out])
    assert failure.value.slide_index == 1
    reader.close()


def test_a_damaged_tile_is_a_failure_of_its_slide(tmp_path: Path) -> None:
    source = annotated_slide(tmp_path / "s.tif", [("Tumor", shapely.box(0, 0, 50, 50))])
    spoil_tiles(source.slide.path, first=1)
    out = np.zeros((20, 20, 3), np.uint8)
    reader = PatchReader([source])
    reader.read(PatchRequest(0, (Region(0, 0, 20, 20, 1, 1),), ()), [out])
    with pytest.raises(SlideFailedError, match=r"s\.tif"):
        reader.read(PatchRequest(0, (Region(400, 0, 20, 20, 1, 1),), ()), [out])
    reader.close()

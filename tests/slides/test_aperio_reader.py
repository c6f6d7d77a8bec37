"""Aperio's tiles, decoded by us: OpenSlide's pixels, without OpenSlide."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import openslide
import pytest
import tifffile

from hookpath.errors import SlideError
from hookpath.geometry import Region
from hookpath.slides import open_slide
from hookpath.slides.readers.openslide_reader import OpenSlideSlide
from support.slides import write_pyramid


@pytest.fixture(scope="module")
def slide(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Noise, which JPEG keeps badly, of an odd size: OpenSlide reports a downsample of 2.002."""
    noise = np.random.default_rng(0).integers(0, 256, (701, 523, 3), dtype=np.uint8)
    path = tmp_path_factory.mktemp("slides") / "noise.svs"
    return write_pyramid(path, noise, 0.25, levels=3, tile=128, jpeg=True, aperio=True)


@pytest.fixture(scope="module")
def in_jpeg_2000(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """RGB in JPEG 2000 as Aperio marks it."""
    noise = np.random.default_rng(0).integers(0, 256, (256, 384, 3), dtype=np.uint8)
    path = tmp_path_factory.mktemp("slides") / "noise2000.svs"
    about = "Aperio Image Library\n384x256 |AppMag = 20|MPP = 0.5"
    tifffile.imwrite(
        path, noise, tile=(128, 128), photometric="rgb", compression=33005, description=about,
        metadata=None,
    )  # fmt: skip
    return path


@pytest.mark.parametrize("kind", ["slide", "in_jpeg_2000"])
def test_every_pixel_of_every_level_is_openslides(
    kind: str, request: pytest.FixtureRequest
) -> None:
    slide: Path = request.getfixturevalue(kind)
    with openslide.OpenSlide(slide) as theirs, open_slide(slide) as ours:
        assert ours.reader == "tifffile"
        assert [(v.width, v.height) for v in ours.levels] == list(theirs.level_dimensions)
        for level, size in enumerate(theirs.level_dimensions):
            expected = np.asarray(theirs.read_region((0, 0), level, size))[..., :3]
            assert np.array_equal(ours.read_level(level, 0, 0, *size), expected)


def test_what_else_is_known_of_it_is_openslides(slide: Path) -> None:
    plain = OpenSlideSlide(slide, openslide.OpenSlide(slide))
    with plain, open_slide(slide) as ours:
        assert (ours.levels, ours.calibration) == (plain.levels, plain.calibration)
        for at in ((0, 0), (255, 301)):
            region = Region(*at, 96, 96, 1.0, 1.0)
            assert np.array_equal(ours.read(region), plain.read(region))


def test_levels_lie_on_their_own_grid(slide: Path) -> None:
    with open_slide(slide) as ours:
        assert ours.grid_shift(1, 77, 33) == (0.0, 0.0)
        assert ours.grid_shift(2, 77, 33) == (0.0, 0.0)


@pytest.mark.parametrize(("cut", "says"), [(0, None), (40, "damaged at level 0, tile 1, 2")])
def test_a_tile_that_is_not_there_is_white_and_a_damaged_one_is_reported(
    slide: Path, tmp_path: Path, cut: int, says: str | None
) -> None:
    path = tmp_path / "a.svs"
    path.write_bytes(slide.read_bytes())
    with tifffile.TiffFile(path, mode="r+") as tiff:
        page = tiff.pages.first
        counts = list(page.databytecounts)
        counts[2 * -(-page.imagewidth // 128) + 1] = cut
        page.tags["TileByteCounts"].overwrite(counts)
    with open_slide(path) as ours:
        region = Region(130, 260, 60, 60, 1.0, 1.0)
        if says is None:
            assert (ours.read(region) == 255).all()
        else:
            with pytest.raises(SlideError, match=rf"a\.svs: {says}"):
                ours.read(region)


def test_what_is_no_jpeg_is_left_to_openslide(tmp_path: Path) -> None:
    image = np.full((64, 64, 3), 200, np.uint8)
    with open_slide(write_pyramid(tmp_path / "a.svs", image, 0.25, aperio=True)) as found:
        assert found.reader == "openslide"

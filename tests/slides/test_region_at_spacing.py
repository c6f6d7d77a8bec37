"""Regions land where they should, at every level and between levels."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import psutil
import pytest

from hookpath.geometry import Region
from hookpath.slides import SlideRef, open_slide
from support.projects import skip_without_qupath
from support.servers import bioformats_server, openslide_server
from support.slides import PERIOD, halve, position_image, write_pyramid

#: Grey values: rounding once (the slide's levels are exact), half a grey = a quarter level-0 px.
ROUNDING = 0.501


#: How QuPath reads the slides that are read through it.
SERVERS = {"qupath": openslide_server, "bioformats": bioformats_server}
THROUGH_QUPATH = [pytest.param(kind, marks=pytest.mark.qupath) for kind in SERVERS]

#: File, size: odd sizes make libraries report downsamples like 2.0023, which is not how far apart
#: the pixels are.
KINDS = {
    "tiff": ("p.tif", 1024, 768),
    "ome": ("p.ome.tif", 1024, 768),
    "odd-ome": ("q.ome.tif", 1023, 765),
    "openslide": ("p.svs", 1024, 768),
    "qupath": ("through-qupath.svs", 1024, 768),
    "bioformats": ("through-qupath.ome.tif", 1023, 765),
}


@pytest.fixture(
    scope="module", params=[*(kind for kind in KINDS if kind not in SERVERS), *THROUGH_QUPATH]
)
def reference(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> SlideRef:
    """Red = 2 · (x mod 128), green likewise with y; three levels; 0.25 µm/px.

    Levels as main pages, and as SubIFDs as QuPath writes them.
    """
    name, width, height = KINDS[request.param]
    path = tmp_path_factory.mktemp("slides") / name
    write_pyramid(
        path, position_image(width, height), 0.25, ome=".ome" in name, aperio=".svs" in name
    )
    if request.param not in SERVERS:
        return SlideRef(path)
    skip_without_qupath(bioformats=request.param == "bioformats")
    return SlideRef(path, server=json.dumps(SERVERS[request.param](path)))


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
    reference: SlideRef, downsample: float, origin: tuple[float, float]
) -> None:
    region = Region(*origin, 9, 8, downsample, downsample)
    with reference.open() as slide:
        pixels = slide.read(region).astype(float)
    level = max(n for n in (1, 2, 4) if n <= max(1, downsample * 1.02))
    red = ramp_means(origin[0], downsample, 9, level)
    green = ramp_means(origin[1], downsample, 8, level)
    assert np.abs(pixels[..., 0] - red).max() <= ROUNDING
    assert np.abs(pixels[..., 1] - green[:, None]).max() <= ROUNDING
    assert (pixels[..., 2] == 200).all()


@pytest.mark.parametrize("downsample", [1.98, 2.0, 2.02, 3.17, 4.0])
@pytest.mark.parametrize("block", [1, 3, 7, 11, 23])
def test_openslide_downsamples_that_are_not_whole_cost_less_than_half_a_px(
    tmp_path: Path, downsample: float, block: int
) -> None:
    """OpenSlide takes whole level-0 px only, and interpolates between level px."""
    slope, period = 8, 32
    steep = np.mgrid[:765, :1023][::-1] % period * slope
    array = np.stack([*steep, np.full_like(steep[0], 200)], axis=-1).astype(np.uint8)
    with open_slide(write_pyramid(tmp_path / "odd.svs", array, 0.25, aperio=True)) as slide:
        assert [level.downsample_x for level in slide.levels] == [1, 2, 4]
        start = 32 * block + 8.3
        found = slide.read(Region(start, start, 4, 4, downsample, downsample)).astype(float)
    inside_l0 = start - 32 * block + downsample * (np.arange(4) + 0.5)
    expected = slope * inside_l0 - slope / 2
    for values in (found[..., 0], found[..., 1].T):
        assert np.abs(values - expected).max() / slope < 0.5


@pytest.mark.parametrize("level", [0, 1, 2])
def test_levels_come_back_as_stored(reference: SlideRef, level: int) -> None:
    _, width, height = next(kind for kind in KINDS.values() if kind[0] == reference.path.name)
    expected = position_image(width, height)
    for _ in range(level):
        expected = halve(expected)
    size = expected.shape[1], expected.shape[0]
    with reference.open() as slide:
        found = slide.read(Region(0, 0, *size, 2**level, 2**level))
    assert np.array_equal(found, expected)


@pytest.mark.parametrize("corner", [(-37, -21), (990, 740), (-5000, 0), (0, 5000)])
@pytest.mark.parametrize("downsample", [1, 2, 4])
def test_off_the_slide_is_white(
    reference: SlideRef, corner: tuple[int, int], downsample: int
) -> None:
    x_l0, y_l0 = (value * downsample if value < 0 else value for value in corner)
    with reference.open() as slide:
        found = slide.read(Region(x_l0, y_l0, 60, 50, downsample, downsample))
        x = x_l0 + downsample * np.arange(60)
        y = y_l0 + downsample * np.arange(50)
        # The last level px that an odd size leaves incomplete is not stored.
        inside_x = (x >= 0) & (x + downsample <= slide.width_l0 // downsample * downsample)
        inside_y = (y >= 0) & (y + downsample <= slide.height_l0 // downsample * downsample)
        off_x, off_y = (x < 0) | (x >= slide.width_l0), (y < 0) | (y >= slide.height_l0)
    assert (found[off_y] == 255).all()
    assert (found[:, off_x] == 255).all()
    whole = found[np.ix_(inside_y, inside_x)]
    mean = 2 * (x[inside_x] % PERIOD) + downsample - 1
    assert (whole[..., 0] == mean).all()


def test_a_large_region_is_read_in_strips_without_seams(
    reference: SlideRef, monkeypatch: pytest.MonkeyPatch
) -> None:
    region = Region(3.3, 5.7, 200, 150, 3.1, 3.1)
    with reference.open() as slide:
        at_once = slide.read(region)
        monkeypatch.setattr("hookpath.slides.region_at_spacing.STRIP_PIXELS", 10_000)
        in_strips = slide.read(region)
    assert np.array_equal(at_once, in_strips)


def test_spacing_comes_from_the_file(reference: SlideRef) -> None:
    with reference.open() as slide:
        assert slide.calibration.mpp == pytest.approx(0.25, rel=1e-6)
        assert [level.downsample_x for level in slide.levels] == [1, 2, 4]


def test_many_reads_hold_no_more_files_open(reference: SlideRef) -> None:
    def open_files() -> int:
        return len(psutil.Process().open_files())

    before = open_files()
    with reference.open() as slide:
        slide.read(Region(0, 0, 10, 10, 1, 1))
        once = open_files()
        for start in range(200):
            slide.read(Region(start, start, 10, 10, 1 + start % 4, 1 + start % 4))
        assert open_files() == once
    for _ in range(20):
        with reference.open() as slide:
            slide.read(Region(0, 0, 10, 10, 1, 1))
    assert open_files() == before

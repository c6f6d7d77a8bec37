"""What holds for any size, tile, spacing and place."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from hookpath.geometry import Region
from hookpath.slides import open_slide
from hookpath.slides.pyramid_levels import level_factors
from support.slides import RGB, write_pyramid
from support.zoo import place_code

QUICK = settings(
    deadline=None,
    max_examples=60,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)


@given(
    size=st.tuples(st.integers(300, 200_000), st.integers(300, 200_000)),
    tile=st.sampled_from([128, 240, 256, 512, 1024]),
    factor=st.sampled_from([2, 4, 8, 16, 32]),
    way=st.sampled_from(["floor", "ceil", "round", "padded", "both padded"]),
)
@settings(QUICK, max_examples=400)
def test_a_levels_factor_is_right_or_the_level_is_left_out(
    size: tuple[int, int], tile: int, factor: int, way: str
) -> None:
    """Also where the library reports the ratio of padded sizes.

    Where a padded level is a whole fraction of the padded slide, its size cannot say more.
    """

    def whole_tiles(length: float) -> int:
        return math.ceil(length / tile) * tile

    if "padded" in way:
        level = tuple(whole_tiles(math.ceil(side / factor)) for side in size)
    else:
        level = tuple(
            {"floor": math.floor, "ceil": math.ceil, "round": round}[way](s / factor) for s in size
        )
    base = tuple(whole_tiles(side) for side in size) if way == "both padded" else size
    width, height = max(1, level[0]), max(1, level[1])
    exact = (base[0] % width, base[1] % height) == (0, 0) and base[0] // width == base[1] // height
    assume("padded" not in way or not exact or base[0] // width == factor)
    ratio = (base[0] / width + base[1] / height) / 2
    found = level_factors(
        [(base[0], base[1]), (width, height)], [1.0, ratio], [(tile, tile), (tile, tile)]
    )[1]
    if found is None:
        return
    # A level px of error at the far end of the slide is the most that sizes can tell apart.
    for pair, side in zip(found, (width, height), strict=True):
        assert abs(pair - factor) * side <= factor + 1e-9


@pytest.fixture(scope="module", params=["p.tif", "p.ome.tif", "p.svs"])
def slide_path(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Our own reader (levels as pages, as SubIFDs) and OpenSlide."""
    path = tmp_path_factory.mktemp("slides") / request.param
    ome, aperio = ".ome" in request.param, ".svs" in request.param
    return write_pyramid(path, place_code(), 0.5, tile=64, ome=ome, aperio=aperio)


def mean_of(image: RGB, start: float, step: float, count: int, axis: int) -> np.ndarray:
    """Means along an axis over [start + i · step, start + (i + 1) · step), white off the image."""
    white = np.full((400, *np.delete(image.shape, axis)), 255.0)
    wide = np.concatenate([white, np.moveaxis(image.astype(float), axis, 0), white])
    total = np.concatenate([np.zeros((1, *wide.shape[1:])), wide.cumsum(axis=0)])
    edges = np.clip(400 + start + step * np.arange(count + 1), 0, len(wide))
    lower = np.floor(edges).astype(int)
    share = (edges - lower).reshape(-1, *[1] * (total.ndim - 1))
    at_edges = total[lower] * (1 - share) + total[np.minimum(lower + 1, len(wide))] * share
    return np.moveaxis(np.diff(at_edges, axis=0) / step, 0, axis)


@given(
    x=st.floats(-30, 330),
    y=st.floats(-30, 260),
    downsample=st.floats(0.5, 9),
    size=st.tuples(st.integers(1, 30), st.integers(1, 30)),
)
@QUICK
def test_any_region_is_the_mean_of_what_it_covers(
    slide_path: Path, x: float, y: float, downsample: float, size: tuple[int, int]
) -> None:
    """To less than 2 grey values on the whole; at one px only the colour steps are in doubt."""
    with open_slide(slide_path) as slide:
        found = slide.read(Region(x, y, *size, downsample, downsample)).astype(float)
    expected = mean_of(place_code(), y, downsample, size[1], axis=0)
    expected = mean_of_columns(expected, x, downsample, size[0])
    inside = np.abs(found - expected)
    # Off the slide is white; the px that straddles its edge takes the nearest colours or white.
    columns = x + downsample * np.arange(size[0] + 1)
    rows = y + downsample * np.arange(size[1] + 1)
    clear_x = (
        (columns[:-1] >= 0) & (columns[1:] <= 320) | (columns[1:] <= 0) | (columns[:-1] >= 320)
    )
    clear_y = (rows[:-1] >= 0) & (rows[1:] <= 256) | (rows[1:] <= 0) | (rows[:-1] >= 256)
    clear = inside[np.ix_(clear_y, clear_x)]
    if clear.size:
        assert clear.mean() < 2
        # Blue steps by 16 every 64 px; a level px may lie on such a step.
        assert clear.max() <= 16


def is_clear(edges: np.ndarray, length: int) -> np.ndarray:
    """Which px lie wholly on the slide or wholly off it."""
    first, end = edges[:-1], edges[1:]
    return (first >= 0) & (end <= length) | (end <= 0) | (first >= length)


def mean_of_columns(rows: np.ndarray, start: float, step: float, count: int) -> np.ndarray:
    """As `mean_of` along x, of rows that are means already."""
    return mean_of(rows, start, step, count, axis=1)

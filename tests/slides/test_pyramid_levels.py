"""How coarse a level is, found from sizes alone; in doubt it is left out."""

from __future__ import annotations

import math

import pytest

from hookpath.slides.pyramid_levels import Factors, Size, level_factors


def found(sizes: list[Size], tile: int | None = 256) -> list[float | None]:
    """Factors along x, with the ratios that libraries report."""
    ratios = [(sizes[0][0] / w + sizes[0][1] / h) / 2 for w, h in sizes]
    tiles = [(tile, tile) if tile else None] * len(sizes)
    return [pair and pair[0] for pair in level_factors(sizes, ratios, tiles)]


def padded(width: int, height: int, factors: list[int], tile: int = 256) -> list[Size]:
    """Sizes of levels that are filled up to whole tiles."""

    def up(length: int, factor: int) -> int:
        return math.ceil(math.ceil(length / factor) / tile) * tile

    return [(up(width, factor), up(height, factor)) for factor in factors]


@pytest.mark.parametrize("size", [(1024, 768), (1023, 765), (4097, 4095), (99_999, 1001)])
@pytest.mark.parametrize("round_", [math.floor, math.ceil])
def test_halved_levels_of_odd_sizes(size: Size, round_: object) -> None:
    sizes = [size]
    while min(sizes[-1]) >= 2 and len(sizes) < 6:
        sizes.append((round_(sizes[-1][0] / 2), round_(sizes[-1][1] / 2)))  # type: ignore[operator]
    factors = found(sizes)
    assert factors[:4] == [1, 2, 4, 8]
    assert all(f in (None, 2.0**i) for i, f in enumerate(factors))


@pytest.mark.parametrize("size", [(3300, 2500), (2500, 1800), (10_001, 7_000), (3300, 3300)])
@pytest.mark.parametrize("base_padded", [True, False])
def test_padded_levels_are_powers_of_two(size: Size, base_padded: bool) -> None:
    """Philips: 1.857 and 3.25 by size are 2 and 4; square slides as well."""
    sizes = padded(*size, [1, 2, 4, 8])
    factors = found([sizes[0] if base_padded else size, *sizes[1:]])
    assert factors == [1, 2, 4, 8]


def test_padded_levels_in_steps_of_four() -> None:
    assert found(padded(50_000, 41_000, [1, 4, 16])) == [1, 4, 16]


def test_a_ratio_that_is_whole_by_chance_is_no_factor() -> None:
    """700 × 600 px in tiles of 256: 768², 512², 256²; the last is 4 times coarser, never 3."""
    assert found(padded(700, 600, [1, 2, 4]))[:2] == [1, 2]
    assert found(padded(700, 600, [1, 2, 4]))[2] in (None, 4)
    assert found([(768, 768), (256, 256)]) == [1, None]


def test_levels_of_one_size_are_left_out() -> None:
    """Of 300 px in tiles of 256, the half and the quarter fill one tile each."""
    assert found(padded(300, 300, [1, 2, 4, 8])) == [1, None, None, None]


def test_one_tile_may_be_any_level() -> None:
    assert found(padded(2500, 1800, [1, 4, 16])) == [1, 4, None]
    assert found(padded(2500, 1800, [1, 4, 64])) == [1, 4, None]


def test_sizes_that_no_one_factor_explains_are_left_out() -> None:
    assert found([(4000, 3000), (1000, 1000), (250, 187)], None) == [1, None, 16]
    assert found([(4000, 3000), (2100, 1500)], None) == [1, None]


def test_factors_need_not_be_whole() -> None:
    factors = level_factors([(4000, 3000), (1600, 1200)], [1, 2.5], [None, None])
    assert factors[1] == (2.5, 2.5)
    odd: Factors | None = level_factors(
        [(4001, 3001), (1600, 1200)], [1, (4001 / 1600 + 3001 / 1200) / 2], [None, None]
    )[1]
    assert odd == (4001 / 1600, 3001 / 1200)


def test_what_a_format_says_itself_is_believed() -> None:
    """Philips TIFF through OpenSlide: the level is padded, its factor comes from its spacing."""
    assert level_factors([(3300, 2500), (1792, 1280)], [1, 2], [None, None])[1] == (2, 2)

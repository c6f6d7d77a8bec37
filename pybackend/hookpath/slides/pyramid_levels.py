"""How many level-0 px a px of each pyramid level spans, found from sizes. Pure arithmetic.

A library reports the ratios of width and height averaged. That is wrong where a level was made by
halving an odd size (2.0011 for 2), and far off where levels are padded to whole tiles (Philips:
1.857 for 2). A level whose size no single factor explains is left out: reading the next finer one
costs time, a wrong factor costs the place.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

Size = tuple[int, int]
Factors = tuple[float, float]

#: Powers of two that are tried: no slide is scanned finer than 2**16 px of its own overview.
_POWERS = tuple(2**k for k in range(1, 17))


def level_factors(
    sizes: Sequence[Size], reported: Sequence[float], tiles: Sequence[Size | None]
) -> tuple[Factors | None, ...]:
    """Level-0 px per level px of every level, along x and y; None: no one factor explains it.

    Args:
        sizes: (width, height) of all levels in px, level 0 first.
        reported: downsample that the library gives each.
        tiles: (width, height) of the tiles of each; None: not tiled, or unknown.
    """
    padded = any(
        _whole_factor(sizes[0], size) is None and _padded_factors(sizes[0], size, tile)
        for size, tile in zip(sizes[1:], tiles[1:], strict=True)
    )
    found: list[Factors | None] = [(1.0, 1.0)]
    for size, said, tile in zip(sizes[1:], reported[1:], tiles[1:], strict=True):
        if not math.isclose(said, _mean_ratio(sizes[0], size), rel_tol=1e-9):
            found.append((said, said) if said >= 1 else None)  # the format itself says so
        elif sizes.count(size) > 1:
            found.append(None)  # two fill the same tiles: nothing says which is the finer
        elif padded:
            found.append(_of_padded(sizes[0], size, tile, found))
        else:
            found.append(_of_plain(sizes[0], size, tile))
    return tuple(found)


def _mean_ratio(size_l0: Size, size: Size) -> float:
    return (size_l0[0] / size[0] + size_l0[1] / size[1]) / 2


def _whole_factor(size_l0: Size, size: Size) -> int | None:
    """A whole number that explains the level's size to less than one of its px.

    Pyramids mostly halve: on tiny levels several numbers fit, so the power of 2 is tried first.
    """
    ratio = _mean_ratio(size_l0, size)
    for whole in (2 ** round(math.log2(ratio)) if ratio >= 1 else 1, round(ratio)):
        if whole >= 1 and all(abs(a / whole - b) < 1 for a, b in zip(size_l0, size, strict=True)):
            return whole
    return None


def _padded_factors(size_l0: Size, size: Size, tile: Size | None) -> list[int]:
    """Powers of 2 whose level, filled up to whole tiles, has this size."""
    if tile is None or any(b % t for b, t in zip(size, tile, strict=True)):
        return []
    return [
        power
        for power in _POWERS
        if all(
            math.ceil(math.ceil(a / power) / t) * t == b
            for a, b, t in zip(size_l0, size, tile, strict=True)
        )
    ]


def _of_padded(
    size_l0: Size, size: Size, tile: Size | None, before: Sequence[Factors | None]
) -> Factors | None:
    """The one factor that explains it. The smallest levels are one tile, whatever they span."""
    explaining = _padded_factors(size_l0, size, tile)
    if not explaining:
        return _of_plain(size_l0, size, tile)
    last = max(pair[0] for pair in before if pair is not None)
    coarser = [power for power in explaining if power > last]
    return (float(coarser[0]), float(coarser[0])) if len(coarser) == 1 else None


def _of_plain(size_l0: Size, size: Size, tile: Size | None) -> Factors | None:
    whole = _whole_factor(size_l0, size)
    fills_tiles = tile is not None and not any(b % t for b, t in zip(size, tile, strict=True))
    if whole is not None:
        doubtful = fills_tiles and whole & (whole - 1) and _padded_factors(size_l0, size, tile)
        return None if doubtful else (float(whole), float(whole))
    if fills_tiles or not _one_factor(size_l0, size):
        return None
    return size_l0[0] / size[0], size_l0[1] / size[1]


def _one_factor(size_l0: Size, size: Size) -> bool:
    """Whether some one number explains width and height, each to less than one px of the level."""
    low = max(a / (b + 1) for a, b in zip(size_l0, size, strict=True))
    high = min(a / (b - 1) if b > 1 else math.inf for a, b in zip(size_l0, size, strict=True))
    return low < high and high > 1

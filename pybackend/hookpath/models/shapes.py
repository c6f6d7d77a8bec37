"""Map sizes of a valid-convolution encoder-decoder, and the constraints on a HookNet design.

Notation as in HookNet (van Rijthoven et al. 2021), section 3: `depth` D is the number of
poolings; a map "at depth d" has a resolution of 2^d·r µm/px, r being the input's µm/px.

Per step: a block of two valid 3×3 convolutions takes 4 px, 2×2 pooling halves, an upsampling
(nearest ×2, one valid 3×3 convolution) makes 2m − 2 out of m.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from hookpath.errors import ModelDesignError

BLOCK_LOSS = 4
"""Pixels that a block of two valid 3×3 convolutions takes off a map."""


@dataclass(frozen=True)
class MapSizes:
    """Side lengths in px: `encoder[d]` before pooling d + 1 (d < D), `decoder[d]` (d ≤ D).

    `decoder[D]` is the bottleneck and `decoder[0]` the output.
    """

    encoder: tuple[int, ...]
    decoder: tuple[int, ...]

    @property
    def output(self) -> int:
        """Side length of the output."""
        return self.decoder[0]


def map_sizes(input_size: int, depth: int) -> MapSizes:
    """Sizes of all maps for a square input of `input_size` px.

    Raises:
        ModelDesignError: a map before a pooling is odd, or nothing is left.
    """
    encoder: list[int] = []
    size = input_size
    for level in range(depth):
        size -= BLOCK_LOSS
        if size < 2 or size % 2:
            raise ModelDesignError(
                f"an input of {input_size} px leaves a map of {size} px before pooling "
                f"{level + 1} of {depth}, which must be even and positive"
            )
        encoder.append(size)
        size //= 2
    decoder = [size - BLOCK_LOSS]
    for _ in range(depth):
        decoder.append(2 * decoder[-1] - 2 - BLOCK_LOSS)
    if min(decoder) < 1:
        raise ModelDesignError(f"an input of {input_size} px is too small for depth {depth}")
    return MapSizes(tuple(encoder), tuple(reversed(decoder)))


def margin(depth: int, map_depth: int = 0) -> float:
    """Input px between the input's edge and the extent of the decoder map at `map_depth`.

    The same for every input size: ``(input − 2^d·decoder[d]) / 2``.
    """
    size = smallest_input(depth)
    return (size - (map_sizes(size, depth).decoder[map_depth] << map_depth)) / 2


def smallest_input(depth: int) -> int:
    """Smallest input of which one pixel of output or more is left."""
    return next(_valid_sizes(depth, upwards_from=1))


def tile_size(depth: int, at_least_output: int) -> int:
    """Smallest valid input whose output is at least that large."""
    sizes = _valid_sizes(depth, upwards_from=at_least_output)
    return next(s for s in sizes if map_sizes(s, depth).output >= at_least_output)


def _is_valid(input_size: int, depth: int) -> bool:
    try:
        map_sizes(input_size, depth)
    except ModelDesignError:
        return False
    return True


def _valid_sizes(depth: int, upwards_from: int) -> Iterator[int]:
    size = upwards_from
    while True:
        if _is_valid(size, depth):
            yield size
        size += 1


@dataclass(frozen=True)
class Hook:
    """One hook: the coarser branch's decoder map at `from_depth` goes into the finer branch.

    It is concatenated with the finer branch's decoder map at `to_depth`; both maps have the same
    µm/px (SFR ratio 1, equation 1). `ratio` is coarser over finer µm/px.
    """

    ratio: int
    from_depth: int
    to_depth: int


def plan_hook(fine_um: float, coarse_um: float, depth: int, to_depth: int) -> Hook:
    """The hook between two branches (sections 3.2 and 3.3).

    Raises:
        ModelDesignError: ``2^D·rT < rC``, or no depth gives an SFR ratio of 1.
    """
    ratio = coarse_um / fine_um
    exponent = round(math.log2(ratio)) if ratio > 0 else 0
    nearest = fine_um * 2.0 ** min(max(exponent, 1), to_depth)
    if ratio <= 1 or not math.isclose(ratio, 2.0**exponent, rel_tol=1e-6):
        raise ModelDesignError(
            f"{coarse_um:g} µm/px over {fine_um:g} µm/px is {ratio:g}, but hooking needs a power "
            f"of two above 1 (SFR ratio 1); the nearest that works is {nearest:g} µm/px"
        )
    if exponent > depth:
        raise ModelDesignError(
            f"2^{depth} · {fine_um:g} = {2**depth * fine_um:g} µm/px is below the context's "
            f"{coarse_um:g} µm/px; use at most {2**depth * fine_um:g} µm/px or a depth of "
            f"{exponent}"
        )
    if exponent > to_depth:
        raise ModelDesignError(
            f"a hook into depth {to_depth} cannot come from {coarse_um:g} µm/px; the coarsest "
            f"that works is {2**to_depth * fine_um:g} µm/px, or hook into depth {exponent}"
        )
    return Hook(2**exponent, to_depth - exponent, to_depth)


def plan_hooks(
    spacings: Sequence[float], input_size: int, depth: int, to_depth: int
) -> tuple[Hook, ...]:
    """The hooks of a chain of branches, finest first: hook ``i`` goes from branch i+1 into i.

    Raises:
        ModelDesignError: names the numbers that break the design and the nearest that work.
    """
    if len(spacings) < 2:
        raise ModelDesignError(
            f"HookNet needs at least 2 branches, not {len(spacings)}; for one use the U-Net"
        )
    if not 1 <= to_depth <= depth:
        raise ModelDesignError(f"the hook's depth must lie in 1…{depth}, not {to_depth}")
    hooks = tuple(plan_hook(a, b, depth, to_depth) for a, b in pairwise(spacings))

    def problem(size: int) -> str | None:
        return _size_problem(size, depth, hooks)

    refuse_size(input_size, problem)
    return hooks


def refuse_size(input_size: int, problem: Callable[[int], str | None]) -> None:
    """Raise `ModelDesignError` with the nearest sizes that work, if `problem` finds one."""
    found = problem(input_size)
    if found is None:
        return
    sides = (range(input_size - 1, 0, -1), range(max(input_size, 0) + 1, input_size + 4096))
    found_near = (next((s for s in side if problem(s) is None), None) for side in sides)
    nearest = " and ".join(f"{s} px" for s in found_near if s is not None) or "none"
    raise ModelDesignError(f"{found}; nearest valid input sizes: {nearest}")


def unet_size_problem(input_size: int, depth: int) -> str | None:
    """Why a U-Net of this depth cannot take the size; None if it can."""
    try:
        map_sizes(input_size, depth)
    except ModelDesignError as error:
        return str(error)
    return None


def _size_problem(input_size: int, depth: int, hooks: Sequence[Hook]) -> str | None:
    found = unet_size_problem(input_size, depth)
    if found is not None:
        return found
    decoder = map_sizes(input_size, depth).decoder
    for hook in hooks:
        surplus = decoder[hook.from_depth] - decoder[hook.to_depth]
        if surplus < 0 or surplus % 2:
            return (
                f"an input of {input_size} px makes a context map of {decoder[hook.from_depth]} px "
                f"at depth {hook.from_depth} that cannot be centre-cropped to "
                f"{decoder[hook.to_depth]} px without a half-pixel shift"
            )
    return None

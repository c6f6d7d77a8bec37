"""Map sizes of a valid-convolution encoder-decoder, and the constraints on a HookNet design.

Notation as in HookNet (van Rijthoven et al. 2021), section 3: `depth` D is the number of
poolings; a map "at depth d" has a resolution of 2^d·r µm/px, r being the input's µm/px.

Per step: a block of two valid 3×3 convolutions takes 4 px, 2×2 pooling halves, an upsampling
(nearest ×2, one valid 3×3 convolution) makes 2m − 2 out of m.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import count, islice, pairwise

from hookpath.errors import ModelDesignError

BLOCK_LOSS = 4
"""Pixels that a block of two valid 3×3 convolutions takes off a map."""

UP_LOSS = 2
"""Pixels that an upsampling's valid 3×3 convolution takes off a map."""


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


class BranchShape(ABC):
    """How large a branch's maps are for an input, and where they lie: all about its centre.

    Attributes:
        depth: D; the coarsest map has a px for 2^D px of input.
        phase: px. Tiles whose origins are multiples of it apart give the same numbers.
    """

    depth: int
    phase: int

    @abstractmethod
    def sizes(self, input_size: int) -> MapSizes:
        """Sizes of all maps for a square input of `input_size` px.

        Raises:
            ModelDesignError: such an input does not fit.
        """

    def problem(self, input_size: int) -> str | None:
        """Why an input of this size does not fit; None if it does."""
        try:
            self.sizes(input_size)
        except ModelDesignError as error:
            return str(error)
        return None

    def margin(self, map_depth: int = 0) -> float:
        """Input px between the input's edge and the extent of the decoder map at `map_depth`.

        The same for every input size: ``(input − 2^d·decoder[d]) / 2``.
        """
        size = self.smallest_input()
        return (size - (self.sizes(size).decoder[map_depth] << map_depth)) / 2

    def smallest_input(self) -> int:
        """Smallest input of which one pixel of output or more is left."""
        return next(self._valid_sizes(upwards_from=1))

    def tile_size(self, at_least_output: int) -> int:
        """Smallest valid input whose output is at least that large."""
        sizes = self._valid_sizes(upwards_from=at_least_output)
        return next(s for s in sizes if self.sizes(s).output >= at_least_output)

    def _valid_sizes(self, upwards_from: int) -> Iterator[int]:
        return (size for size in count(upwards_from) if self.problem(size) is None)


@dataclass(frozen=True)
class UNetShape(BranchShape):
    """The papers' own branch: valid convolutions all the way (`models.encoder_decoder`)."""

    depth: int

    @property
    def phase(self) -> int:  # type: ignore[override]
        """2^D px: poolings group the same pixels."""
        return int(2**self.depth)

    def sizes(self, input_size: int) -> MapSizes:
        """See `map_sizes`."""
        return map_sizes(input_size, self.depth)


def map_sizes(input_size: int, depth: int) -> MapSizes:
    """Sizes of all maps of the papers' own branch for a square input of `input_size` px.

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
    decoder = decoder_sizes(size - BLOCK_LOSS, depth, UP_LOSS + BLOCK_LOSS)
    if min(decoder) < 1:
        raise ModelDesignError(f"an input of {input_size} px is too small for depth {depth}")
    return MapSizes(tuple(encoder), decoder)


def decoder_sizes(bottom: int, depth: int, loss: int) -> tuple[int, ...]:
    """Sides of the maps from the output to the bottom: each is twice the next − `loss`."""
    sizes = [bottom]
    for _ in range(depth):
        sizes.append(2 * sizes[-1] - loss)
    return tuple(reversed(sizes))


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

    All branches are the papers' own, with inputs of one size.

    Raises:
        ModelDesignError: names the numbers that break the design and the nearest that work.
    """
    hooks = hook_depths(spacings, depth, to_depth)
    shape = UNetShape(depth)

    def problem(size: int) -> str | None:
        return shape.problem(size) or _crop_problem(shape, size, hooks)

    refuse_size(input_size, problem)
    return hooks


def hook_depths(spacings: Sequence[float], depth: int, to_depth: int) -> tuple[Hook, ...]:
    """The hooks of a chain of branches as their µm/px ask for them, whatever their sizes.

    Raises:
        ModelDesignError: see `plan_hook`.
    """
    if len(spacings) < 2:
        raise ModelDesignError(
            f"HookNet needs at least 2 branches, not {len(spacings)}; for one use the U-Net"
        )
    if not 1 <= to_depth <= depth:
        raise ModelDesignError(f"the hook's depth must lie in 1…{depth}, not {to_depth}")
    return tuple(plan_hook(a, b, depth, to_depth) for a, b in pairwise(spacings))


def context_sizes(
    shape: BranchShape, input_size: int, hooks: Sequence[Hook], contexts: BranchShape | None = None
) -> tuple[int, ...]:
    """Input sizes of all branches, finest first: each context as large as its hook needs.

    More would be cut off by the crop of the hooked map (section 3.3), and be computed for nothing.

    Args:
        shape: of the finest branch.
        input_size: of that, too.
        contexts: shape of the others; None: the same.

    Raises:
        ModelDesignError: there is no size whose hooked map has the same centre; names those near
            `input_size` that have one.
    """
    shapes = [shape, *[contexts or shape] * len(hooks)]
    refuse_size(input_size, lambda size: _context_problem(shapes, size, hooks))
    sizes = [input_size]
    for (here, coarser), hook in zip(pairwise(shapes), hooks, strict=True):
        sizes.append(_context_size(here, sizes[-1], coarser, hook) or 0)
    return tuple(sizes)


def _context_problem(
    shapes: Sequence[BranchShape], input_size: int, hooks: Sequence[Hook]
) -> str | None:
    if (found := shapes[0].problem(input_size)) is not None:
        return found
    size = input_size
    for (here, coarser), hook in zip(pairwise(shapes), hooks, strict=True):
        context = _context_size(here, size, coarser, hook)
        if context is None:
            needed = here.sizes(size).decoder[hook.to_depth]
            return (
                f"an input of {input_size} px asks for a context map of {needed} px at depth "
                f"{hook.from_depth}, which no context has without a half-pixel shift"
            )
        size = context
    return None


def _context_size(
    finer: BranchShape, finer_size: int, shape: BranchShape, hook: Hook
) -> int | None:
    """The smallest context that covers what a finer input of this size takes in, centred alike."""
    needed = finer.sizes(finer_size).decoder[hook.to_depth]
    valid = (s for s in count(shape.smallest_input()) if shape.problem(s) is None)
    surplus = ((size, shape.sizes(size).decoder[hook.from_depth] - needed) for size in valid)
    large = (found for found in surplus if found[1] >= 0)
    return next((size for size, beyond in islice(large, 4) if beyond % 2 == 0), None)


def refuse_size(input_size: int, problem: Callable[[int], str | None]) -> None:
    """Raise `ModelDesignError` with the nearest sizes that work, if `problem` finds one."""
    found = problem(input_size)
    if found is None:
        return
    sides = (range(input_size - 1, 0, -1), range(max(input_size, 0) + 1, input_size + 4096))
    found_near = (next((s for s in side if problem(s) is None), None) for side in sides)
    nearest = " and ".join(f"{s} px" for s in found_near if s is not None) or "none"
    raise ModelDesignError(f"{found}; nearest valid input sizes: {nearest}")


def _crop_problem(shape: BranchShape, input_size: int, hooks: Sequence[Hook]) -> str | None:
    decoder = shape.sizes(input_size).decoder
    for hook in hooks:
        surplus = decoder[hook.from_depth] - decoder[hook.to_depth]
        if surplus < 0 or surplus % 2:
            return (
                f"an input of {input_size} px makes a context map of {decoder[hook.from_depth]} px "
                f"at depth {hook.from_depth} that cannot be centre-cropped to "
                f"{decoder[hook.to_depth]} px without a half-pixel shift"
            )
    return None

"""Blocks of valid convolutions on a CPU in strips of rows, so that they work in its cache.

A large tile's maps are hundreds of megabytes, and between two layers each of them goes to memory
and back. A strip of some rows goes through all layers of a block before the next one starts; the
numbers are the same, since valid convolutions need only the rows around.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import torch
from torch import Tensor, nn

from hookpath.models.branch import Upsample

STRIP_BYTES = 6 * 2**20
"""One float32 map of a strip; a strip has at least `LEAST_ROWS`, a few rows are computed twice."""

LEAST_ROWS = 32

Forward = Callable[[Tensor], Tensor]


@contextmanager
def blocks_in_strips(model: nn.Module) -> Iterator[None]:
    """Inside the ``with`` block, the model's convolution blocks and upsamplings run in strips."""
    changed: list[nn.Module] = []
    try:
        for module in model.modules():
            run = _in_strips(module)
            if run is not None:
                module.forward = run
                changed.append(module)
        yield
    finally:
        for module in changed:
            del module.forward


def _in_strips(module: nn.Module) -> Forward | None:
    """`module`'s forward in strips; None for a module of another kind."""
    if isinstance(module, Upsample):
        return _strips(module.forward, module.conv.out_channels, growth=2, lost=2)
    if not isinstance(module, nn.Sequential):
        return None
    layers = list(module)
    convolutions = [layer for layer in layers if isinstance(layer, nn.Conv2d)]
    per_pixel = (nn.Conv2d, nn.ReLU, nn.BatchNorm2d)
    if not convolutions or not all(isinstance(layer, per_pixel) for layer in layers):
        return None
    if any(c.padding != (0, 0) or c.stride != (1, 1) or c.dilation != (1, 1) for c in convolutions):
        return None
    lost = sum(int(c.kernel_size[0]) - 1 for c in convolutions)
    return _strips(module.forward, convolutions[-1].out_channels, growth=1, lost=lost)


def _strips(whole: Forward, channels: int, growth: int, lost: int) -> Forward:
    """`whole` makes ``growth · H − lost`` rows out of H, each from the rows around alone."""

    def run(x: Tensor) -> Tensor:
        height, width = growth * x.shape[2] - lost, growth * x.shape[3] - lost
        rows = max(LEAST_ROWS, STRIP_BYTES // (4 * channels * width * x.shape[0])) // 2 * 2
        if rows >= height:
            return whole(x)
        out: Tensor | None = None
        for top in range(0, height, rows):
            bottom = min(top + rows, height)
            # One row more than needed where `bottom` is odd; it is cut off again.
            last = -(-(bottom + lost) // growth)
            found = whole(x[:, :, top // growth : last])[:, :, : bottom - top]
            if out is None:
                out = torch.empty(
                    (x.shape[0], channels, height, width), dtype=found.dtype, device=x.device
                ).contiguous(memory_format=torch.channels_last)
            out[:, :, top:bottom] = found
        assert out is not None
        return out

    return run

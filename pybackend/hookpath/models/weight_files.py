"""Files of weights, read as data: nothing in them is run."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from hookpath.errors import ModelDesignError

StateDict = Mapping[str, Tensor]


def with_channels(kernel: Tensor, shape: torch.Size) -> Tensor:
    """The first layer's kernel for RGB as one for other channels, where that is what `shape` asks.

    As timm does: one channel gets the sum of all three; more get red, green, blue, red… in turn,
    scaled by 3/N, so that N equal channels give what an equally bright grey RGB image gives.

    Args:
        kernel: ``(F, 3, k, k)``; anything else is given back as it is.
        shape: ``(F, N, k, k)``.
    """
    rgb, wanted = kernel.shape, tuple(shape)
    if kernel.ndim != 4 or rgb[1] != 3 or (rgb[0], *rgb[2:]) != (wanted[0], *wanted[2:]):
        return kernel
    count = wanted[1]
    if count in (1, 3):
        return kernel.sum(dim=1, keepdim=True) if count == 1 else kernel
    return kernel.repeat(1, -(-count // 3), 1, 1)[:, :count] * (3 / count)


def read_weights(path: Path) -> StateDict:
    """Tensors by name from a file; never unpickles anything else.

    Raises:
        ModelDesignError: missing, unreadable, or it holds something else.
    """
    from safetensors.torch import load_file

    try:
        if path.suffix == ".safetensors":
            return load_file(path)
        state: Any = torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:  # safetensors, pickle and zip each have errors of their own
        reason = getattr(error, "strerror", None) or type(error).__name__
        raise ModelDesignError(
            f"{path}: no readable file of weights ({reason}); give .safetensors, or .pth with "
            "tensors only"
        ) from error
    for key in ("state_dict", "model"):
        if isinstance(state, Mapping) and isinstance(state.get(key), Mapping):
            state = state[key]
    if not isinstance(state, Mapping) or not all(isinstance(v, Tensor) for v in state.values()):
        raise ModelDesignError(f"{path}: holds no state dict (tensors by name)")
    return {str(k).removeprefix("module."): v for k, v in state.items()}

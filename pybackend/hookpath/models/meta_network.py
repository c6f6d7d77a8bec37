"""Networks without values: their layers and shapes, no memory and next to no time."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any

import torch
from torch import Tensor
from torch.nn import init
from torch.overrides import TorchFunctionMode


@contextlib.contextmanager
def on_meta_device() -> Iterator[None]:
    """Within, modules are built on torch's ``meta`` device and nothing is drawn for them.

    Drawing numbers that no one sees takes most of the time, and the first draw on that device
    imports sympy: 2 s.
    """
    with torch.device("meta"), _Unfilled():
        yield


class _Unfilled(TorchFunctionMode):
    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        given = kwargs or {}
        if func in (Tensor.normal_, Tensor.uniform_) or _initialises(func):
            return args[0] if args else given["tensor"]
        return func(*args, **given)


def _initialises(func: Any) -> bool:
    """One of ``torch.nn.init``'s: what it calls in turn is not seen by the mode."""
    return getattr(func, "__module__", "") == init.__name__ and func.__name__.endswith("_")
